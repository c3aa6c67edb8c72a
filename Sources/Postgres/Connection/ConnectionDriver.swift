import CLibPQ

/// What a connection tells its owner. All calls come on the reactor's thread.
protocol ConnectionDriverDelegate: AnyObject {
    /// A statement was prepared.
    func prepared(on driver: ConnectionDriver)
    /// A statement was answered.
    func finishedStatement(on driver: ConnectionDriver, _ operation: Operation)
    /// It was given back and has nothing left to do; it is outside of any transaction.
    func becameQuiet(_ driver: ConnectionDriver)
    func lost(_ driver: ConnectionDriver, _ error: PostgresError)
    func received(notification payload: String, channel: String, processID: Int32)
    func watch(_ driver: ConnectionDriver, readable: Bool, writable: Bool)
    /// Ask the server, on another connection, to cancel what this one does; then call `cancelEnded`.
    func sendCancel(for driver: ConnectionDriver, _ cancel: CancelHandle)
    /// The cancel had no effect so far; call `repeatCancel` in a while.
    func wantsCancelRepeated(_ driver: ConnectionDriver)
}

/// What a connection is for.
enum ConnectionRole: Equatable {
    /// A number of the pool machine.
    case pool(Int)
    /// A number of the pipeline machine.
    case lane(Int)
    case listener
}

/// Carries out with libpq what `ConnectionMachine` decides. Belongs to the reactor's thread.
final class ConnectionDriver {
    let id: Int
    let role: ConnectionRole
    let pointer: OpaquePointer
    let socket: Int32
    var machine: ConnectionMachine<Operation>
    unowned let delegate: any ConnectionDriverDelegate

    /// The answer to the head of the pipeline as far as it has come.
    var answer: OpaquePointer?
    private var parameters = ParameterBuffer()
    private var wantsWrite = false
    private var wantsRead = true
    private(set) var isReleasing = false
    private(set) var isClosed = false
    var openedAt: ContinuousClock.Instant?
    /// A statement failed since the server takes no writes.
    var refusedWrite = false
    /// When to ask once more for a cancel that came to nothing.
    var repeatCancelAt: ContinuousClock.Instant?
    /// When an answer has to have come, after a cancel or for a health check.
    var answerDeadline: ContinuousClock.Instant?

    init(
        id: Int, role: ConnectionRole, _ connection: OpenConnection, ownership: ConnectionMachine<Operation>.Ownership, statementLimit: Int,
        delegate: any ConnectionDriverDelegate
    ) {
        self.id = id
        self.role = role
        self.pointer = connection.pointer
        self.socket = PQsocket(connection.pointer)
        self.machine = ConnectionMachine(ownership: ownership, statementLimit: statementLimit)
        self.delegate = delegate
    }

    var processID: Int32 { PQbackendPID(pointer) }

    // MARK: Statements

    func submit(_ operation: Operation, isSecondAttempt: Bool = false) {
        guard !isClosed else {
            operation.complete(.failure(PostgresError(.connectionLost, "The connection was lost before the statement was sent.")))
            return
        }
        if case .lease(let lease) = operation.route, lease.couldNotBegin {
            operation.complete(.failure(PostgresError(.transactionAborted, "The transaction could not begin.")))
            return
        }
        operation.driver = self
        let kind: ConnectionMachine<Operation>.Kind
        switch operation.purpose {
        case .statement, .begin, .endTransaction:
            takeBegin(for: operation)
            if let setting = machine.planSetting(for: operation.key) { sendInternal(setting) }
            kind = .statement(operation.key, begin: operation.begin)
        case .script: kind = .script
        case .copyIn: kind = .copyIn
        case .copyOut: kind = .copyOut
        }
        perform(machine.submit(operation, kind, isSecondAttempt: isSecondAttempt), for: operation)
    }

    /// The caller has gone. What happens next is the machine's decision.
    func cancel(_ operation: Operation) {
        switch machine.cancel(operation) {
        case .none: break
        case .removed, .dropAnswer: operation.complete(.failure(PostgresError.cancelled()))
        case .askServer: askServerToCancel()
        case .endCopyIn: endCopyIn(problem: "cancelled by the client")
        }
    }

    /// The lease ended. `becameQuiet` follows as soon as the connection is clean.
    func release() {
        isReleasing = true
        if machine.isCopyOpen { abandonCopy() }
        settle()
    }

    func lend() { isReleasing = false }

    private func takeBegin(for operation: Operation) {
        guard case .lease(let lease) = operation.route else { return }
        operation.begin = lease.pendingBegin.take()
    }

    private func perform(_ submission: ConnectionMachine<Operation>.Submission, for operation: Operation) {
        switch submission {
        case .send(let begin, let statement): send(operation, begin: begin, statement: statement)
        case .sendAlone: startAlone(operation)
        case .sendUnnamed, .wait: break
        case .reject(.closed): operation.complete(.failure(PostgresError(.connectionLost, "The connection is closed.")))
        case .reject(.busyWithCopy):
            operation.complete(.failure(PostgresError(.busy, "The connection is in the middle of a COPY; finish it first.")))
        }
    }

    private func send(_ operation: Operation, begin: ConnectionMachine<Operation>.Command?, statement: ConnectionMachine<Operation>.Command)
    {
        var sent = true
        if let begin, let key = operation.begin { sent = sendBegin(begin, text: key.text) }
        if statement.needsPrepare { sent = sent && prepare(operation, name: statement.name) }
        sent = sent && execute(operation.sql.parameters, name: statement.name) && PQpipelineSync(pointer) == 1
        afterSending(sent)
    }

    private func sendBegin(_ command: ConnectionMachine<Operation>.Command, text: String) -> Bool {
        if command.needsPrepare, PQsendPrepare(pointer, command.name, text, 0, nil) == 0 { return false }
        return PQsendQueryPrepared(pointer, command.name, 0, nil, nil, nil, 0) == 1
    }

    private func prepare(_ operation: Operation, name: String) -> Bool {
        delegate.prepared(on: self)
        let types = operation.key.types.map(\.rawValue)
        return PQsendPrepare(pointer, name, operation.sql.text, Int32(truncatingIfNeeded: types.count), types) == 1
    }

    private func execute(_ values: [PostgresParameter], name: String) -> Bool {
        parameters.withLayout(of: values) { count, values, lengths, formats in
            PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 0)
        } == 1
    }

    /// Runs a command of the driver's own.
    private func sendInternal(_ text: String) {
        guard case .sendUnnamed = machine.submitInternal() else { return }
        afterSending(PQsendQueryParams(pointer, text, 0, nil, nil, nil, nil, 0) == 1 && PQpipelineSync(pointer) == 1)
    }

    private func startAlone(_ operation: Operation) {
        let left = PQexitPipelineMode(pointer) == 1
        afterSending(left && PQsendQuery(pointer, operation.sql.text) == 1)
    }

    func afterSending(_ sent: Bool) {
        guard sent else {
            fail()
            return
        }
        flush()
    }

    func flush() {
        let state = PQflush(pointer)
        guard state >= 0 else {
            fail()
            return
        }
        setInterest(readable: wantsRead, writable: state == 1)
    }

    func setInterest(readable: Bool, writable: Bool) {
        guard !isClosed, readable != wantsRead || writable != wantsWrite else { return }
        wantsRead = readable
        wantsWrite = writable
        delegate.watch(self, readable: readable, writable: writable)
    }

    func setReading(_ reading: Bool) { setInterest(readable: reading, writable: wantsWrite) }
    func setWriting(_ writing: Bool) { setInterest(readable: wantsRead, writable: writing) }

    // MARK: Input and output

    func ready(readable: Bool, writable: Bool) {
        if writable { becameWritable() }
        guard readable, !isClosed else { return }
        if machine.isCopyOpen, machine.headMode == .copyIn {
            copyInBecameReadable()
            return
        }
        let isAlive = PQconsumeInput(pointer) == 1
        fetchResults()
        if !isAlive || PQstatus(pointer) == CONNECTION_BAD { fail() }
    }

    private func becameWritable() {
        flush()
        if !isClosed, !wantsWrite { copyOutputDrained() }
    }

    /// Takes what libpq has received, as far as it goes.
    func fetchResults() {
        while !isClosed, machine.expectsResults {
            if machine.isCopyOpen {
                guard pumpCopy() else { return }
                continue
            }
            guard PQisBusy(pointer) == 0 else { break }
            guard let result = PQgetResult(pointer) else {
                // A broken connection has nothing more to say, and says so for ever.
                if PQstatus(pointer) == CONNECTION_BAD { return }
                endOfResults()
                continue
            }
            handle(result)
        }
        if !isClosed { deliverNotifications() }
    }

    private func endOfResults() {
        if machine.isInPipelineMode {
            react(machine.received(.endOfCommand), to: nil)
            return
        }
        let status = transactionStatus()
        let returned = PQenterPipelineMode(pointer) == 1
        react(machine.aloneEnded(status), to: nil)
        if !returned { fail() }
    }

    func handle(_ result: OpaquePointer) {
        let event: ConnectionMachine<Operation>.Event
        switch PQresultStatus(result) {
        case PGRES_PIPELINE_SYNC: event = .sync(transactionStatus())
        case PGRES_PIPELINE_ABORTED: event = .skipped
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE: event = .failed(isStalePlan(result) ? .stalePlan : .server)
        case PGRES_COPY_IN: event = .copyInStarted
        case PGRES_COPY_OUT: event = .copyOutStarted
        default: event = .succeeded
        }
        react(machine.received(event), to: result)
    }

    private func isStalePlan(_ result: OpaquePointer) -> Bool {
        guard let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))) else { return false }
        // Only two classes can be it, so the whole error is read for those alone.
        guard state[0] == CChar(UInt8(ascii: "2")) || state[0] == CChar(UInt8(ascii: "0")) else { return false }
        return PostgresError(failedResult: result, statement: nil).isStalePlan
    }

    func react(_ reaction: ConnectionMachine<Operation>.Reaction, to result: OpaquePointer?) {
        switch reaction {
        case .keep:
            PQclear(answer)
            answer = result
            return
        case .none, .discard: break
        case .copyOpened(let operation): copyOpened(operation)
        case .finished(let operation, let succeeded, let wasCancelled):
            let received = answer.take()
            PQclear(result)
            finish(operation, received, succeeded: succeeded, wasCancelled: wasCancelled)
            return
        case .sendAgain(let operation):
            PQclear(answer.take())
            submit(operation, isSecondAttempt: true)
        case .unexpected:
            let status = PQresultStatus(result)
            PQclear(result)
            fail(status == PGRES_COPY_IN || status == PGRES_COPY_OUT ? Self.strayCopy : nil)
            return
        }
        PQclear(result)
    }

    private static let strayCopy = PostgresError(
        .encode, "COPY works through copyIn and copyOut only, each in its own direction. The connection had to be closed."
    )

    private func finish(_ operation: Operation?, _ received: OpaquePointer?, succeeded: Bool, wasCancelled: Bool) {
        if wasCancelled || !machine.isCancelOutstanding { answerDeadline = nil }
        repeatCancelAt = nil
        if let operation {
            if operation.begin != nil || operation.purpose == .begin, machine.transaction == .idle, case .lease(let lease) = operation.route
            {
                lease.couldNotBegin = true
            }
            let outcome = outcome(of: operation, received, succeeded: succeeded, wasCancelled: wasCancelled)
            operation.complete(outcome)
            delegate.finishedStatement(on: self, operation)
        } else {
            PQclear(received)
        }
        if machine.startCancelOfHead() { askServerToCancel() }
        settle()
    }

    private func outcome(
        of operation: Operation, _ received: OpaquePointer?, succeeded: Bool, wasCancelled: Bool
    ) -> Result<PostgresResult, any Error> {
        guard let received else {
            return .failure(PostgresError(.connectionLost, "The server ended the statement without an answer."))
        }
        if succeeded { return .success(PostgresResult(storage: ResultStorage(received))) }
        defer { PQclear(received) }
        let error = PostgresError(failedResult: received, statement: operation.sql.text)
        if error.isReadOnly { refusedWrite = true }
        return .failure(wasCancelled && error.sqlState == "57014" ? PostgresError.cancelled() : error)
    }

    /// Sends what had to wait, tidies up, and reports when a released connection is clean.
    private func settle() {
        while !isClosed, let (operation, submission) = machine.nextWaiting() { perform(submission, for: operation) }
        while !isClosed, let name = machine.nextDiscarded() { sendInternal("DEALLOCATE \(name)") }
        guard !isClosed, machine.isQuiet else { return }
        if machine.ownership == .shared, machine.transaction != .idle {
            fail(PostgresError(.busy, "A transaction was begun on a shared connection, which is closed for that reason."))
            return
        }
        guard isReleasing else { return }
        if machine.transaction != .idle {
            sendInternal("ROLLBACK")
        } else {
            isReleasing = false
            delegate.becameQuiet(self)
        }
    }

    private func transactionStatus() -> ConnectionMachine<Operation>.TransactionStatus {
        switch PQtransactionStatus(pointer) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_INERROR: .failed
        // While more is in flight libpq doesn't tell. On a shared connection there are no transactions; elsewhere assume one.
        case PQTRANS_ACTIVE where machine.ownership == .shared: .idle
        default: .open
        }
    }

    private func deliverNotifications() {
        while let notification = PQnotifies(pointer) {
            defer { PQfreemem(notification) }
            guard let channel = notification.pointee.relname, let payload = notification.pointee.extra else { continue }
            delegate.received(
                notification: String(cString: payload), channel: String(cString: channel), processID: notification.pointee.be_pid
            )
        }
    }

    // MARK: Cancelling

    private func askServerToCancel() {
        guard let handle = CancelHandle(pointer) else {
            fail()
            return
        }
        delegate.sendCancel(for: self, handle)
    }

    func cancelEnded() {
        machine.cancelEnded()
        guard !isClosed else { return }
        if machine.shouldRepeatCancel {
            delegate.wantsCancelRepeated(self)
        } else if machine.startCancelOfHead() {
            askServerToCancel()
        }
        settle()
    }

    func repeatCancel() {
        if !isClosed, machine.shouldRepeatCancel, machine.startCancelOfHead() { askServerToCancel() }
    }

    // MARK: Ending

    /// The connection is of no more use: everyone without an answer hears why.
    func fail(_ reason: PostgresError? = nil) {
        guard !isClosed else { return }
        isClosed = true
        let error = reason ?? lossReason()
        for (operation, wasSent) in machine.close() {
            operation.complete(
                .failure(wasSent ? error : PostgresError(.connectionLost, "The connection was lost before the statement was sent.")))
        }
        delegate.lost(self, error)
        finishPointer()
    }

    /// Closes an idle connection.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        _ = machine.close()
        finishPointer()
    }

    /// Closes a connection that nobody took.
    static func discard(_ connection: OpenConnection) { PQfinish(connection.pointer) }

    private func finishPointer() {
        PQclear(answer.take())
        PQfinish(pointer)
    }

    private func lossReason() -> PostgresError {
        if let answer, PQresultStatus(answer) == PGRES_FATAL_ERROR {
            return PostgresError(failedResult: answer, statement: nil).asLoss()
        }
        let message = PQerrorMessage(pointer).map { String(cString: $0) } ?? ""
        let line = message.split(separator: "\n").first.map(String.init) ?? "the server closed it"
        return PostgresError(.connectionLost, "The connection was lost: \(line)")
    }
}

/// Asks the server to cancel what a connection does. Blocks, so it is used on a thread of its own.
///
/// SAFETY: a PGcancel is a copy of an address and a key, and one thread has it at a time (PostgreSQL manual, 34.7).
final class CancelHandle: @unchecked Sendable {
    private let pointer: OpaquePointer

    init?(_ connection: OpaquePointer) {
        guard let pointer = PQgetCancel(connection) else { return nil }
        self.pointer = pointer
    }

    deinit { PQfreeCancel(pointer) }

    func send() {
        var message = [CChar](repeating: 0, count: 256)
        PQcancel(pointer, &message, 256)
    }
}
