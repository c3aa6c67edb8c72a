/// Everything the PostgreSQL client throws.
///
/// `description` may go to any log: it holds no parameter values and no DETAIL line. `debugDescription` holds everything the
/// server said and belongs to a developer's terminal.
package struct PostgresError: Error, Sendable {
    /// What kind of failure this is. A struct over an internal enum, so that a new code breaks no `switch`.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        fileprivate enum Kind: String {
            case configuration = "postgres.configuration"
            case connection = "postgres.connection"
            case connectionLost = "postgres.connection_lost"
            case unsupportedServer = "postgres.unsupported_server"
            case server = "postgres.server"
            case timeout = "postgres.timeout"
            case cancelled = "postgres.cancelled"
            case poolExhausted = "postgres.pool_exhausted"
            case busy = "postgres.busy"
            case closed = "postgres.closed"
            case transactionAborted = "postgres.transaction_aborted"
            case encode = "postgres.encode"
            case decode = "postgres.decode"
        }

        fileprivate let kind: Kind

        /// The database URL or a setting is malformed.
        package static let configuration = Code(kind: .configuration)
        /// No connection could be made.
        package static let connection = Code(kind: .connection)
        /// The connection broke after the statement had been sent: whether it took effect is not known.
        package static let connectionLost = Code(kind: .connectionLost)
        /// The server is older than PostgreSQL 15.
        package static let unsupportedServer = Code(kind: .unsupportedServer)
        /// The server refused or failed the statement; `sqlState` says why.
        package static let server = Code(kind: .server)
        /// A time limit of the client passed.
        package static let timeout = Code(kind: .timeout)
        /// The calling task was cancelled.
        package static let cancelled = Code(kind: .cancelled)
        /// Every connection was in use for as long as the caller was willing to wait.
        package static let poolExhausted = Code(kind: .poolExhausted)
        /// The connection is in the middle of a COPY or was used after its scope ended.
        package static let busy = Code(kind: .busy)
        /// The client has been shut down.
        package static let closed = Code(kind: .closed)
        /// The transaction had failed before its end and was rolled back although the caller asked to commit.
        package static let transactionAborted = Code(kind: .transactionAborted)
        /// A value can't be sent, for example text with a NUL in it.
        package static let encode = Code(kind: .encode)
        /// A value of the result isn't what the caller asked for.
        package static let decode = Code(kind: .decode)

        /// The stable text of the code, such as `postgres.pool_exhausted`.
        package var description: String { kind.rawValue }
    }

    /// What the server attached to its error. All names as PostgreSQL reports them.
    package struct ServerFields: Sendable, Hashable {
        package var severity: String = ""
        package var detail: String?
        package var hint: String?
        package var context: String?
        package var schema: String?
        package var table: String?
        package var column: String?
        package var dataType: String?
        package var constraint: String?
        /// Character position in the statement, counted from 1.
        package var position: Int?
        /// The function of the server's source that raised the error; unlike the message it is never translated.
        package var routine: String?
        /// The statement that was refused (its text has placeholders, never values).
        package var statement: String?

        package init() {}
    }

    private final class Storage: Sendable {
        let code: Code
        let message: String
        let sqlState: String?
        let server: ServerFields?

        init(code: Code, message: String, sqlState: String?, server: ServerFields?) {
            self.code = code
            self.message = message
            self.sqlState = sqlState
            self.server = server
        }
    }

    private let storage: Storage

    package init(_ code: Code, _ message: String, sqlState: String? = nil, server: ServerFields? = nil) {
        self.storage = Storage(code: code, message: message, sqlState: sqlState, server: server)
    }

    package var code: Code { storage.code }
    /// What went wrong. A server's message may quote values of the statement: see `description` for what is safe to log.
    package var message: String { storage.message }
    /// The five characters of SQLSTATE, when the server spoke.
    package var sqlState: String? { storage.sqlState }
    package var server: ServerFields? { storage.server }
    package var constraint: String? { storage.server?.constraint }
    package var table: String? { storage.server?.table }
    package var column: String? { storage.server?.column }
    package var position: Int? { storage.server?.position }
    package var detail: String? { storage.server?.detail }

    /// The server is away, or was when the statement was on its way. The client's own log tells of it once, so that its callers needn't.
    package var isOutage: Bool {
        isReadOnly || code == .connection || code == .connectionLost || sqlState.map { $0.hasPrefix("08") || $0.hasPrefix("57P") } ?? false
    }

    /// The database takes no writes: it is a standby, or set to read only.
    package var isReadOnly: Bool { sqlState == "25006" }
    /// The same for whoever wanted to write.
    package static let takesNoWrites =
        "The database takes no writes just now: it is a standby, or set to read only. Try again later; whoever runs the server has to name the primary, or to "
        + "let the database write again."

    package var isLockTimeout: Bool { sqlState == "55P03" }
    /// Serialization failure or deadlock: the whole transaction may be tried again.
    package var isSerializationFailure: Bool { sqlState == "40001" || sqlState == "40P01" }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String {
        var text = "\(code): "
        if let sqlState {
            text += "SQLSTATE \(sqlState)"
            if Self.messageQuotesNoValues(sqlState) { text += ", \(message)" }
            if let table { text += ", table \(table)" }
            if let column { text += ", column \(column)" }
            if let constraint { text += ", constraint \(constraint)" }
            if let position { text += ", at character \(position)" }
        } else {
            text += message
        }
        return text
    }

    package var debugDescription: String {
        var text = "\(code): \(message)"
        if let sqlState { text += " (SQLSTATE \(sqlState))" }
        guard let server else { return text }
        let lines: [(String, String?)] = [
            ("detail", server.detail), ("hint", server.hint), ("context", server.context), ("schema", server.schema),
            ("table", server.table), ("column", server.column), ("type", server.dataType), ("constraint", server.constraint),
            ("position", server.position.map(String.init)), ("statement", server.statement),
        ]
        for (name, value) in lines {
            if let value { text += "\n  \(name): \(value)" }
        }
        return text
    }

    /// Messages of these classes name objects of the schema only. Others, such as class 22, quote the value they refuse.
    private static func messageQuotesNoValues(_ sqlState: String) -> Bool {
        let safe = ["08", "0A", "23", "25", "26", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58"]
        return safe.contains(String(sqlState.prefix(2)))
    }
}

extension PostgresError {
    static func cancelled() -> PostgresError {
        PostgresError(.cancelled, "The calling task was cancelled.")
    }

    static func closed() -> PostgresError {
        PostgresError(.closed, "The PostgreSQL client has been shut down.")
    }
}
