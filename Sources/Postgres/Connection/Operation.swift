/// One statement under way, from the caller's thread to the reactor and back.
///
/// SAFETY: the caller fills it before it is submitted, which orders those writes before the reactor's reads; afterwards only the
/// reactor's thread touches it.
final class Operation: @unchecked Sendable {
    enum Completion {
        case none
        case continuation(UnsafeContinuation<PostgresResult, any Error>)
        case callback(@Sendable (Result<PostgresResult, any Error>) -> Void)
    }

    enum Purpose {
        case statement
        case script
        case copyIn, copyOut
        /// BEGIN, when the transaction hasn't begun, otherwise nothing.
        case begin
        /// COMMIT or ROLLBACK, unless nothing was sent since the transaction was opened.
        case endTransaction
    }

    enum Route {
        /// The shared connections.
        case pipeline
        /// A connection of the pool for this statement alone.
        case pool
        case lease(Lease)
    }

    let purpose: Purpose
    let route: Route
    private(set) var sql: SQL
    private(set) var key: StatementKey
    var completion = Completion.none
    /// The BEGIN that goes out ahead of it.
    var begin: StatementKey?
    /// The data of a COPY.
    var copy: CopyChannel?
    /// What is due once it has its answer, on the reactor's thread.
    var whenDone: (() -> Void)?
    /// Where it was sent.
    var driver: ConnectionDriver?
    private(set) var isDone = false
    /// The reactor has it; before that there is nobody to answer.
    private(set) var isSubmitted = false
    private var isCancelledEarly = false

    init(_ sql: SQL, purpose: Purpose = .statement, route: Route) {
        self.sql = sql
        self.purpose = purpose
        self.route = route
        self.key = StatementKey(sql)
    }

    /// Makes it the BEGIN it was asked to send.
    func become(_ begin: StatementKey) {
        sql = SQL(verbatim: begin.text)
        key = begin
    }

    /// The server asked for data or sent some. Read as `copyOutcome` is.
    var isCopyOpen: Bool { copy?.isOpen == true }

    /// The verdict on a COPY.
    ///
    /// SAFETY: read by the caller after the call that waited for it; the reactor doesn't change it any more.
    func copyOutcome() throws -> PostgresResult {
        guard let outcome = copy?.outcome else { throw PostgresError(.connectionLost, "The COPY ended without an answer.") }
        return try outcome.get()
    }

    /// The reactor takes it over. False when its caller was cancelled first, and has its answer now.
    func accept() -> Bool {
        isSubmitted = true
        if isCancelledEarly { complete(.failure(PostgresError.cancelled())) }
        return !isDone
    }

    /// False when the cancel came before the operation itself: then `accept` answers.
    func noteCancel() -> Bool {
        if !isSubmitted { isCancelledEarly = true }
        return isSubmitted
    }

    func complete(_ result: Result<PostgresResult, any Error>) {
        guard !isDone else { return }
        isDone = true
        driver = nil
        switch completion {
        case .none: break
        case .continuation(let continuation): continuation.resume(with: result)
        case .callback(let callback): callback(result)
        }
        completion = .none
        whenDone.take()?()
    }
}

extension Operation: Equatable {
    static func == (left: Operation, right: Operation) -> Bool { left === right }
}

/// The right to use one connection, from acquiring it to its release.
///
/// SAFETY: everything in it belongs to the reactor's thread.
final class Lease: @unchecked Sendable {
    /// nil after the release.
    var driver: ConnectionDriver?
    /// A BEGIN that goes out together with the first statement.
    var pendingBegin: StatementKey?
    /// The BEGIN failed: nothing may run now, since it would commit by itself.
    var couldNotBegin = false

    init(driver: ConnectionDriver) { self.driver = driver }
}
