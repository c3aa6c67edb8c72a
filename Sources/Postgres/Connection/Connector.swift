import CLibPQ
import Glibc

/// A connection on its way from the thread that made it to the reactor.
///
/// SAFETY: only one thread has it at a time; the hand-over goes through the reactor's inbox.
struct OpenConnection: @unchecked Sendable {
    let pointer: OpaquePointer
}

/// Opens connections on a thread of their own, since looking up a name and some ways of authenticating block.
enum Connector {
    /// Why there is no connection.
    struct Refusal: Error, Sendable {
        let error: PostgresError
        /// Trying again won't help: wrong password, no such database, server too old.
        let isPermanent: Bool
    }

    static let oldestServer: Int32 = 150_000

    static func open(
        _ configuration: PostgresConfiguration, completion: @escaping @Sendable (Result<OpenConnection, Refusal>) -> Void
    ) {
        do {
            try DetachedThread.start { completion(open(configuration)) }
        } catch {
            let error = error as? PostgresError ?? PostgresError(.connection, "Can't start a thread.")
            completion(.failure(Refusal(error: error, isPermanent: false)))
        }
    }

    private static func open(_ configuration: PostgresConfiguration) -> Result<OpenConnection, Refusal> {
        let keywords = configuration.connectionKeywords
        guard let connection = start(keywords) else {
            return .failure(Refusal(error: PostgresError(.connection, "Out of memory."), isPermanent: false))
        }
        ignoreNotices(connection)
        // Verbose messages contain the SQLSTATE, which libpq doesn't give otherwise for a failed connection.
        PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        if let refusal = waitUntilOpen(connection, configuration) ?? refusal(ofServerVersion: PQserverVersion(connection)) {
            PQfinish(connection)
            return .failure(refusal)
        }
        PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
        guard PQsetnonblocking(connection, 1) == 0, PQenterPipelineMode(connection) == 1 else {
            PQfinish(connection)
            return .failure(Refusal(error: PostgresError(.connection, "The connection can't be pipelined."), isPermanent: false))
        }
        return .success(OpenConnection(pointer: connection))
    }

    private static func start(_ keywords: [(String, String)]) -> OpaquePointer? {
        let names = keywords.map { strdup($0.0) } + [nil]
        let values = keywords.map { strdup($0.1) } + [nil]
        defer { (names + values).forEach { free($0) } }
        return PQconnectStartParams(names.map { UnsafePointer($0) }, values.map { UnsafePointer($0) }, 0)
    }

    /// Waits until the connection is made; nil when it is.
    private static func waitUntilOpen(_ connection: OpaquePointer, _ configuration: PostgresConfiguration) -> Refusal? {
        let deadline = ContinuousClock.now + configuration.connectTimeout
        guard PQstatus(connection) != CONNECTION_BAD else { return refusal(connection) }
        var wanted = PGRES_POLLING_WRITING
        while true {
            let left = ContinuousClock.now.duration(to: deadline).components
            guard left.seconds >= 0, left.attoseconds >= 0 else {
                let message = "No connection to \(configuration) within \(configuration.connectTimeout)."
                return Refusal(error: PostgresError(.connection, message), isPermanent: false)
            }
            let events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT
            var descriptor = pollfd(fd: PQsocket(connection), events: Int16(events), revents: 0)
            let milliseconds = min(left.seconds, 3600) * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1
            guard poll(&descriptor, 1, Int32(milliseconds)) > 0 else { continue }
            wanted = PQconnectPoll(connection)
            if wanted == PGRES_POLLING_OK { return nil }
            if wanted == PGRES_POLLING_FAILED { return refusal(connection) }
        }
    }

    /// nil when the server is young enough.
    static func refusal(ofServerVersion version: Int32) -> Refusal? {
        guard version < oldestServer else { return nil }
        let error = PostgresError(
            .unsupportedServer,
            "PostgreSQL 15 or newer is needed; this server is version \(versionText(version)). Upgrade it, or name another."
        )
        return Refusal(error: error, isPermanent: true)
    }

    /// 140012 is 14.12, and 90624 is 9.6.24.
    static func versionText(_ version: Int32) -> String {
        version >= 100_000
            ? "\(version / 10_000).\(version % 10_000)" : "\(version / 10_000).\(version / 100 % 100).\(version % 100)"
    }

    private static func refusal(_ connection: OpaquePointer) -> Refusal {
        let text = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
        let sqlState = sqlState(in: text)
        let message = text.split(separator: "\n").first { !$0.hasPrefix("LOCATION:") }.map(String.init) ?? "The connection failed."
        // Wrong password, no such database, no such setting.
        let isPermanent = ["28", "3D", "22", "42"].contains { sqlState?.hasPrefix($0) == true }
        return Refusal(error: PostgresError(.connection, message, sqlState: sqlState), isPermanent: isPermanent)
    }

    /// A verbose message reads `FATAL:  28P01: password authentication failed …`, the first word translated.
    static func sqlState(in message: String) -> String? {
        let bytes = Array(message.utf8)
        guard bytes.count > 8 else { return nil }
        for start in 0..<bytes.count - 8 where bytes[start] == UInt8(ascii: ":") && bytes[start + 8] == UInt8(ascii: ":") {
            let code = bytes[start + 3..<start + 8]
            guard bytes[start + 1] == UInt8(ascii: " "), bytes[start + 2] == UInt8(ascii: " ") else { continue }
            let isCode = code.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
            }
            if isCode { return String(decoding: code, as: UTF8.self) }
        }
        return nil
    }

    /// libpq would print them to standard error. Notices may quote values, so they don't belong in a log either.
    private static func ignoreNotices(_ connection: OpaquePointer) {
        PQsetNoticeReceiver(connection, { _, _ in }, nil)
    }
}
