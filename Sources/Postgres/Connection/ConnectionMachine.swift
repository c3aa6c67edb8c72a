/// Decides what happens next on one connection. Pure: the driver tells it what was asked and what libpq returned, and does what it
/// answers.
///
/// Statements are pipelined: each becomes a *flight* of one to four commands and one Sync, and a flight's outcome is known only when
/// its Sync comes back, since an autocommitted statement commits there. Scripts and COPY can't be pipelined: they wait until nothing
/// is in flight and then have the connection for themselves.
struct ConnectionMachine<Request: Equatable> {
    enum Ownership: Equatable {
        /// Many callers: a cancelled one has its answer dropped.
        case shared
        /// One caller: its cancel goes to the server.
        case owned
    }

    enum Kind: Equatable {
        case statement(StatementKey, begin: StatementKey?)
        /// One command that isn't worth a name.
        case unnamed
        case script, copyIn, copyOut
    }

    /// A kind without its statement.
    enum Mode: Equatable { case pipelined, script, copyIn, copyOut }

    enum TransactionStatus: Equatable { case idle, open, failed }

    enum Reason: Equatable { case closed, busyWithCopy }

    struct Command: Equatable {
        let name: String
        let needsPrepare: Bool
    }

    enum Submission: Equatable {
        /// Send these commands and a Sync.
        case send(begin: Command?, statement: Command)
        case sendUnnamed
        /// Leave pipeline mode and start this.
        case sendAlone(Mode)
        case wait
        case reject(Reason)
    }

    enum Failure: Equatable {
        /// The prepared statement is unknown to the server, or its result would have another shape than when it was prepared.
        case stalePlan
        case server
    }

    enum Event: Equatable {
        case succeeded
        case failed(Failure)
        /// Skipped because of an earlier failure in the same flight.
        case skipped
        case endOfCommand
        case sync(TransactionStatus)
        case copyInStarted, copyOutStarted
    }

    enum Reaction: Equatable {
        case none
        /// The result belongs to the head's answer, instead of an earlier one.
        case keep
        case discard
        case copyOpened(Request)
        /// nil is a command of the driver's own.
        case finished(Request?, succeeded: Bool, wasCancelled: Bool)
        /// Safe to send again: it had no effect, and a new preparation will do.
        case sendAgain(Request)
        /// libpq returned something that can't come now.
        case unexpected
    }

    enum CancelReaction: Equatable {
        case none
        /// It hadn't been sent.
        case removed
        case dropAnswer
        case askServer
        /// Say that the data fails to come, which is as good as a cancel.
        case endCopyIn
    }

    private struct Steps: OptionSet {
        let rawValue: UInt8
        static var prepareBegin: Steps { Steps(rawValue: 1) }
        static var begin: Steps { Steps(rawValue: 2) }
        static var prepare: Steps { Steps(rawValue: 4) }
        static var execute: Steps { Steps(rawValue: 8) }

        /// The command whose results come next.
        var current: Steps { Steps(rawValue: rawValue & (~rawValue &+ 1)) }
    }

    private struct Flight {
        let request: Request?
        let mode: Mode
        var steps: Steps = []
        var beginID = 0
        var statementID = 0
        var failure: Failure?
        var failedAtSync = false
        var isDropped = false
        var wantsCancel = false
        var isSecondAttempt = false
    }

    let ownership: Ownership
    private var cache: StatementCache
    private var flights = RingBuffer<Flight>()
    private var waiting = RingBuffer<(request: Request, kind: Kind, isSecondAttempt: Bool)>()
    private(set) var transaction = TransactionStatus.idle
    /// A cancel is on its way to the server.
    private(set) var isCancelOutstanding = false
    /// The head is to be cancelled, however many requests that takes: one that comes before the statement is lost.
    private var isHeadCancelled = false
    private(set) var isCopyOpen = false
    private var isAlone = false
    /// The session's `plan_cache_mode` makes plans without values.
    private var plansOnce = false
    private var isClosed = false

    init(ownership: Ownership, statementLimit: Int) {
        self.ownership = ownership
        self.cache = StatementCache(limit: statementLimit)
    }

    /// Results are to be fetched from libpq.
    var expectsResults: Bool { !flights.isEmpty }
    var inFlight: Int { flights.count }
    var isInPipelineMode: Bool { !isAlone }
    /// Nothing is in flight, nothing waits, and no cancel is under way that could hit a later statement.
    var isQuiet: Bool { flights.isEmpty && waiting.isEmpty && !isCancelOutstanding }
    /// The cancel has reached the server, and the statement runs still.
    var shouldRepeatCancel: Bool { isHeadCancelled && !isCancelOutstanding }
    private var isCancelling: Bool { isCancelOutstanding || isHeadCancelled }
    var head: Request? { flights.first?.request }
    var headMode: Mode? { flights.first?.mode }

    // MARK: Asking

    mutating func submit(_ request: Request, _ kind: Kind, isSecondAttempt: Bool = false) -> Submission {
        if isClosed { return .reject(.closed) }
        if isAlone, flights.first?.mode != .script { return .reject(.busyWithCopy) }
        if isAlone || !waiting.isEmpty || isCancelling || (needsAlone(kind) && !flights.isEmpty) {
            waiting.append((request, kind, isSecondAttempt))
            return .wait
        }
        return launch(request, kind, isSecondAttempt: isSecondAttempt)
    }

    /// A command of the driver's own, outside of any caller's statement. Only when `isQuiet` or on a shared connection.
    mutating func submitInternal() -> Submission {
        if isClosed || isAlone { return .reject(.closed) }
        return launch(nil, .unnamed, isSecondAttempt: false)
    }

    /// The setting that has to go out ahead of a statement, so that it is planned as it wants to be. Only between transactions, since a rollback
    /// would take the setting back, and never on a shared connection.
    mutating func planSetting(for key: StatementKey) -> String? {
        guard ownership == .owned, isQuiet, !isClosed, !isAlone, transaction == .idle, plansOnce != (key.planning == .once) else {
            return nil
        }
        plansOnce.toggle()
        return "SET plan_cache_mode = \(plansOnce ? "force_generic_plan" : "auto")"
    }

    /// What can be sent now of what had to wait.
    mutating func nextWaiting() -> (Request, Submission)? {
        guard !isClosed, !isAlone, !isCancelling, let next = waiting.first else { return nil }
        if needsAlone(next.kind), !flights.isEmpty { return nil }
        _ = waiting.popFirst()
        return (next.request, launch(next.request, next.kind, isSecondAttempt: next.isSecondAttempt))
    }

    /// A prepared statement that the server may forget, when it is safe to say so.
    mutating func nextDiscarded() -> String? {
        guard !isClosed, !isAlone, !isCancelling, transaction == .idle, ownership == .shared || flights.isEmpty else { return nil }
        return cache.takeDiscarded()
    }

    private mutating func launch(_ request: Request?, _ kind: Kind, isSecondAttempt: Bool) -> Submission {
        var flight = Flight(request: request, mode: mode(of: kind))
        flight.isSecondAttempt = isSecondAttempt
        let submission: Submission
        switch kind {
        case .statement(let key, let begin):
            var beginCommand: Command?
            if let begin {
                let use = cache.use(begin)
                flight.beginID = use.entry.id
                flight.steps.formUnion(use.isNew ? [.prepareBegin, .begin] : .begin)
                beginCommand = Command(name: use.entry.name, needsPrepare: use.isNew)
            }
            if key.planning == .eachTime {
                flight.steps.formUnion([.prepare, .execute])
                submission = .send(begin: beginCommand, statement: Command(name: "", needsPrepare: true))
                break
            }
            // The first attempt may have relied on another's preparation that failed; the second relies on nobody.
            if isSecondAttempt { cache.forget(key) }
            let use = cache.use(key)
            flight.statementID = use.entry.id
            flight.steps.formUnion(use.isNew ? [.prepare, .execute] : .execute)
            submission = .send(begin: beginCommand, statement: Command(name: use.entry.name, needsPrepare: use.isNew))
        case .unnamed:
            flight.steps = .execute
            submission = .sendUnnamed
        case .script, .copyIn, .copyOut:
            flight.steps = .execute
            isAlone = true
            submission = .sendAlone(flight.mode)
        }
        flights.append(flight)
        return submission
    }

    private func needsAlone(_ kind: Kind) -> Bool { mode(of: kind) != .pipelined }

    private func mode(of kind: Kind) -> Mode {
        switch kind {
        case .statement, .unnamed: .pipelined
        case .script: .script
        case .copyIn: .copyIn
        case .copyOut: .copyOut
        }
    }

    // MARK: Hearing

    mutating func received(_ event: Event) -> Reaction {
        guard let head = flights.first else { return event == .endOfCommand ? Reaction.none : .unexpected }
        switch event {
        case .succeeded: return succeeded(head)
        case .failed(let failure): return failed(failure, head)
        case .skipped:
            forgetUnpreparedStatement(head)
            return .discard
        case .endOfCommand: return endOfCommand(head)
        case .sync(let status): return isAlone ? .unexpected : finish(status)
        case .copyInStarted: return openCopy(.copyIn, head)
        case .copyOutStarted: return openCopy(.copyOut, head)
        }
    }

    private mutating func openCopy(_ direction: Mode, _ head: Flight) -> Reaction {
        guard head.mode == direction, let request = head.request, !isCopyOpen else { return .unexpected }
        isCopyOpen = true
        return .copyOpened(request)
    }

    /// In pipeline mode only the last command's result is the answer; of a script it is the last one too.
    private func succeeded(_ head: Flight) -> Reaction {
        if isAlone { return .keep }
        return head.steps.current == .execute && head.failure == nil ? .keep : .discard
    }

    private mutating func failed(_ failure: Failure, _ head: Flight) -> Reaction {
        forgetUnpreparedStatement(head)
        if failure == .stalePlan, head.statementID > 0, head.steps.current == .execute {
            cache.forget(head.statementID, isKnownToServer: true)
        }
        // An error without a command is the commit's, at Sync.
        if head.steps.isEmpty { flights.withFirst { $0.failedAtSync = true } }
        // The first failure is the cause, what follows are consequences.
        guard head.failure == nil else { return .discard }
        flights.withFirst { $0.failure = failure }
        return .keep
    }

    private mutating func forgetUnpreparedStatement(_ head: Flight) {
        if head.steps.current == .prepareBegin { cache.forget(head.beginID, isKnownToServer: false) }
        if head.steps.current == .prepare { cache.forget(head.statementID, isKnownToServer: false) }
    }

    private mutating func endOfCommand(_ head: Flight) -> Reaction {
        if isAlone { return .none }
        // Between the last command and the Sync there is room for the error of a commit, but for no second end.
        if head.steps.isEmpty, !head.failedAtSync { return .unexpected }
        if head.steps.isEmpty { flights.withFirst { $0.failedAtSync = false } }
        flights.withFirst { $0.steps.subtract($0.steps.current) }
        return .none
    }

    /// The last of the data was sent or received; the server's verdict follows.
    mutating func copyDataEnded() { isCopyOpen = false }

    /// The end of a script or COPY: libpq has no more results.
    mutating func aloneEnded(_ status: TransactionStatus) -> Reaction {
        guard isAlone else { return .unexpected }
        isAlone = false
        isCopyOpen = false
        return finish(status)
    }

    private mutating func finish(_ status: TransactionStatus) -> Reaction {
        transaction = status
        isHeadCancelled = false
        guard let flight = flights.popFirst() else { return .unexpected }
        guard let request = flight.request else { return .finished(nil, succeeded: flight.failure == nil, wasCancelled: false) }
        if flight.failure == .stalePlan, status == .idle, !flight.isSecondAttempt, !flight.isDropped, flight.beginID == 0 {
            return .sendAgain(request)
        }
        return .finished(request, succeeded: flight.failure == nil, wasCancelled: flight.isDropped || flight.wantsCancel)
    }

    // MARK: Cancelling

    mutating func cancel(_ request: Request) -> CancelReaction {
        if waiting.removeFirst(where: { $0.request == request }) != nil { return .removed }
        for offset in 0..<flights.count {
            guard var flight = flights[offset], flight.request == request else { continue }
            if ownership == .shared { flight.isDropped = true } else { flight.wantsCancel = true }
            flights[offset] = flight
            if ownership == .shared { return .dropAnswer }
            if isCopyOpen, flight.mode == .copyIn { return .endCopyIn }
            return startCancelOfHead() ? .askServer : .none
        }
        return .none
    }

    /// True when the head's cancel is due: a statement further back is cancelled when the server comes to it.
    mutating func startCancelOfHead() -> Bool {
        guard !isCancelOutstanding, !isClosed, let head = flights.first, head.wantsCancel else { return false }
        isCancelOutstanding = true
        isHeadCancelled = true
        return true
    }

    mutating func cancelEnded() { isCancelOutstanding = false }

    // MARK: Ending

    /// Nothing more will be sent or heard. Gives back everyone without an answer, and whether their statement had been sent.
    mutating func close() -> [(request: Request, wasSent: Bool)] {
        isClosed = true
        var left: [(request: Request, wasSent: Bool)] = []
        while let flight = flights.popFirst() {
            if let request = flight.request { left.append((request, true)) }
        }
        while let next = waiting.popFirst() { left.append((next.request, false)) }
        isCancelOutstanding = false
        isHeadCancelled = false
        return left
    }
}
