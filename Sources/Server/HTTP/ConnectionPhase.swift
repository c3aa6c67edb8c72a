/// What a connection is doing, and for how long it may go on doing it. Pure: the time is passed in.
struct ConnectionPhase {
    enum Stage: Hashable {
        /// No request is under way.
        case idle
        /// Some of a request's headers have arrived.
        case head
        /// Its headers are complete, its body isn't.
        case body
        /// The next piece of a streamed body is awaited.
        case piece
        /// It is complete and being answered, or a piece of what is streamed is worked on.
        case work
        /// A streamed body is complete and being put away: as long as that takes for its length.
        case keeping
        /// The last answer is out; what the client still sends is thrown away.
        case draining
    }

    enum Verdict: Hashable {
        case goOn
        /// Nobody is waiting for anything.
        case close
        /// The client is too slow with its request.
        case requestTooSlow
        /// The server is too slow with its answer.
        case answerTooSlow
        /// The client doesn't take what it asked for.
        case cut
    }

    private(set) var stage: Stage = .idle
    private var since: ContinuousClock.Instant
    private var lastPiece: ContinuousClock.Instant
    private var blockedSince: ContinuousClock.Instant?

    init(now: ContinuousClock.Instant) {
        since = now
        lastPiece = now
    }

    mutating func enter(_ stage: Stage, now: ContinuousClock.Instant) {
        self.stage = stage
        since = now
        lastPiece = now
    }

    /// Bytes came in.
    mutating func receivedBytes(now: ContinuousClock.Instant) {
        switch stage {
        case .idle: enter(.head, now: now)
        case .body, .piece: lastPiece = now
        case .head, .work, .keeping, .draining: break
        }
    }

    /// The socket takes no more, or takes more again.
    mutating func writability(_ isWritable: Bool, now: ContinuousClock.Instant) {
        blockedSince = isWritable ? nil : now
        // The time that the client took isn't the work's.
        if isWritable, stage == .work { since = now }
    }

    func verdict(_ limits: ServerLimits, now: ContinuousClock.Instant) -> Verdict {
        if let blockedSince, now - blockedSince >= limits.writeTime { return .cut }
        switch stage {
        case .idle: return now - since >= limits.idleTime ? .close : .goOn
        case .head: return now - since >= limits.headerTime ? .requestTooSlow : .goOn
        case .body:
            return now - lastPiece >= limits.bodyPause || now - since >= limits.bodyTime ? .requestTooSlow : .goOn
        case .piece: return now - lastPiece >= limits.bodyPause ? .requestTooSlow : .goOn
        // A response that is being sent is the client's pace, which `blockedSince` watches.
        case .work: return blockedSince == nil && now - since >= limits.requestTime ? .answerTooSlow : .goOn
        case .keeping: return now - since >= limits.keepTime ? .answerTooSlow : .goOn
        case .draining: return now - since >= limits.headerTime ? .cut : .goOn
        }
    }
}
