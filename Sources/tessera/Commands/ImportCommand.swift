import ArgumentParser
import Catalog
import Files
import Glibc
import Manifests
import QueryLanguage
import Records
import Transfer

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring records in from a CSV file, a workbook (XLSX) or vCards.",
        discussion: """
            The first row of a table names the columns; which property each fills is guessed, and can be written to a file, corrected and \
            passed back. \
            Comma, semicolon or tab, UTF-8 or Windows-1252, and the formats of dates and numbers are recognised over the whole file.

              tessera import organisations accounts.csv --dry-run
              tessera import people export.csv --match primary_email --create-links
              tessera import people export.csv --save-mapping people.yaml --dry-run
              tessera import organisations accounts.xlsx --sheet Customers
              tessera import people addressbook.vcf --create-links

            Rows that fail go to FILE.failed.csv (cards to FILE.failed.vcf) with the reason; correct them there and import that file. One \
            import is one change set, which `tessera undo` takes back. Stopped in the middle, by Ctrl-C or worse, the same command goes \
            on where it stopped.
            """)

    @OptionGroup var options: DeploymentOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The collection, such as people.")
    var collection: String

    @Argument(help: "The file; what it is shows in what it holds.")
    var file: String

    @Option(
        help: ArgumentHelp("Change the record that has the same value of these properties, separated by commas.", valueName: "properties"))
    var match: String?

    @Option(help: ArgumentHelp("Read the mapping from this file.", valueName: "file"))
    var mapping: String?

    @Option(help: ArgumentHelp("Write the mapping to this file.", valueName: "file"))
    var saveMapping: String?

    @Option(help: ArgumentHelp("The sheet of a workbook. Default: the first", valueName: "name"))
    var sheet: String?

    @Option(help: ArgumentHelp("Where rows that fail go. Default: FILE.failed.csv", valueName: "file"))
    var failed: String?

    @Flag(help: "Make records that links by name or key don't find.")
    var createLinks = false

    @Flag(help: "Carry it out in one transaction, and take all of it back.")
    var dryRun = false

    @Flag(help: "Begin anew, though an import of this file was broken off before.")
    var restart = false

    @Option(
        help: ArgumentHelp(
            "Whether automation acts on what comes in. Default: on up to \(ImportAutomation.mostRows) rows, else off.", valueName: "on|off")
    )
    var automation: ImportAutomation?

    func run() async throws {
        try await reportingFailures {
            let deployment = try options.load()
            let type = try ListQuery.type(collection: collection, catalog: deployment.catalog)
            let plan = try makePlan(type, deployment.catalog)
            show(plan)
            if let saveMapping { try TextFile.write(plan.mapping.yaml, to: saveMapping) }
            try requireUse(of: plan, type)
            let (counts, changeSet) = try await DirectStore.with(options, deployment: deployment) { [self] store in
                try await carryOut(plan, type, store)
            }
            finish(counts, plan, changeSet)
            if counts.failed > 0 { throw ExitCode.partly }
        }
    }

    private func makePlan(_ type: RecordType, _ catalog: Catalog) throws -> ImportPlan {
        let keys = match.map { $0.split(separator: ",").map { $0.trimmingPrefix(" ") }.map(String.init) } ?? []
        do {
            return try ImportPlan(file: file, sheet: sheet, type: type, catalog: catalog, mapping: try readMapping(), match: keys)
        } catch let error as ImportError {
            throw Failure(.wrongInput, error.message)
        }
    }

    /// Refuses what could only fail row by row, or fill nothing.
    private func requireUse(of plan: ImportPlan, _ type: RecordType) throws {
        guard !plan.assignments.isEmpty else {
            throw Failure(
                .wrongInput,
                "no column of \(file) fills a property of \(type.collection); say which does: --save-mapping FILE, correct it, --mapping FILE"
            )
        }
        try TextFile.requireWritable(failed ?? FailedRows.path(beside: file, plan.format))
    }

    private func readMapping() throws -> ImportMapping? {
        guard let mapping else { return nil }
        guard let bytes = FileSystem.disk.read(mapping) else { throw Failure(.wrongInput, "the mapping \(mapping) can't be read") }
        let parsed = ImportMapping.parse(ManifestSource(path: mapping, bytes: bytes))
        guard parsed.isValid, let result = parsed.manifest else {
            throw Failure(.wrongInput, parsed.diagnostics.map(\.description).joined(separator: "\n"))
        }
        return result
    }

    private func show(_ plan: ImportPlan) {
        Console.note("\(file): \(plan.rows.counted("row"))")
        for (source, target, format) in plan.assignments {
            Console.note("  \(source)  →  \(target)\(format.map { "  (\($0))" } ?? "")")
        }
        for header in plan.unmapped { Console.note("  \(header)  is left out") }
    }

    private func carryOut(_ plan: ImportPlan, _ type: RecordType, _ store: RecordStore) async throws -> (ImportCounts, GUID?) {
        var importing = Importer.Options()
        importing.createsMissingLinks = createLinks
        let access = Access(principal: .administrator, channel: .importing)
        let files = plan.format == .vcard ? try FileSettings.open(options, records: store, logger: CommandLog.quiet) : nil
        let importer = Importer(plan: plan, options: importing, access: access, files: files)
        let key = ImportLedger.Key(
            source: TextFile.absolute(file), collection: type.collection, digest: try FileDigest.sha256(file), settings: importer.settings)
        let failures = FailureFile(path: failed ?? FailedRows.path(beside: file, plan.format), plan: plan)
        var progress = Progress(label: type.labelPlural.lowercased(), total: plan.rows)
        do {
            guard !dryRun else {
                let counts = try await importer.rehearse(
                    file: file, key: key, isRestart: restart, store: store, failed: failures.add
                ) { progress.show($0.rows) }
                try failures.finish()
                progress.show(counts.rows)
                progress.finish()
                return (counts, nil)
            }
            let ledger = try await open(key, plan, store, access)
            let counts = try await importer.run(file: file, ledger: ledger) { progress.show($0.rows) }
            try await ledger.failedRows(failures.add)
            try failures.finish()
            progress.show(counts.rows)
            progress.finish()
            return (counts, ledger.changeSet)
        } catch let error as ImportError {
            throw Failure(.wrongInput, error.message)
        }
    }

    /// The import as far as it has come, or a new one.
    private func open(
        _ key: ImportLedger.Key, _ plan: ImportPlan, _ store: RecordStore, _ access: Access
    ) async throws -> ImportLedger {
        let runsAutomation = automation.map { $0 == .on } ?? (plan.rows <= ImportAutomation.mostRows)
        let name = key.source.split(separator: "/").last.map(String.init) ?? key.source
        let ledger = try await ImportLedger.open(
            key, label: "import \(name)", runsAutomation: runsAutomation, isRestart: restart, store: store, access: access)
        if ledger.isResumed { Console.note("going on after \(ledger.counts.rows.grouped) rows that are in already") }
        return ledger
    }

    private func finish(_ report: ImportCounts, _ plan: ImportPlan, _ changeSet: GUID?) {
        if output.isJSON {
            Console.print(
                """
                {"created": \(report.created), "updated": \(report.updated), "unchanged": \(report.unchanged), "failed": \(report.failed), \
                "dry_run": \(dryRun), "change_set": \((changeSet.map(Value.guid) ?? .null).json)}
                """)
            return
        }
        let verb = dryRun ? "would be " : ""
        Console.print(
            "\(report.created.grouped) \(verb)created, \(report.updated.grouped) \(verb)updated, \(report.unchanged.grouped) unchanged, "
                + "\(report.failed.grouped) failed")
        if report.failed > 0 { Console.print("rows that failed: \(failed ?? FailedRows.path(beside: file, plan.format))") }
        if let changeSet { Console.note("change set \(changeSet)") }
    }
}

/// Whether automation acts on what an import brings in.
enum ImportAutomation: String, ExpressibleByArgument {
    case on, off

    /// Up to so many rows it does unless told otherwise: a large import is rarely meant to send a mail for each row.
    static let mostRows = 10_000
}

/// The file of failed rows, made when the first one fails.
private final class FailureFile {
    private let path: String
    private let plan: ImportPlan
    private var rows: FailedRows?

    init(path: String, plan: ImportPlan) {
        self.path = path
        self.plan = plan
    }

    func add(_ cells: [String], _ line: Int, _ reason: String) throws {
        if rows == nil { rows = try FailedRows(path: path, plan: plan) }
        try rows?.add(cells, reason: reason)
        if (rows?.count ?? 0) <= 5 { Console.note("line \(line): \(reason)") }
    }

    func finish() throws { try rows?.flush() }
}
