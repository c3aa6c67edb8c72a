import ArgumentParser
import Glibc
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

            Rows that fail go to FILE.failed.csv (cards to FILE.failed.vcf) with the reason; correct them there and import that file, which \
            is read as the first one was. A dry run writes none unless --failed names a file. One \
            import is one change set, which `tessera undo` takes back. Stopped in the middle, by Ctrl-C or worse, the same command goes \
            on where it stopped. With --server the file is uploaded, and the server's import goes on without this command.

              tessera import people export.csv --server https://crm.example.org
            """)

    @OptionGroup var source: SourceOptions
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
            "Whether automation acts on what comes in. Default: on up to \(Importer.Options.mostAutomatedRows) rows, else off.",
            valueName: "on|off")
    )
    var automation: ImportAutomation?

    func run() async throws {
        try await reportingFailures {
            try requireApart()
            let display = ProgressDisplay()
            let prepared = try await source.backend().prepare(try order(), display: display)
            let preview = prepared.preview
            let failedPath = failed ?? preview.failedPath
            try TextFile.requireApart(failedPath, from: inputs + [saveMapping].compactMap(\.self), option: "--failed")
            show(preview)
            if let saveMapping {
                guard !preview.mapping.isEmpty else { throw Failure(.wrongInput, "\(file) holds cards, which need no mapping") }
                try TextFile.write(preview.mapping, to: saveMapping)
            }
            guard !preview.assignments.isEmpty else {
                throw Failure(
                    .wrongInput,
                    "no column of \(file) fills a property of \(collection); say which does: --save-mapping FILE, correct it, --mapping FILE"
                )
            }
            try requireClearFormats(preview)
            // A dry run changes no file that it wasn't told to.
            let rows = dryRun && failed == nil ? nil : FailedRowsFile(failedPath)
            try rows?.requireWritable()
            let report = try await prepared.run(failed: rows, display: display)
            if let rows {
                let notes =
                    report.failed > 0 ? rows.finish(mapping: report.failedRowsMapping) : failed == nil ? rows.removeStale() : []
                for note in notes { Console.note(note) }
            }
            try finish(report, rows)
        }
    }

    /// Files that are read.
    private var inputs: [String] { [file] + [givenMapping].compactMap(\.self) + source.inputs }

    /// The mapping file that is read: the one that was named, or the one beside a file of failed rows.
    private var givenMapping: String? { mapping ?? FailedRowsFile.mapping(of: file) }

    /// What is written is none of what is read.
    private func requireApart() throws {
        if let saveMapping { try TextFile.requireApart(saveMapping, from: inputs, option: "--save-mapping") }
        if let failed { try TextFile.requireApart(failed, from: inputs + [saveMapping].compactMap(\.self), option: "--failed") }
    }

    private func requireClearFormats(_ preview: ImportPreview) throws {
        guard !preview.doubts.isEmpty else { return }
        let remedy =
            (saveMapping ?? givenMapping).map { "set `format` of the column in \($0), and pass that with --mapping \($0)" }
            ?? "--save-mapping FILE writes the mapping; set `format` of the column there, and pass it with --mapping FILE"
        throw Failure(.wrongInput, "\(preview.doubts.map(\.description).joined(separator: "\n"))\n\(remedy)")
    }

    func validate() throws {
        guard match == nil || !keys.isEmpty else {
            throw ValidationError("--match names no property. Without it every row becomes a new record: leave it out if that is meant.")
        }
        if let twice = keys.indices.first(where: { keys[..<$0].contains(keys[$0]) }) {
            throw ValidationError("--match names \(keys[twice]) twice; name each property once.")
        }
    }

    private var keys: [String] {
        (match ?? "").split(separator: ",").map { $0.trimmingPrefix(" ") }.filter { !$0.isEmpty }.map(String.init)
    }

    private func order() throws -> ImportCommandOrder {
        ImportCommandOrder(
            collection: collection, file: file, match: keys, mapping: try givenMapping.map { ($0, try readMapping($0)) }, sheet: sheet,
            createsLinks: createLinks, isRehearsal: dryRun, isRestart: restart, runsAutomation: automation.map { $0 == .on })
    }

    private func readMapping(_ path: String) throws -> [UInt8] {
        do { return try FilePieces(path).whole() } catch let failure as Failure {
            throw Failure(failure.code, "the mapping \(failure.description)")
        }
    }

    /// Of so many columns that fill nothing the names are shown.
    private static let shownLeftOut = 20

    private func show(_ preview: ImportPreview) {
        Console.note("\(file): \(preview.rows.counted("row"))")
        if mapping == nil, let found = givenMapping { Console.note("mapping: \(found)") }
        let candidates = preview.doubts.candidates
        for (source, target, known) in preview.assignments {
            let format = known.map { [$0] } ?? candidates[source] ?? []
            Console.note("  \(source)  →  \(target)\(format.isEmpty ? "" : "  (\(Self.shown(format, isSure: known != nil)))")")
        }
        let named = preview.leftOut.filter { !$0.isEmpty }
        for header in named.prefix(Self.shownLeftOut) { Console.note("  \(header)  is left out") }
        if named.count > Self.shownLeftOut {
            Console.note("  \((named.count - Self.shownLeftOut).counted("more column")): left out")
        }
        if named.count < preview.leftOut.count {
            Console.note("  \((preview.leftOut.count - named.count).counted("column")) without a name: left out")
        }
        for note in preview.notes { Console.note(note) }
    }

    /// `numbers like 1234.5`, `dates like d/M/yyyy or M/d/yyyy?`
    private static func shown(_ formats: [String], isSure: Bool) -> String {
        // Formats of numbers are examples, those of dates patterns.
        let noun = formats[0].contains(where: \.isNumber) ? "numbers" : "dates"
        return "\(noun) like \(formats.joined(separator: " or "))\(isSure ? "" : "?")"
    }

    private func finish(_ report: ImportReport, _ rows: FailedRowsFile?) throws {
        for (line, reason) in report.errors { Console.note("line \(line): \(reason)") }
        if output.isJSON {
            let changes = report.changes.map { changes in
                let counts = Value.collection(changes.counts.map(\.value)).json
                return ", \"counts\": \(counts), \"changes\": \(Value.collection(changes.changes.map(\.value)).json)"
            }
            Console.print(
                """
                {"created": \(report.created), "updated": \(report.updated), "unchanged": \(report.unchanged), "failed": \(report.failed), \
                "dry_run": \(dryRun), "change_set": \((report.changeSet.map(Value.guid) ?? .null).json)\(changes ?? "")}
                """)
        } else {
            if let changes = report.changes?.changes {
                for line in ChangeText.lines(Array(changes.prefix(ImportReport.shownChanges))) { Console.print(line) }
                if changes.count > ImportReport.shownChanges {
                    Console.print("  and more: --output json shows the first \(Importer.listedChanges.grouped)")
                }
            }
            let verb = dryRun ? "would be " : ""
            Console.print(
                "\(report.created.grouped) \(verb)created, \(report.updated.grouped) \(verb)updated, \(report.unchanged.grouped) unchanged, "
                    + "\(report.failed.grouped) failed")
            if report.failed > 0, let rows { Console.print("rows that failed: \(rows.path)") }
            if let changeSet = report.changeSet { Console.note("change set \(changeSet)") }
            if report.failed > 0, let rows, !dryRun {
                let links = createLinks ? " --create-links" : ""
                Console.note("correct them there, then:  tessera import \(collection) \(rows.path)\(links)")
            }
        }
        if report.failed > 0 { throw ExitCode.partly }
    }
}

/// Whether automation acts on what an import brings in.
enum ImportAutomation: String, ExpressibleByArgument {
    case on, off
}
