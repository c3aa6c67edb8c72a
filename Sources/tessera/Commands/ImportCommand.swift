import ArgumentParser
import Catalog
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
            import is one change set.
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

    @Flag(help: "Check everything, keep nothing.")
    var dryRun = false

    func run() async throws {
        try await reportingFailures {
            let deployment = try options.load()
            let type = try ListQuery.type(collection: collection, catalog: deployment.catalog)
            let plan = try makePlan(type, deployment.catalog)
            show(plan)
            if let saveMapping { try TextFile.write(plan.mapping.yaml, to: saveMapping) }
            try requireUse(of: plan, type, deployment.catalog)
            let report = try await DirectStore.with(options, deployment: deployment) { [self] store in
                try await carryOut(plan, type, store)
            }
            finish(report, plan)
            if report.failed > 0 { throw ExitCode.partly }
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
    private func requireUse(of plan: ImportPlan, _ type: RecordType, _ catalog: Catalog) throws {
        let properties = catalog.entityShape(named: type.id)?.properties ?? [:]
        for key in plan.mapping.match where properties[key] == nil {
            let hint = Spelling.closest(to: key, in: properties.keys).map { "; did you mean \($0)?" } ?? ""
            throw Failure(.wrongInput, "--match: \(type.collection) have no property '\(key)'\(hint)")
        }
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

    private func carryOut(_ plan: ImportPlan, _ type: RecordType, _ store: RecordStore) async throws -> Importer.Report {
        var importing = Importer.Options()
        importing.createsMissingLinks = createLinks
        importing.isRehearsal = dryRun
        let name = file.split(separator: "/").last.map(String.init) ?? file
        let importer = Importer(
            store: store, plan: plan, options: importing, access: Access(principal: .administrator, channel: .importing),
            changeSet: ChangeSet(id: .version7(), label: "import \(name)"))
        var progress = Progress(label: type.labelPlural.lowercased(), total: plan.rows)
        let path = failed ?? FailedRows.path(beside: file, plan.format)
        var failures: FailedRows?
        let report = try await importer.run(file: file) { cells, line, reason in
            if failures == nil { failures = try FailedRows(path: path, plan: plan) }
            try failures?.add(cells, reason: reason)
            if (failures?.count ?? 0) <= 5 { Console.note("line \(line): \(reason)") }
        } progress: { state in
            progress.show(state.rows)
        }
        try failures?.flush()
        // Rows that waited for others further down are in no batch's count.
        progress.show(report.rows)
        progress.finish()
        return report
    }

    private func finish(_ report: Importer.Report, _ plan: ImportPlan) {
        if output.isJSON {
            Console.print(
                """
                {"created": \(report.created), "updated": \(report.updated), "unchanged": \(report.unchanged), "failed": \(report.failed), \
                "dry_run": \(dryRun)}
                """)
            return
        }
        let verb = dryRun ? "would be " : ""
        Console.print(
            "\(report.created.grouped) \(verb)created, \(report.updated.grouped) \(verb)updated, \(report.unchanged.grouped) unchanged, "
                + "\(report.failed.grouped) failed")
        if report.failed > 0 { Console.print("rows that failed: \(failed ?? FailedRows.path(beside: file, plan.format))") }
    }
}
