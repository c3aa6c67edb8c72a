/// What went wrong with the private PostgreSQL: where, what, and what to do about it.
///
/// Messages hold paths, process ids, user names and lines of the server's log, never data or secrets.
package struct PrivateClusterError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A stable name of the kind of failure, for tests and for programs that react to it.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case binariesNotFound = "cluster.binaries_not_found"
            case versionMismatch = "cluster.version_mismatch"
            case notInitialised = "cluster.not_initialised"
            case inUse = "cluster.in_use"
            case doesNotEnd = "cluster.does_not_end"
            case noUser = "cluster.no_user"
            case folderUnreachable = "cluster.folder_unreachable"
            case folderForeign = "cluster.folder_foreign"
            case socketFolderUnsafe = "cluster.socket_folder_unsafe"
            case socketPathTooLong = "cluster.socket_path_too_long"
            case initFailed = "cluster.init_failed"
            case startFailed = "cluster.start_failed"
            case startTimedOut = "cluster.start_timed_out"
            case stopped = "cluster.stopped"
            case systemCall = "cluster.system_call"
            case session = "cluster.session"
        }

        private let kind: Kind

        /// No PostgreSQL 15 or newer is installed where it was looked for.
        package static let binariesNotFound = Code(kind: .binariesNotFound)
        /// The data folder was made by a major version that is not installed.
        package static let versionMismatch = Code(kind: .versionMismatch)
        /// The data folder has no cluster, and nobody is making one.
        package static let notInitialised = Code(kind: .notInitialised)
        /// Another Tessera uses the data folder.
        package static let inUse = Code(kind: .inUse)
        /// Processes of an earlier PostgreSQL still work in the data folder.
        package static let doesNotEnd = Code(kind: .doesNotEnd)
        /// Started as root, and there is no unprivileged user to run PostgreSQL as.
        package static let noUser = Code(kind: .noUser)
        /// The user that runs PostgreSQL cannot enter a directory above the data folder.
        package static let folderUnreachable = Code(kind: .folderUnreachable)
        /// The data folder belongs to somebody else, or holds something else.
        package static let folderForeign = Code(kind: .folderForeign)
        /// The folder for the socket exists and is not safely ours.
        package static let socketFolderUnsafe = Code(kind: .socketFolderUnsafe)
        /// The socket's path would not fit into a socket address.
        package static let socketPathTooLong = Code(kind: .socketPathTooLong)
        /// `initdb` failed.
        package static let initFailed = Code(kind: .initFailed)
        /// `postgres` ended before it accepted connections.
        package static let startFailed = Code(kind: .startFailed)
        /// `postgres` did not accept connections in time.
        package static let startTimedOut = Code(kind: .startTimedOut)
        /// The cluster was stopped for good; it cannot be restarted through the same value.
        package static let stopped = Code(kind: .stopped)
        /// The operating system refused something that should have worked.
        package static let systemCall = Code(kind: .systemCall)
        /// The server answered the start-up check with an error.
        package static let session = Code(kind: .session)

        package var description: String { kind.rawValue }
    }

    package let code: Code
    package let message: String

    package var description: String { "\(code): \(message)" }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// A failed system call, named with its path and the reason the system gave.
    static func system(_ action: String, _ path: String, _ errorNumber: Int32) -> PrivateClusterError {
        PrivateClusterError(.systemCall, "cannot \(action) \(path): \(SystemError.text(errorNumber))")
    }
}
