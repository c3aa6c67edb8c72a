/// An installed PostgreSQL server.
struct ServerBinaries: Equatable, Sendable {
    static let oldestMajor = 15

    /// The folder that holds `postgres` and `initdb`.
    let directory: String
    /// As `postgres -V` and `server_version` give it, packager's suffix included.
    let version: String
    let major: Int

    func path(of program: String) -> String { "\(directory)/\(program)" }

    /// The newest server that fits: of the given major version when a data folder asks for one, else 15 or newer.
    static func find(
        _ options: PrivateClusterOptions, dataMajor: Int?, user: ClusterUser
    ) async throws(PrivateClusterError) -> ServerBinaries {
        var seen: [ServerBinaries] = []
        let named = options.binariesDirectory ?? options.environment["TESSERA_POSTGRES_BIN"]
        for directory in named.map({ [Files.absolute($0)] }) ?? searchedDirectories(options.environment["PATH"] ?? "") {
            guard let binaries = try await inspect(directory, options, user) else { continue }
            if binaries.major >= oldestMajor && (dataMajor == nil || binaries.major == dataMajor) { return binaries }
            seen.append(binaries)
        }
        throw notFound(dataMajor: dataMajor, named: named, seen: seen)
    }

    /// Debian's folders, the newest version first, then everywhere that programs are looked for.
    static func searchedDirectories(_ searchPath: String) -> [String] {
        let root = "/usr/lib/postgresql"
        let versions = Files.names(in: root).compactMap { Int($0) }.sorted(by: >)
        var directories = versions.map { "\(root)/\($0)/bin" }
        for directory in searchPath.split(separator: ":").map(String.init) + ["/usr/local/pgsql/bin"]
        where directory.hasPrefix("/") && !directories.contains(directory) {
            directories.append(directory)
        }
        return directories
    }

    private static func inspect(
        _ directory: String, _ options: PrivateClusterOptions, _ user: ClusterUser
    ) async throws(PrivateClusterError) -> ServerBinaries? {
        let postgres = directory + "/postgres"
        guard Files.isExecutable(postgres), Files.isExecutable(directory + "/initdb") else { return nil }
        let command = Command(executable: postgres, arguments: ["-V"], user: user, environment: serverEnvironment(options))
        let outcome = try await command.run()
        guard outcome.end == .exited(0), let (version, major) = parse(version: outcome.output) else { return nil }
        return ServerBinaries(directory: directory, version: version, major: major)
    }

    /// From `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, also `17beta1`.
    static func parse(version line: String) -> (version: String, major: Int)? {
        let prefix = "postgres (PostgreSQL) "
        guard let first = line.split(separator: "\n").first, first.hasPrefix(prefix) else { return nil }
        let version = first.dropFirst(prefix.count)
        guard let major = Int(version.prefix { $0.isNumber && $0.isASCII }) else { return nil }
        return (String(version), major)
    }

    /// The variables that server programs get: no stray PGDATA or PGOPTIONS, messages in English.
    static func serverEnvironment(_ options: PrivateClusterOptions) -> [String: String] {
        var variables = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"]
        variables["LD_LIBRARY_PATH"] = options.environment["LD_LIBRARY_PATH"]
        return variables
    }

    private static func notFound(dataMajor: Int?, named: String?, seen: [ServerBinaries]) -> PrivateClusterError {
        let found =
            seen.isEmpty
            ? "none was found" : "found: " + seen.map { "\($0.version) in \($0.directory)" }.joined(separator: ", ")
        if let dataMajor {
            let support = dataMajor < oldestMajor ? "; Tessera needs \(oldestMajor) or newer, so upgrade the folder with pg_upgrade" : ""
            return PrivateClusterError(
                .versionMismatch,
                "the data folder was made by PostgreSQL \(dataMajor), and that version is not installed (\(found)); "
                    + "install it (apt install postgresql-\(dataMajor)), or move the data to an installed version with pg_upgrade"
                    + support)
        }
        let place = named.map { "in \($0)" } ?? "in /usr/lib/postgresql/*/bin and on the PATH"
        return PrivateClusterError(
            .binariesNotFound,
            "no PostgreSQL \(oldestMajor) or newer \(place): \(found); install it (apt install postgresql), or name the folder that holds "
                + "postgres and initdb in TESSERA_POSTGRES_BIN, or name a running server in TESSERA_DATABASE_URL")
    }
}
