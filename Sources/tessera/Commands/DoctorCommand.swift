import ArgumentParser
import Catalog
import Files
import Glibc
import Manifests
import ModuleHost
import Postgres
import PrivateCluster
import Records
import SchemaPlan

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check deployment, settings, modules, database, schema, disk and clock, and say how to mend what is wrong.",
        discussion: """
            Changes nothing. Of a running server (--server, TESSERA_URL) it checks what can be told from elsewhere: whether it answers and is ready, \
            its version and clock, the token and its rate limit. Exit code 0 when all is well, 1 otherwise.

              tessera doctor --deployment mine.yaml --data /var/lib/tessera
              tessera doctor --server https://crm.example.org
            """)

    @OptionGroup var source: SourceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reportingFailures {
            let options = source.deployment
            var report = DoctorReport()
            if let address = try source.address() {
                await report.checkServer(address, source)
                return try show(report)
            }
            let deployment = await report.check("deployment", mend: "mend the files as the errors say; see docs/manifests.md") {
                let deployment = try options.load()
                return (
                    "\(deployment.path), \(deployment.catalog.modules.count.counted("module")), "
                        + deployment.catalog.types.count.counted("record type"),
                    deployment
                )
            }
            if let deployment {
                await report.checkModules(of: deployment)
            }
            await report.checkDatabase(options, deployment)
            for folder in Self.folders(options) {
                await report.check("disk", mend: "make room on the file system of \(folder)") { (try Disk.free(at: folder), ()) }
            }
            try show(report)
        }
    }

    /// Where this machine's disk fills: the private database, and uploads, also those on their way to an object store.
    private static func folders(_ options: DeploymentOptions) -> [String] {
        var folders: [String] = []
        if Database.namedURL == nil, let data = options.data ?? PrivateCluster.defaultDataDirectory() {
            folders.append(Database.absolute(data))
        }
        if let files = try? FileSettings.folder(options), !folders.contains(where: { files.hasPrefix("\($0)/") }) { folders.append(files) }
        return folders
    }

    private func show(_ report: DoctorReport) throws {
        Console.print(output.isJSON ? report.json : report.text)
        guard report.isFine else { throw ExitCode.wrongInput }
    }
}

/// What the doctor found, in the order of the checks.
struct DoctorReport {
    struct Finding {
        var name: String
        var isFine: Bool
        var detail: String
        var mend: String?
    }

    private(set) var findings: [Finding] = []

    var isFine: Bool { findings.allSatisfy(\.isFine) }

    var text: String {
        findings.map { finding in
            let mark = finding.isFine ? Console.styled("ok  ", .green) : Console.styled("bad ", .red)
            let name = finding.name.padding(to: 12)
            let mend = finding.mend.map { "\n                 → \($0)" } ?? ""
            // Below the first line, what belongs to a finding stands under it.
            let detail = finding.detail.split(separator: "\n").joined(separator: "\n                  ")
            return "\(mark) \(name) \(detail)\(mend)"
        }.joined(separator: "\n")
    }

    var json: String {
        let items = findings.map { finding in
            let members = [("check", finding.name), ("detail", finding.detail)] + (finding.mend.map { [("mend", $0)] } ?? [])
            let texts = members.map { "\"\($0)\": \(JSON.string($1))" }.joined(separator: ", ")
            return "  {\(texts), \"ok\": \(finding.isFine)}"
        }
        return "[\n\(items.joined(separator: ",\n"))\n]"
    }

    /// Runs one check; what it throws is the finding.
    @discardableResult
    mutating func check<R>(_ name: String, mend: String, _ body: () async throws -> (String, R)) async -> R? {
        do {
            let (detail, result) = try await body()
            findings.append(Finding(name: name, isFine: true, detail: detail, mend: nil))
            return result
        } catch {
            let failure = Failure(error)
            findings.append(Finding(name: name, isFine: false, detail: failure.message, mend: failure.remedy ?? mend))
            return nil
        }
    }

    /// Reads every setting, secrets too, of modules with and without code, and starts those with code: they judge what they were given.
    mutating func checkModules(of deployment: Deployment) async {
        var count = 0
        var refused: [ModuleHostError.Finding] = []
        var loaded: LoadedModules?
        var others: [ModuleHostError.Finding] = []
        for module in deployment.composition.modules {
            do { count += try module.readSettings().count } catch { refused += error.findings }
        }
        let unreadable = !refused.isEmpty
        do {
            loaded = try deployment.startModules(logger: CommandLog.quiet)
        } catch {
            others = error.findings.filter { $0.code != .settings }
            if !unreadable { refused = error.findings.filter { $0.code == .settings } }
        }
        let mend =
            unreadable
            ? "set the variable or write the file that the deployment names" : "give them values under `settings` in \(deployment.path)"
        await check("settings", mend: mend) {
            guard refused.isEmpty else { throw Failure(.wrongInput, refused.map(\.description).joined(separator: "\n")) }
            return (count.counted("setting"), ())
        }
        await check(
            "modules",
            mend: others.isEmpty ? "mend the settings first" : "build them (make build), or name their folder in TESSERA_MODULE_PATH"
        ) {
            guard others.isEmpty else { throw Failure(.wrongInput, others.map(\.description).joined(separator: "\n")) }
            guard let modules = loaded?.modules else { throw Failure(.wrongInput, "not all of them start with the settings they have") }
            return (modules.isEmpty ? "no code to load" : modules.map(\.id).joined(separator: ", "), ())
        }
    }

    mutating func checkDatabase(_ options: DeploymentOptions, _ deployment: Deployment?) async {
        let mend =
            Database.namedURL == nil ? "look at the log in the data folder" : "look at TESSERA_DATABASE_URL, and at that PostgreSQL's log"
        let found: [Finding]? = await check("database", mend: mend) {
            try await Database.with(options, logger: CommandLog.quiet) { database in
                let row = try await database.client.query(
                    "SELECT current_setting('server_version'), extract(epoch FROM clock_timestamp())::float8, pg_size_pretty(pg_database_size(current_database()))"
                ).first
                guard let row else { throw Failure(.unreachable, "the database gave no answer") }
                var inner = DoctorReport()
                let off = abs(try row.decode(Double.self, 1) - Clock.secondsSince1970)
                await inner.checkClock(off: off, deployment, database)
                if let deployment {
                    let matches: Void? = await inner.check("schema", mend: "tessera apply \(deployment.arguments)") {
                        try await deployment.requireSchema(on: database.client)
                        return ("matches the manifests", ())
                    }
                    if matches != nil {
                        await inner.check("links", mend: "give one record of each loop another link, or none; see docs/manifests.md") {
                            let loops = try await LinkLoops.find(deployment.catalog, on: database.client)
                            guard loops.isEmpty else { throw Failure(.wrongInput, loops.map(\.description).joined(separator: "\n")) }
                            return ("none leads back to where it began", ())
                        }
                        let records = RecordStore(client: database.client, catalog: deployment.catalog, logger: CommandLog.quiet)
                        await inner.checkEvents(records)
                        await inner.check("files", mend: "restore what is missing from a back-up; tessera files check --read says more") {
                            let files = try FileSettings.open(options, records: records, logger: CommandLog.quiet)
                            try await files.contents.probe()
                            let found = try await files.check(reading: false, atMost: 1_000)
                            guard found.problems.isEmpty else {
                                throw Failure(
                                    .wrongInput, "\(found.problems.count) of \(found.contents) contents looked at are missing or damaged")
                            }
                            return ("\(found.contents) contents looked at in \(files.contents.location)", ())
                        }
                    }
                }
                let detail = "PostgreSQL \(try row.decode(String.self, 0)), \(try row.decode(String.self, 2))"
                return (detail, inner.findings)
            }
        }
        findings += found ?? []
    }
}

enum Clock {
    static var secondsSince1970: Double {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }
}

enum Disk {
    /// Free space as text; fails below 1 GiB.
    static func free(at path: String) throws -> String {
        var folder = path
        // The data folder may not be there yet; what counts is where it will be.
        var descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        while descriptor < 0, let slash = folder.lastIndex(of: "/"), folder != "/" {
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
            descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard descriptor >= 0 else { throw Failure(.wrongInput, "\(path) can't be looked at") }
        defer { close(descriptor) }
        var stats = statvfs()
        guard fstatvfs(descriptor, &stats) == 0 else { throw Failure(.wrongInput, "\(folder) can't be measured") }
        let megabytes = UInt64(stats.f_bavail) * UInt64(stats.f_frsize) / 1_048_576
        guard megabytes >= 1024 else { throw Failure(.wrongInput, "only \(megabytes) MiB are free at \(folder)") }
        return "\(megabytes / 1024) GiB free at \(folder)"
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
