import Testing

@testable import Postgres

@Suite struct PoolMachineTests {
    private typealias Pool = PoolMachine<String>
    private let start = ContinuousClock.now

    private func pool(max: Int = 2) -> Pool {
        Pool(
            options: PoolOptions(
                maxConnections: max, acquireTimeout: .seconds(10), idleTimeout: .seconds(300), healthCheckInterval: .seconds(30)))
    }

    private func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private func drain(_ pool: inout Pool) -> [Pool.Action] {
        var actions: [Pool.Action] = []
        while let action = pool.nextAction() { actions.append(action) }
        return actions
    }

    @Test("opens connections up to its limit and serves callers in the order they came")
    func fairness() {
        var pool = pool()
        for name in ["a", "b", "c", "d"] { pool.acquire(name, now: at(0)) }
        #expect(drain(&pool) == [.connect(1), .connect(2)])
        pool.connected(2, now: at(1))
        pool.connected(1, now: at(1))
        #expect(drain(&pool) == [.lend(2, "a"), .lend(1, "b")])
        pool.release(1, now: at(2))
        pool.acquire("e", now: at(2))
        pool.release(2, now: at(3))
        pool.release(1, now: at(3))
        #expect(drain(&pool) == [.lend(1, "c"), .lend(2, "d"), .lend(1, "e")])
    }

    @Test("tells a caller when its time is over, and nobody else")
    func timeout() {
        var pool = pool(max: 1)
        pool.acquire("a", now: at(0))
        pool.acquire("b", now: at(5))
        _ = drain(&pool)
        #expect(pool.deadline == at(10))
        pool.tick(now: at(9))
        #expect(drain(&pool) == [])
        pool.tick(now: at(10))
        #expect(drain(&pool) == [.refuse("a", .timeout)])
        pool.connected(1, now: at(11))
        #expect(drain(&pool) == [.lend(1, "b")])
    }

    @Test("lends the connection used last, and closes the one that idles")
    func idling() {
        var pool = pool()
        pool.acquire("a", now: at(0))
        pool.acquire("b", now: at(0))
        pool.connected(1, now: at(0))
        pool.connected(2, now: at(0))
        pool.release(1, now: at(1))
        pool.release(2, now: at(2))
        _ = drain(&pool)
        pool.acquire("c", now: at(3))
        #expect(drain(&pool) == [.lend(2, "c")])
        pool.tick(now: at(301))
        #expect(drain(&pool) == [.close(1)])
        pool.release(2, now: at(302))
        #expect(pool.deadline == at(332))
    }

    @Test("checks idle connections, and lends none while it is checked")
    func healthChecks() {
        var pool = pool(max: 1)
        pool.acquire("a", now: at(0))
        pool.connected(1, now: at(0))
        pool.release(1, now: at(0))
        _ = drain(&pool)
        pool.tick(now: at(30))
        #expect(drain(&pool) == [.check(1)])
        pool.acquire("b", now: at(31))
        #expect(drain(&pool) == [])
        pool.checked(1, now: at(32))
        #expect(drain(&pool) == [.lend(1, "b")])
        // The answer to a statement is no answer to a check.
        pool.checked(1, now: at(33))
        #expect(drain(&pool) == [])
    }

    @Test("looks after an idle connection in time, whatever it was to look after before")
    func earlierDeadline() {
        var pool = Pool(
            options: PoolOptions(
                maxConnections: 1, acquireTimeout: .seconds(60), idleTimeout: .seconds(300), healthCheckInterval: .seconds(2)))
        pool.acquire("a", now: at(0))
        #expect(pool.deadline == at(60))
        pool.connected(1, now: at(1))
        pool.release(1, now: at(1))
        #expect(pool.deadline == at(3))
    }

    @Test("tries again to connect for as long as somebody waits")
    func failedAttempts() {
        var pool = pool()
        pool.acquire("a", now: at(0))
        pool.connectFailed(1, now: at(1))
        pool.connectFailed(1, now: at(2))
        #expect(drain(&pool) == [.connect(1), .connect(1), .connect(1)])
        pool.tick(now: at(10))
        pool.connectFailed(1, now: at(11))
        #expect(drain(&pool) == [.refuse("a", .timeout)])
        #expect(pool.isDrained)
    }

    @Test("refuses everyone at once when the server will never accept")
    func refusal() {
        var pool = pool()
        for name in ["a", "b", "c"] { pool.acquire(name, now: at(0)) }
        _ = drain(&pool)
        pool.connectRefused(1)
        #expect(drain(&pool) == [.refuse("a", .unusable), .refuse("b", .unusable), .refuse("c", .unusable)])
    }

    @Test("replaces a lost connection when somebody waits for one")
    func loss() {
        var pool = pool(max: 1)
        pool.acquire("a", now: at(0))
        pool.connected(1, now: at(0))
        pool.acquire("b", now: at(1))
        _ = drain(&pool)
        pool.lost(1, now: at(2))
        #expect(drain(&pool) == [.connect(2)])
        pool.lost(1, now: at(3))
        pool.release(1, now: at(3))
        #expect(drain(&pool) == [])
    }

    @Test("serves whoever waits before it closes, and nobody new")
    func shutdown() {
        var pool = pool(max: 1)
        pool.acquire("a", now: at(0))
        pool.connected(1, now: at(0))
        pool.acquire("b", now: at(1))
        pool.shutDown()
        pool.acquire("c", now: at(2))
        #expect(drain(&pool) == [.connect(1), .lend(1, "a"), .refuse("c", .closed)])
        pool.release(1, now: at(3))
        #expect(drain(&pool) == [.lend(1, "b")])
        #expect(!pool.isDrained)
        pool.release(1, now: at(4))
        #expect(drain(&pool) == [.close(1)])
        #expect(pool.isDrained)
    }
}

@Suite struct PipelineMachineTests {
    private typealias Pipeline = PipelineMachine<Int>
    private let start = ContinuousClock.now

    private func drain(_ pipeline: inout Pipeline) -> [Pipeline.Action] {
        var actions: [Pipeline.Action] = []
        while let action = pipeline.nextAction() { actions.append(action) }
        return actions
    }

    private func pipeline(lanes: Int = 2, depth: Int = 2) -> Pipeline {
        Pipeline(
            options: PoolOptions(
                pipelineConnections: lanes, pipelineDepth: depth, acquireTimeout: .seconds(10), healthCheckInterval: .seconds(30)))
    }

    @Test("sends no more at once than a connection may have in flight, and opens the next when one is full")
    func depth() {
        var pipeline = pipeline()
        for request in 1...5 { pipeline.submit(request, now: start) }
        #expect(drain(&pipeline) == [.connect(0)])
        pipeline.connected(0, now: start)
        #expect(drain(&pipeline) == [.send(1, 0), .send(2, 0), .connect(1)])
        pipeline.connected(1, now: start)
        #expect(drain(&pipeline) == [.send(3, 1), .send(4, 1)])
        pipeline.finished(on: 0, now: start)
        #expect(drain(&pipeline) == [.send(5, 0)])
        #expect(pipeline.inFlight == 4)
    }

    @Test("keeps what hasn't been sent when a connection is lost, and sends it on another")
    func loss() {
        var pipeline = pipeline()
        for request in 1...4 { pipeline.submit(request, now: start) }
        pipeline.connected(0, now: start)
        _ = drain(&pipeline)
        pipeline.lost(0, now: start)
        pipeline.connected(1, now: start)
        #expect(drain(&pipeline) == [.send(3, 1), .send(4, 1)])
        pipeline.submit(5, now: start)
        #expect(drain(&pipeline) == [.connect(0)])
    }

    @Test("tells those that found no connection in time")
    func timeout() {
        var pipeline = pipeline()
        pipeline.submit(1, now: start)
        #expect(pipeline.deadline == start + .seconds(10))
        pipeline.tick(now: start + .seconds(10))
        pipeline.connectFailed(0, now: start)
        #expect(drain(&pipeline) == [.connect(0), .refuse(1, .timeout)])
        pipeline.submit(2, now: start)
        #expect(drain(&pipeline) == [.connect(0)])
        pipeline.connectRefused(0, now: start)
        #expect(drain(&pipeline) == [.refuse(2, .unusable)])
    }

    @Test("lets a refused connection be for a second while another serves")
    func refusals() {
        var pipeline = pipeline()
        for request in 1...3 { pipeline.submit(request, now: start) }
        pipeline.connected(0, now: start)
        #expect(drain(&pipeline) == [.connect(0), .send(1, 0), .send(2, 0), .connect(1)])
        pipeline.connectRefused(1, now: start)
        pipeline.tick(now: start + .milliseconds(50))
        #expect(drain(&pipeline) == [])
        pipeline.finished(on: 0, now: start + .milliseconds(60))
        pipeline.submit(4, now: start + .milliseconds(1_000))
        #expect(drain(&pipeline).contains(.connect(1)))
    }

    @Test("checks a connection that nobody uses")
    func healthChecks() {
        var pipeline = pipeline(lanes: 1)
        pipeline.submit(1, now: start)
        pipeline.connected(0, now: start)
        _ = drain(&pipeline)
        pipeline.tick(now: start + .seconds(31))
        #expect(drain(&pipeline) == [])
        pipeline.finished(on: 0, now: start + .seconds(31))
        pipeline.tick(now: start + .seconds(60))
        #expect(drain(&pipeline) == [])
        pipeline.tick(now: start + .seconds(61))
        #expect(drain(&pipeline) == [.check(0)])
        #expect(pipeline.deadline == nil)
    }

    @Test("leaves a connection alone whose oldest statement isn't answered, and goes round all of them when none is answered")
    func stalls() {
        var pipeline = pipeline(lanes: 2, depth: 8)
        pipeline.submit(1, now: start)
        pipeline.connected(0, now: start)
        #expect(drain(&pipeline) == [.connect(0), .send(1, 0)])
        pipeline.submit(2, now: start + .milliseconds(99))
        #expect(drain(&pipeline) == [.send(2, 0)])
        // The first is late: the next goes round it, and asks for another connection.
        pipeline.submit(9, now: start + .milliseconds(100))
        #expect(drain(&pipeline) == [.connect(1), .divert(9)])
        #expect(pipeline.deadline == nil)
        pipeline.connected(1, now: start + .milliseconds(100))
        pipeline.submit(3, now: start + .milliseconds(100))
        #expect(drain(&pipeline) == [.send(3, 1)])
        pipeline.submit(4, now: start + .milliseconds(199))
        #expect(drain(&pipeline) == [.send(4, 1)])
        pipeline.submit(5, now: start + .milliseconds(200))
        #expect(drain(&pipeline) == [.divert(5)])
        // The second's time begins when the first is answered.
        pipeline.finished(on: 0, now: start + .milliseconds(250))
        pipeline.submit(6, now: start + .milliseconds(349))
        #expect(drain(&pipeline) == [.send(6, 0)])
        pipeline.submit(7, now: start + .milliseconds(350))
        #expect(drain(&pipeline) == [.divert(7)])
        pipeline.finished(on: 1, now: start + .milliseconds(351))
        pipeline.finished(on: 1, now: start + .milliseconds(351))
        pipeline.submit(8, now: start + .milliseconds(900))
        #expect(drain(&pipeline) == [.send(8, 1)])
    }

    @Test("doesn't let those wait for room who would wait for something slow")
    func fullAndStalled() {
        var pipeline = pipeline(lanes: 1, depth: 1)
        pipeline.submit(1, now: start)
        pipeline.connected(0, now: start)
        pipeline.submit(2, now: start)
        #expect(drain(&pipeline) == [.connect(0), .send(1, 0)])
        #expect(pipeline.deadline == start + .milliseconds(100))
        pipeline.tick(now: start + .milliseconds(100))
        #expect(drain(&pipeline) == [.divert(2)])
    }

    @Test("replaces a connection that is retired, when it has answered what it has")
    func retirement() {
        var pipeline = pipeline(lanes: 1, depth: 3)
        for request in 1...2 { pipeline.submit(request, now: start) }
        pipeline.connected(0, now: start)
        pipeline.finished(on: 0, now: start)
        pipeline.retire(0, now: start)
        pipeline.submit(3, now: start)
        #expect(drain(&pipeline) == [.connect(0), .send(1, 0), .send(2, 0)])
        pipeline.finished(on: 0, now: start)
        #expect(drain(&pipeline) == [.close(0), .connect(0)])
        pipeline.connected(0, now: start)
        #expect(drain(&pipeline) == [.send(3, 0)])
        pipeline.finished(on: 0, now: start)
        pipeline.retire(0, now: start)
        #expect(drain(&pipeline) == [.close(0)])
    }

    @Test("finishes what it has before it closes")
    func shutdown() {
        var pipeline = pipeline(lanes: 1, depth: 1)
        pipeline.submit(1, now: start)
        pipeline.submit(2, now: start)
        pipeline.connected(0, now: start)
        pipeline.shutDown()
        pipeline.submit(3, now: start)
        #expect(drain(&pipeline) == [.connect(0), .send(1, 0), .refuse(3, .closed)])
        pipeline.finished(on: 0, now: start)
        #expect(drain(&pipeline) == [.send(2, 0)])
        #expect(!pipeline.isDrained)
        pipeline.finished(on: 0, now: start)
        #expect(drain(&pipeline) == [.close(0)])
        #expect(pipeline.isDrained)
    }
}

@Suite struct ConnectGateTests {
    private let start = ContinuousClock.now
    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test("lets one attempt at a time through during an outage, ever less often, and reports it once")
    func outage() {
        var gate = ConnectGate(firstDelay: .milliseconds(50), maxDelay: .milliseconds(150))
        #expect(gate.request(1, now: at(0)) == true)
        #expect(gate.request(2, now: at(0)) == true)
        #expect(gate.failed(1, now: at(10)) == .began)
        #expect(gate.failed(2, now: at(11)) == .none)
        #expect(gate.request(1, now: at(12)) == false)
        #expect(gate.request(2, now: at(12)) == false)
        #expect(gate.deadline == at(60))
        #expect(gate.next(now: at(59)) == nil)
        #expect(gate.next(now: at(60)) == 1)
        #expect(gate.next(now: at(60)) == nil)
        #expect(gate.failed(1, now: at(61)) == .none)
        #expect(gate.request(1, now: at(62)) == false)
        #expect(gate.deadline == at(161))
        #expect(gate.next(now: at(161)) == 2)
        #expect(gate.failed(2, now: at(162)) == .none)
        #expect(gate.deadline == at(312))
        #expect(gate.next(now: at(312)) == 1)
        #expect(gate.request(2, now: at(313)) == false)
        #expect(gate.succeeded(1, now: at(320)) == .ended(after: .milliseconds(310)))
        #expect(gate.next(now: at(320)) == 2)
        #expect(gate.next(now: at(320)) == nil)
        #expect(gate.request(3, now: at(321)) == true)
        #expect(gate.succeeded(2, now: at(322)) == .none)
    }

    @Test("counts all connections lost at once as one outage")
    func losses() {
        var gate = ConnectGate(maxDelay: .seconds(5))
        #expect(gate.lost(now: at(0)) == .began)
        #expect(gate.lost(now: at(1)) == .none)
        #expect(gate.request(1, now: at(2)) == true)
        #expect(gate.succeeded(1, now: at(3)) == .none)
        #expect(gate.lost(now: at(4)) == .none, "broken in the same outage, and noticed when others are back")
        #expect(gate.answered(now: at(5)) == .none)
        #expect(gate.deadline == at(2_004))
        #expect(gate.tick(now: at(2_003)) == .none)
        #expect(gate.tick(now: at(2_004)) == .ended(after: .milliseconds(3)))
        #expect(gate.deadline == nil && gate.tick(now: at(2_005)) == .none)
        // Another one.
        #expect(gate.lost(now: at(3_000)) == .began)
        #expect(gate.succeeded(2, now: at(3_001)) == .none)
        #expect(gate.failed(3, now: at(3_002)) == .none)
        #expect(gate.tick(now: at(9_000)) == .none, "it went away once more")
        #expect(gate.succeeded(4, now: at(9_001)) == .ended(after: .milliseconds(6_001)))
    }

    @Test("takes an answer for the server's return, but not one that may have been on its way before, nor while nobody gets in")
    func answers() {
        var gate = ConnectGate(maxDelay: .seconds(5))
        #expect(gate.answered(now: at(0)) == .none)
        #expect(gate.lost(now: at(0)) == .began)
        #expect(gate.answered(now: at(1_999)) == .none)
        #expect(gate.answered(now: at(2_000)) == .ended(after: .seconds(2)))
        #expect(gate.answered(now: at(2_001)) == .none)
        #expect(gate.lost(now: at(3_000)) == .began)
        _ = gate.failed(1, now: at(3_001))
        #expect(gate.answered(now: at(9_000)) == .none)
    }

    @Test("forgets an attempt that nobody needs any more")
    func withdrawal() {
        var gate = ConnectGate(firstDelay: .milliseconds(50), maxDelay: .seconds(5))
        _ = gate.failed(1, now: at(0))
        _ = gate.request(2, now: at(1))
        _ = gate.request(3, now: at(1))
        #expect(gate.next(now: at(50)) == 2)
        gate.withdraw(2)
        #expect(gate.next(now: at(50)) == 3)
        gate.withdraw(3)
        #expect(gate.deadline == nil)
    }
}
