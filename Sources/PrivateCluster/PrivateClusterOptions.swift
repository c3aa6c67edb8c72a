import Glibc

/// How Tessera runs its own PostgreSQL.
package struct PrivateClusterOptions: Sendable {
    /// How much memory the settings are made for.
    package enum Memory: Sendable, Equatable {
        /// What the machine or the control group has.
        case detected
        /// So many mebibytes, 64 or more.
        case mebibytes(Int)
    }

    /// The folder that holds everything of the cluster, `<DATA>/postgres` as a rule: `data/` is PostgreSQL's own data folder,
    /// `log/` its log, `lock` keeps a second Tessera out. Created when missing. Made absolute against the working directory.
    package var dataDirectory: String

    /// The folder below which the socket's folder is made. Chosen when nil: `/run/tessera` for root, else
    /// `/tmp`. The socket's path may not be longer than 107 bytes.
    package var socketRoot: String?

    /// Where `postgres` and `initdb` are. Searched for when nil: `$TESSERA_POSTGRES_BIN`, `/usr/lib/postgresql/*/bin`, `$PATH`.
    package var binariesDirectory: String?

    /// The user to run PostgreSQL as when started as root. When nil: the owner of an existing data folder, then `$TESSERA_POSTGRES_USER`,
    /// `postgres`, `tessera`. Never created. Ignored when not root.
    package var user: String?

    /// False lets PostgreSQL lose data in a power cut, for tests only.
    package var durable = true

    package var memory = Memory.detected

    /// PostgreSQL's `max_connections`.
    package var maxConnections = 100

    /// Further PostgreSQL settings, given on the command line and so above every file.
    package var settings: [String: String] = [:]

    /// How long to wait for PostgreSQL to accept connections; recovery after a crash counts in.
    package var startTimeout = Duration.seconds(600)

    /// How long a fast shutdown may take before an immediate one follows.
    package var stopTimeout = Duration.seconds(30)

    /// The variables looked at; the process's own unless a test says otherwise.
    package var environment: [String: String]

    package init(dataDirectory: String, environment: [String: String] = PrivateClusterOptions.processEnvironment()) {
        self.dataDirectory = dataDirectory
        self.environment = environment
    }

    /// The variables of this process that the cluster looks at; the server itself is given none of the others, so that a stray
    /// `PGOPTIONS` or `PGDATA` changes nothing.
    package static func processEnvironment() -> [String: String] {
        let names = [
            "HOME", "PATH", "XDG_DATA_HOME", "TESSERA_POSTGRES_BIN", "TESSERA_POSTGRES_USER", "LD_LIBRARY_PATH",
        ]
        var found: [String: String] = [:]
        for name in names {
            // SAFETY: getenv returns nil or a zero-terminated string, copied at once.
            if let value = getenv(name) { found[name] = String(cString: value) }
        }
        return found
    }
}
