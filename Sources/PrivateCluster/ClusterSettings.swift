/// The settings that Tessera gives its PostgreSQL.
///
/// Defaults go into `tessera.conf`, which is written anew at every start and can be overridden in `postgresql.conf`. What Tessera relies
/// on (where the socket lies, that nothing listens on the network, that acknowledged data is on disk) goes onto the command line,
/// which no file overrides.
enum ClusterSettings {
    static let fileName = "tessera.conf"

    /// Put at the end of the `postgresql.conf` that initdb makes.
    static let includeLines = """

        # Tessera writes tessera.conf at every start. Settings of your own go below this line and win over it.
        include_if_exists = 'tessera.conf'

        """

    static func commandLine(_ options: PrivateClusterOptions, socketDirectory: String) -> [String] {
        var settings = [
            "listen_addresses": "",
            "port": String(SocketFolder.port),
            "unix_socket_directories": socketDirectory,
            "unix_socket_permissions": "0700",
        ]
        // Even a test's cluster keeps what it acknowledged when processes are killed; only a power cut may cost it data.
        settings["synchronous_commit"] = "on"
        for name in ["fsync", "full_page_writes"] { settings[name] = options.durable ? "on" : "off" }
        settings.merge(options.settings) { _, own in own }
        return settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
    }

    static func file(_ options: PrivateClusterOptions, logDirectory: String) -> String {
        let memory =
            switch options.memory {
            case .detected: MachineMemory.mebibytes()
            case .mebibytes(let number): max(64, number)
            }
        let lines =
            memorySettings(memory) + fixedSettings + [
                ("max_connections", String(max(10, options.maxConnections))),
                ("log_directory", quoted(logDirectory)),
            ]
        return "# Written by Tessera at every start. Put your own settings into postgresql.conf, at the end.\n"
            + lines.map { "\($0.0) = \($0.1)\n" }.joined()
    }

    /// An eighth of the memory for PostgreSQL's own cache: the rest serves as the system's file cache and Tessera itself.
    static func memorySettings(_ mebibytes: Int) -> [(String, String)] {
        func between(_ low: Int, _ value: Int, _ high: Int) -> String { "\(min(max(low, value), high))MB" }
        return [
            ("shared_buffers", between(16, mebibytes / 8, 8192)),
            ("effective_cache_size", between(64, mebibytes / 2, 1 << 20)),
            ("work_mem", between(4, mebibytes / 1024, 64)),
            ("maintenance_work_mem", between(32, mebibytes / 32, 1024)),
            ("max_wal_size", between(256, mebibytes / 4, 4096)),
            ("min_wal_size", "80MB"),
        ]
    }

    private static let fixedSettings = [
        ("timezone", "'UTC'"),
        ("log_timezone", "'UTC'"),
        // Short statements gain nothing from compilation, and the library costs each connection memory.
        ("jit", "off"),
        // Solid-state disks; for the odd disk with heads set it back to 4.
        ("random_page_cost", "1.1"),
        ("wal_compression", "on"),
        ("checkpoint_timeout", "10min"),
        // One transaction of `apply` may touch many tables.
        ("max_locks_per_transaction", "256"),
        // Records change often and tables are small to middling: look at them sooner than after a fifth has changed.
        ("autovacuum_vacuum_scale_factor", "0.05"),
        ("autovacuum_analyze_scale_factor", "0.02"),
        // A week of files, each overwritten after seven days.
        ("logging_collector", "on"),
        ("log_filename", "'postgres-%a.log'"),
        ("log_truncate_on_rotation", "on"),
        ("log_rotation_age", "1d"),
        ("log_rotation_size", "0"),
        // Statements and details hold people's data, and Tessera reports its own failures.
        ("log_statement", "none"),
        ("log_min_error_statement", "panic"),
        ("log_error_verbosity", "terse"),
    ]

    /// A string as PostgreSQL's configuration files write it.
    static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
