import QueryLanguage
import Testing

@testable import Jobs

@Suite("What a worker decides")
struct WorkerMachineTests {
    private let a = GUID(high: 1, low: 0)
    private let b = GUID(high: 2, low: 0)
    private let c = GUID(high: 3, low: 0)

    @Test("takes up as much as it has room for, and more when a job ends")
    func claims() {
        var machine = WorkerMachine(concurrency: 2)
        #expect(machine.handle(.tick) == [.claim(2), .forgetOld])
        // One claim at a time; what came meanwhile is looked for afterwards.
        #expect(machine.handle(.wake) == [])
        #expect(machine.handle(.claimed([])) == [.claim(2)])
        #expect(machine.handle(.claimed([a])) == [.start(a), .claim(1)])
        #expect(machine.handle(.claimed([b])) == [.start(b)])
        #expect(machine.handle(.wake) == [.renew([a, b])])
        #expect(machine.handle(.finished(a)) == [.claim(1)])
        #expect(machine.handle(.claimFailed) == [])
        #expect(machine.handle(.tick) == [.renew([b]), .claim(1)])
    }

    @Test("stops what was cancelled and what another worker has taken, once")
    func stops() {
        var machine = WorkerMachine(concurrency: 3)
        _ = machine.handle(.tick)
        _ = machine.handle(.claimed([a, b, c]))
        let answer = WorkerMachine.Input.renewed(held: [a, b], cancelled: [b])
        #expect(machine.handle(answer) == [.stop(b, .cancelled), .stop(c, .lost)])
        #expect(machine.handle(answer) == [])
        #expect(machine.reason(for: b) == .cancelled && machine.reason(for: a) == nil)
    }

    @Test("on shutdown gives everything back, what it just claimed too, and ends when nothing runs")
    func shutdown() {
        var machine = WorkerMachine(concurrency: 2)
        _ = machine.handle(.tick)
        _ = machine.handle(.claimed([a]))
        #expect(machine.handle(.shutdown) == [.stop(a, .shutdown)])
        #expect(machine.handle(.claimed([b])) == [.start(b), .stop(b, .shutdown)])
        #expect(machine.handle(.finished(a)) == [])
        #expect(machine.handle(.finished(b)) == [.end])
        var looking = WorkerMachine(concurrency: 1)
        _ = looking.handle(.tick)
        #expect(looking.handle(.shutdown) == [])
        #expect(looking.handle(.claimed([])) == [.end])
        var idle = WorkerMachine(concurrency: 1)
        #expect(idle.handle(.shutdown) == [.end])
    }
}
