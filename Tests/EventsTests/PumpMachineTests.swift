import Testing

@testable import Events

@Suite("What a pump decides")
struct PumpMachineTests {
    @Test("runs one at a time, and again when something came meanwhile or is left")
    func runs() {
        var machine = PumpMachine()
        #expect(machine.handle(.tick) == [.run])
        #expect(machine.handle(.wake) == [])
        #expect(machine.handle(.wake) == [])
        // Any number of wakes are one further run.
        #expect(machine.handle(.ended(hasMore: false)) == [.run])
        #expect(machine.handle(.ended(hasMore: false)) == [])
        #expect(machine.handle(.wake) == [.run])
        #expect(machine.handle(.ended(hasMore: true)) == [.run])
        #expect(machine.handle(.ended(hasMore: false)) == [])
    }

    @Test("rests after a failure until the next tick, whoever wakes it")
    func rests() {
        var machine = PumpMachine()
        _ = machine.handle(.tick)
        #expect(machine.handle(.wake) == [])
        #expect(machine.handle(.failed) == [])
        #expect(machine.handle(.wake) == [])
        #expect(machine.handle(.tick) == [.run])
    }

    @Test("ends when nothing runs")
    func ends() {
        var idle = PumpMachine()
        #expect(idle.handle(.shutdown) == [.end])
        var busy = PumpMachine()
        _ = busy.handle(.tick)
        #expect(busy.handle(.shutdown) == [])
        #expect(busy.handle(.wake) == [])
        #expect(busy.handle(.ended(hasMore: true)) == [.end])
        var failing = PumpMachine()
        _ = failing.handle(.tick)
        _ = failing.handle(.shutdown)
        #expect(failing.handle(.failed) == [.end])
    }
}
