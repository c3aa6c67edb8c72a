/// Spreads short statements over the shared connections. Pure, as `PoolMachine` is.
///
/// A statement waits here, where it can still go to any connection, until one has room. A further connection is opened only when
/// those that are open are busy. A connection whose oldest statement isn't answered for `stallTime` gets no others; who would have to wait for it
/// goes where each has a connection of its own.
struct PipelineMachine<Request> {
    typealias Instant = ContinuousClock.Instant

    enum Action {
        case connect(Int)
        case send(Request, Int)
        /// There is room nowhere but behind something slow.
        case divert(Request)
        case check(Int)
        case close(Int)
        case refuse(Request, PoolMachine<Request>.Refusal)
    }

    /// One that is retiring gets no others, and is closed when it has answered what it has.
    private enum State: Equatable { case absent, connecting, ready, retiring }

    private struct Lane {
        var state = State.absent
        var inFlight = 0
        var lastSign: Instant?
        /// Since when the oldest statement in flight is the oldest.
        var since: Instant?
        /// The server refused this connection; until then it isn't tried again.
        var refusedUntil: Instant?

        func isStalled(_ time: Duration, now: Instant) -> Bool { inFlight > 0 && since.map { now - $0 >= time } ?? false }
    }

    private struct Waiting {
        let request: Request
        let deadline: Instant
    }

    private let options: PoolOptions
    private var lanes: [Lane]
    private var waiting = RingBuffer<Waiting>()
    private var actions = RingBuffer<Action>()
    private(set) var isClosing = false

    init(options: PoolOptions) {
        self.options = options
        self.lanes = Array(repeating: Lane(), count: options.pipelineConnections)
    }

    private static var refusalPause: Duration { .seconds(1) }

    var waitingCount: Int { waiting.count }
    var inFlight: Int { lanes.reduce(0) { $0 + $1.inFlight } }
    var isDrained: Bool { waiting.isEmpty && lanes.allSatisfy { $0.state == .absent } }

    mutating func nextAction() -> Action? { actions.popFirst() }

    mutating func submit(_ request: Request, now: Instant) {
        guard !isClosing else {
            actions.append(.refuse(request, .closed))
            return
        }
        waiting.append(Waiting(request: request, deadline: now + options.acquireTimeout))
        dispatch(now)
    }

    /// A statement was answered.
    mutating func finished(on lane: Int, now: Instant) {
        guard lanes[lane].inFlight > 0 else { return }
        lanes[lane].inFlight -= 1
        lanes[lane].lastSign = now
        lanes[lane].since = now
        closeIfRetired(lane)
        if !waiting.isEmpty { dispatch(now) }
        closeIfDone(lane)
    }

    /// - Parameter inFlight: statements that were sent already, to set the connection up.
    mutating func connected(_ lane: Int, inFlight: Int = 0, now: Instant) {
        guard lanes[lane].state == .connecting else { return }
        lanes[lane] = Lane(state: .ready, inFlight: inFlight, lastSign: now, since: now)
        dispatch(now)
        closeIfDone(lane)
    }

    mutating func connectFailed(_ lane: Int, now: Instant) {
        guard lanes[lane].state == .connecting else { return }
        lanes[lane].state = .absent
        dispatch(now)
    }

    mutating func connectRefused(_ lane: Int, now: Instant) {
        guard lanes[lane].state == .connecting else { return }
        lanes[lane].state = .absent
        lanes[lane].refusedUntil = now + Self.refusalPause
        // Another connection may be open still, and will serve them.
        guard !lanes.contains(where: { $0.state == .ready }) else { return }
        while let next = waiting.popFirst() { actions.append(.refuse(next.request, .unusable)) }
    }

    mutating func lost(_ lane: Int, now: Instant) {
        lanes[lane] = Lane()
        dispatch(now)
    }

    /// It isn't to be used any more once it has answered what it has.
    mutating func retire(_ lane: Int, now: Instant) {
        guard lanes[lane].state == .ready else { return }
        lanes[lane].state = .retiring
        closeIfRetired(lane)
        dispatch(now)
    }

    mutating func tick(now: Instant) {
        while let first = waiting.first, first.deadline <= now {
            _ = waiting.popFirst()
            actions.append(.refuse(first.request, .timeout))
        }
        if isClosing { shutDown() }
        if !waiting.isEmpty { dispatch(now) }
        for index in lanes.indices {
            guard let checkAt = nextCheck(lanes[index]), checkAt <= now else { continue }
            lanes[index].lastSign = now
            lanes[index].since = now
            lanes[index].inFlight += 1
            actions.append(.check(index))
        }
    }

    var deadline: Instant? {
        var earliest = waiting.first?.deadline
        for lane in lanes {
            // Those who wait for room go elsewhere when it turns out to be slow.
            if !waiting.isEmpty, lane.inFlight > 0, let stall = lane.since.map({ $0 + options.stallTime }) {
                earliest = earliest.map { min($0, stall) } ?? stall
            }
            guard let next = nextCheck(lane) else { continue }
            earliest = earliest.map { min($0, next) } ?? next
        }
        return earliest
    }

    mutating func shutDown() {
        isClosing = true
        for index in lanes.indices { closeIfDone(index) }
    }

    /// A connection with statements in flight shows by itself that it is alive.
    private func nextCheck(_ lane: Lane) -> Instant? {
        guard lane.state == .ready, lane.inFlight == 0, let lastSign = lane.lastSign else { return nil }
        return lastSign + options.healthCheckInterval
    }

    private mutating func dispatch(_ now: Instant) {
        while !waiting.isEmpty, let lane = emptiestLane(now) {
            guard let next = waiting.popFirst() else { return }
            if lanes[lane].inFlight == 0 { lanes[lane].since = now }
            lanes[lane].inFlight += 1
            actions.append(.send(next.request, lane))
            openMoreIfBusy(lane, now)
        }
        guard !waiting.isEmpty else { return }
        openOne(now)
        if !isClosing, lanes.contains(where: { $0.isStalled(options.stallTime, now: now) }) {
            while let next = waiting.popFirst() { actions.append(.divert(next.request)) }
        }
    }

    private func emptiestLane(_ now: Instant) -> Int? {
        var best: Int?
        for index in lanes.indices
        where lanes[index].state == .ready && lanes[index].inFlight < options.pipelineDepth
            && !lanes[index].isStalled(options.stallTime, now: now)
        {
            if best.map({ lanes[index].inFlight < lanes[$0].inFlight }) ?? true { best = index }
        }
        return best
    }

    /// The emptiest one already had others in flight, so all have.
    private mutating func openMoreIfBusy(_ lane: Int, _ now: Instant) {
        if lanes[lane].inFlight > 4 { openOne(now) }
    }

    private mutating func openOne(_ now: Instant) {
        // While another serves, one that is refused can wait; alone, its refusal is what the callers are told.
        let serves = lanes.contains { $0.state == .ready }
        let absent = lanes.firstIndex { $0.state == .absent && !(serves && $0.refusedUntil.map { now < $0 } ?? false) }
        guard !lanes.contains(where: { $0.state == .connecting }), let absent else { return }
        lanes[absent].state = .connecting
        actions.append(.connect(absent))
    }

    private mutating func closeIfDone(_ lane: Int) {
        guard isClosing, waiting.isEmpty, lanes[lane].inFlight == 0, lanes[lane].state != .absent else { return }
        lanes[lane] = Lane()
        actions.append(.close(lane))
    }

    private mutating func closeIfRetired(_ lane: Int) {
        guard lanes[lane].state == .retiring, lanes[lane].inFlight == 0 else { return }
        lanes[lane] = Lane()
        actions.append(.close(lane))
    }
}

extension PipelineMachine.Action: Equatable where Request: Equatable {}
