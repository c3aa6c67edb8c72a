/// Lets connection attempts through: freely while the server answers, one at a time with growing pauses while it doesn't. An outage
/// is reported once when it begins and once when it is over.
struct ConnectGate {
    typealias Instant = ContinuousClock.Instant

    enum Report: Equatable {
        case none
        case began
        case ended(after: Duration)
    }

    private let firstDelay: Duration
    private let maxDelay: Duration
    private var delay: Duration
    private var held = RingBuffer<Int>()
    private var probing: Int?
    private var awaySince: Instant?
    private var nextAttempt: Instant?
    /// An attempt failed and none has succeeded since.
    private(set) var isUnreachable = false

    init(firstDelay: Duration = .milliseconds(50), maxDelay: Duration) {
        self.firstDelay = firstDelay
        self.maxDelay = maxDelay
        self.delay = firstDelay
    }

    var deadline: Instant? { isUnreachable && probing == nil && !held.isEmpty ? nextAttempt : nil }

    /// True when the attempt may start now; otherwise `next` gives it back later.
    mutating func request(_ id: Int, now: Instant) -> Bool {
        guard isUnreachable else { return true }
        held.append(id)
        return false
    }

    /// An attempt that may start now.
    mutating func next(now: Instant) -> Int? {
        guard isUnreachable else { return held.popFirst() }
        guard probing == nil, let nextAttempt, nextAttempt <= now, let id = held.popFirst() else { return nil }
        probing = id
        return id
    }

    /// Nobody needs this connection any more.
    mutating func withdraw(_ id: Int) {
        if probing == id { probing = nil }
        _ = held.removeFirst { $0 == id }
    }

    mutating func failed(_ id: Int, now: Instant) -> Report {
        if probing == id { probing = nil }
        // Attempts that were under way together fail together; they count as one.
        if !isUnreachable || nextAttempt.map({ $0 <= now }) ?? true {
            nextAttempt = now + delay
            delay = min(delay * 2, maxDelay)
        }
        isUnreachable = true
        return begin(now)
    }

    mutating func succeeded(_ id: Int, now: Instant) -> Report {
        if probing == id { probing = nil }
        isUnreachable = false
        nextAttempt = nil
        delay = firstDelay
        guard let since = awaySince.take() else { return .none }
        return .ended(after: since.duration(to: now))
    }

    /// A statement was answered. Some time after connections broke, that shows that the server is there again: what comes at once may have been on
    /// its way before.
    mutating func answered(now: Instant) -> Report {
        guard let since = awaySince, !isUnreachable, since.duration(to: now) >= Self.doubt else { return .none }
        awaySince = nil
        return .ended(after: since.duration(to: now))
    }

    private static let doubt: Duration = .seconds(2)

    /// An open connection broke.
    mutating func lost(now: Instant) -> Report { begin(now) }

    private mutating func begin(_ now: Instant) -> Report {
        guard awaySince == nil else { return .none }
        awaySince = now
        return .began
    }
}
