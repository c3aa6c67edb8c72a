/// Lets connection attempts through: freely while the server answers, one at a time with growing pauses while it doesn't. An outage
/// is reported once when it begins and once when it is over: connections that broke in it may tell so one after the other, some of them when others
/// are open again.
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
    /// When a connection broke last.
    private var lastLoss: Instant?
    /// When the server was there again, in an outage that isn't reported to be over yet.
    private var backSince: Instant?
    private var nextAttempt: Instant?
    /// An attempt failed and none has succeeded since.
    private(set) var isUnreachable = false

    init(firstDelay: Duration = .milliseconds(50), maxDelay: Duration) {
        self.firstDelay = firstDelay
        self.maxDelay = maxDelay
        self.delay = firstDelay
    }

    /// When `next` or `tick` has something to do.
    var deadline: Instant? {
        if backSince != nil { return settled }
        return isUnreachable && probing == nil && !held.isEmpty ? nextAttempt : nil
    }

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
        backSince = nil
        return begin(now)
    }

    mutating func succeeded(_ id: Int, now: Instant) -> Report {
        if probing == id { probing = nil }
        isUnreachable = false
        nextAttempt = nil
        delay = firstDelay
        guard awaySince != nil else { return .none }
        backSince = backSince ?? now
        return tick(now: now)
    }

    /// A statement was answered. Some time after connections broke, that shows that the server is there again: what comes at once may have been on
    /// its way before.
    mutating func answered(now: Instant) -> Report {
        guard awaySince != nil, !isUnreachable, let settled, settled <= now else { return .none }
        backSince = backSince ?? now
        return tick(now: now)
    }

    /// An outage is over when the server is there and no other connection has broken for a while.
    mutating func tick(now: Instant) -> Report {
        guard let since = awaySince, let back = backSince, settled.map({ $0 <= now }) ?? true else { return .none }
        (awaySince, lastLoss, backSince) = (nil, nil, nil)
        return .ended(after: since.duration(to: back))
    }

    private static let doubt: Duration = .seconds(2)

    /// From when on no connection is expected any more that broke in the same outage.
    private var settled: Instant? { lastLoss.map { $0 + Self.doubt } ?? awaySince }

    /// An open connection broke.
    mutating func lost(now: Instant) -> Report {
        lastLoss = now
        return begin(now)
    }

    private mutating func begin(_ now: Instant) -> Report {
        guard awaySince == nil else { return .none }
        awaySince = now
        return .began
    }
}
