/// Decides who gets which connection of the pool. Pure: it is told what happened and when, and answers with actions.
///
/// Callers are served in the order they came. Connections are opened when somebody waits, and the one used last is lent first, so
/// that those not needed grow idle and are closed.
struct PoolMachine<Waiter> {
    typealias Instant = ContinuousClock.Instant

    enum Action {
        case connect(Int)
        case lend(Int, Waiter)
        case check(Int)
        case close(Int)
        case refuse(Waiter, Refusal)
    }

    enum Refusal: Equatable {
        case timeout
        case closed
        /// The server will refuse every attempt.
        case unusable
    }

    private enum State: Equatable {
        case connecting
        case idle
        case checking
        case lent
    }

    private struct Member {
        var state: State
        var lastUse: Instant
        var lastSign: Instant
    }

    private struct Waiting {
        let waiter: Waiter
        let deadline: Instant
    }

    private let options: PoolOptions
    private var members: [Int: Member] = [:]
    /// Idle ones, the one used last at the end.
    private var idle: [Int] = []
    private var waiting = RingBuffer<Waiting>()
    private var actions = RingBuffer<Action>()
    private var connecting = 0
    private var lastID = 0
    /// Connections that belong to a caller now.
    private(set) var lentCount = 0
    /// No later than the time at which `tick` next has something to do; the outer nil is "not known".
    private var knownDeadline: Instant??
    private(set) var isClosing = false

    init(options: PoolOptions) { self.options = options }

    var idleCount: Int { idle.count }
    var waitingCount: Int { waiting.count }
    var isDrained: Bool { waiting.isEmpty && members.isEmpty }

    mutating func nextAction() -> Action? { actions.popFirst() }

    mutating func acquire(_ waiter: Waiter, now: Instant) {
        guard !isClosing else {
            actions.append(.refuse(waiter, .closed))
            return
        }
        if let id = idle.popLast() {
            lend(id, waiter, now)
            return
        }
        waiting.append(Waiting(waiter: waiter, deadline: now + options.acquireTimeout))
        knownDeadline = nil
        openMore(now)
    }

    mutating func release(_ id: Int, now: Instant) {
        guard members[id]?.state == .lent else { return }
        lentCount -= 1
        becameIdle(id, wasUsed: true, now)
    }

    mutating func connected(_ id: Int, now: Instant) {
        guard members[id]?.state == .connecting else { return }
        connecting -= 1
        becameIdle(id, wasUsed: true, now)
    }

    /// An attempt failed; it is repeated while somebody waits.
    mutating func connectFailed(_ id: Int, now: Instant) {
        guard members[id]?.state == .connecting else { return }
        if connecting <= waiting.count {
            actions.append(.connect(id))
        } else {
            forget(id)
        }
    }

    /// Trying again is no use: everyone who waits is told.
    mutating func connectRefused(_ id: Int) {
        guard members[id]?.state == .connecting else { return }
        forget(id)
        while let next = waiting.popFirst() { actions.append(.refuse(next.waiter, .unusable)) }
    }

    mutating func lost(_ id: Int, now: Instant) {
        guard members[id] != nil else { return }
        forget(id)
        openMore(now)
    }

    /// It was given back, and isn't to be lent again.
    mutating func retire(_ id: Int, now: Instant) {
        guard members[id]?.state == .lent else { return }
        close(id)
        openMore(now)
    }

    /// A health check was answered.
    mutating func checked(_ id: Int, now: Instant) {
        guard members[id]?.state == .checking else { return }
        becameIdle(id, wasUsed: false, now)
    }

    mutating func tick(now: Instant) {
        guard isClosing || deadline.map({ $0 <= now }) ?? false else { return }
        knownDeadline = nil
        while let first = waiting.first, first.deadline <= now {
            _ = waiting.popFirst()
            actions.append(.refuse(first.waiter, .timeout))
        }
        if isClosing, waiting.isEmpty { dropConnecting() }
        // The idle ones are in order of use, but for those that were checked in between.
        for id in idle {
            guard let member = members[id] else { continue }
            if member.lastUse + options.idleTimeout <= now {
                close(id)
            } else if member.lastSign + options.healthCheckInterval <= now {
                idle.removeAll { $0 == id }
                members[id]?.state = .checking
                actions.append(.check(id))
            }
        }
    }

    /// When `tick` has something to do.
    var deadline: Instant? {
        mutating get {
            if let knownDeadline { return knownDeadline }
            let next = nextDeadline()
            knownDeadline = .some(next)
            return next
        }
    }

    private func nextDeadline() -> Instant? {
        var earliest = waiting.first?.deadline
        for id in idle {
            guard let member = members[id] else { continue }
            let next = min(member.lastUse + options.idleTimeout, member.lastSign + options.healthCheckInterval)
            earliest = earliest.map { min($0, next) } ?? next
        }
        return earliest
    }

    /// From now on nobody new is served; whoever waits already still is.
    mutating func shutDown() {
        isClosing = true
        for id in idle { close(id) }
        if waiting.isEmpty { dropConnecting() }
    }

    private mutating func becameIdle(_ id: Int, wasUsed: Bool, _ now: Instant) {
        members[id]?.state = .idle
        members[id]?.lastSign = now
        // A moment that is known too early does no harm; this one may have to be looked after before it.
        let first = now + min(options.idleTimeout, options.healthCheckInterval)
        if let known = knownDeadline, known.map({ $0 > first }) ?? true { knownDeadline = nil }
        if wasUsed { members[id]?.lastUse = now }
        if let next = waiting.popFirst() {
            lend(id, next.waiter, now)
        } else if isClosing {
            close(id)
            dropConnecting()
        } else if wasUsed {
            idle.append(id)
        } else {
            idle.insert(id, at: 0)
        }
    }

    private mutating func lend(_ id: Int, _ waiter: Waiter, _ now: Instant) {
        members[id]?.state = .lent
        lentCount += 1
        members[id]?.lastUse = now
        actions.append(.lend(id, waiter))
    }

    private mutating func openMore(_ now: Instant) {
        while connecting < waiting.count, members.count < options.maxConnections {
            lastID += 1
            connecting += 1
            members[lastID] = Member(state: .connecting, lastUse: now, lastSign: now)
            actions.append(.connect(lastID))
        }
    }

    private mutating func close(_ id: Int) {
        forget(id)
        actions.append(.close(id))
    }

    private mutating func forget(_ id: Int) {
        switch members.removeValue(forKey: id)?.state {
        case .connecting: connecting -= 1
        case .lent: lentCount -= 1
        case .idle, .checking, nil: break
        }
        idle.removeAll { $0 == id }
    }

    private mutating func dropConnecting() {
        for (id, member) in members where member.state == .connecting { close(id) }
    }
}

extension PoolMachine.Action: Equatable where Waiter: Equatable {}
