import Glibc
import Logging

/// Makes the data folder of a new cluster.
struct ClusterInitializer {
    let options: PrivateClusterOptions
    let folder: ClusterFolder
    let user: ClusterUser
    let logger: Logger

    /// The major version that made the data folder, or nil when there is none yet.
    func existingMajor() throws(PrivateClusterError) -> Int? {
        guard let facts = try FileFacts.of(folder.data) else { return nil }
        guard facts.kind == .directory else {
            throw PrivateClusterError(.folderForeign, "\(folder.data) is not a folder; remove it or choose another data folder")
        }
        guard facts.owner == user.uid else {
            let owner = ClusterUser.entry(uid: facts.owner)?.name ?? "uid \(facts.owner)"
            throw PrivateClusterError(
                .folderForeign, "\(folder.data) belongs to user \(owner) and not to \(user.name); start Tessera as \(owner)")
        }
        if rmdir(folder.data) == 0 { return nil }
        guard let text = Files.readText(folder.data + "/PG_VERSION", limit: 32), let major = Int(text.prefix { $0.isNumber }) else {
            throw PrivateClusterError(
                .folderForeign, "\(folder.data) is not empty and not PostgreSQL's either; remove it or choose another data folder")
        }
        return major
    }

    /// Initialises in a folder beside and renames it into place when it is complete and on disk: whatever ends us on the way, there is
    /// either no cluster or a whole one.
    func initialize(_ binaries: ServerBinaries) async throws(PrivateClusterError) {
        let staging = "\(folder.path)/\(ClusterFolder.stagingPrefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
        logger.info("initialising a PostgreSQL cluster", metadata: ["folder": "\(folder.data)", "version": "\(binaries.version)"])
        let command = Command(
            executable: binaries.path(of: "initdb"), arguments: arguments(staging, major: binaries.major), user: user,
            environment: ServerBinaries.serverEnvironment(options), ownSession: true)
        let outcome = try await command.run()
        guard outcome.end == .exited(0) else {
            await removeLeftovers()
            throw PrivateClusterError(
                .initFailed, "initdb for \(folder.data) \(outcome.end):\n\(PostmasterLog.lastLines(outcome.output, count: 12))")
        }
        try Files.append(staging + "/postgresql.conf", ClusterSettings.includeLines, owner: user, sync: options.durable)
        guard rename(staging, folder.data) == 0 else { throw .system("rename \(staging) to", folder.data, errno) }
        if options.durable { Files.syncDirectory(folder.path) }
    }

    private func arguments(_ staging: String, major: Int) -> [String] {
        // Comparison by code point either way. From 17 on PostgreSQL brings that locale itself, so no upgrade of the C library touches it.
        let locale =
            major >= 17
            ? ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            : ["--locale=\(ClusterInitializer.hasLocale("C.UTF-8") ? "C.UTF-8" : "C")"]
        let durability = options.durable ? [] : ["--no-sync"]
        return ["--pgdata=\(staging)", "--username=\(PrivateCluster.role)", "--encoding=UTF8", "--lc-messages=C"] + locale
            + ["--auth-local=trust", "--auth-host=reject", "--data-checksums", "--no-instructions"] + durability
    }

    private static func hasLocale(_ name: String) -> Bool {
        // SAFETY: the locale object is freed at once and never installed.
        guard let locale = newlocale(LC_CTYPE_MASK | LC_COLLATE_MASK, name, nil) else { return false }
        freelocale(locale)
        return true
    }

    /// Removes what interrupted runs left. An `initdb` whose Tessera was killed ends at its next line of output, whose reader is gone; it
    /// works in a folder that nobody renames any more, so it can do no harm meanwhile.
    func removeLeftovers() async {
        for name in Files.names(in: folder.path) where name.hasPrefix(ClusterFolder.stagingPrefix) {
            let path = "\(folder.path)/\(name)"
            let removal = Command(executable: "/bin/rm", arguments: ["-rf", "--one-file-system", "--", path], user: user)
            let outcome = try? await removal.run()
            if outcome?.end != .exited(0) {
                logger.warning(
                    "cannot remove an unfinished data folder; it is tried again at the next start", metadata: ["folder": "\(path)"])
            }
        }
    }
}
