import Catalog
import Files
import Glibc
import Manifests
import QueryLanguage
import Records
import Transfer

extension LocalBackend {
    func prepare(_ order: ImportCommandOrder, display: ProgressDisplay) async throws -> any PreparedImport {
        let deployment = try options.load()
        let type = try ListQuery.type(collection: order.collection, catalog: deployment.catalog)
        let plan = try ImportPlan(
            file: order.file, sheet: order.sheet, type: type, catalog: deployment.catalog, mapping: try order.readMapping(),
            match: order.match)
        return LocalImport(backend: self, deployment: deployment, order: order, plan: plan)
    }
}

/// An import that this process carries out itself.
private struct LocalImport: PreparedImport {
    let backend: LocalBackend
    let deployment: Deployment
    let order: ImportCommandOrder
    let plan: ImportPlan

    var preview: ImportPreview {
        ImportPreview(
            rows: plan.rows, assignments: plan.assignments, leftOut: plan.unmapped,
            notes: plan.notes(createsMissingLinks: order.createsLinks), doubts: plan.doubts,
            mapping: plan.format == .vcard ? "" : plan.mapping.yaml(candidates: plan.doubts.candidates),
            failedPath: FailedRows.path(beside: order.file, plan.format))
    }

    func run(failed file: FailedRowsFile?, display: ProgressDisplay) async throws -> ImportReport {
        var settings = Importer.Options()
        settings.createsMissingLinks = order.createsLinks
        settings.runsAutomation = order.runsAutomation
        let options = settings
        display.begin(plan.type.labelPlural.lowercased(), total: plan.rows)
        return try await DirectStore.with(backend.options, deployment: deployment) { store in
            let files = plan.format == .vcard ? try FileSettings.open(backend.options, records: store, logger: CommandLog.quiet) : nil
            let importer = Importer(
                plan: plan, options: options, access: Access(principal: .administrator, channel: .importing), files: files)
            let key = ImportLedger.Key(
                source: TextFile.absolute(order.file), collection: plan.type.collection, digest: try FileDigest.sha256(order.file),
                settings: importer.settings)
            let failures = FailureFile(file: file, plan: plan)
            let counts: ImportCounts
            var changeSet: GUID?
            var changes: RehearsedChanges?
            if order.isRehearsal {
                (counts, changes) = try await importer.rehearse(
                    file: order.file, key: key, isRestart: order.isRestart, store: store, failed: failures.add
                ) { display.show($0.rows) }
            } else {
                let ledger = try await importer.open(
                    key, label: "import \(TextFile.name(of: key.source))", isRestart: order.isRestart, store: store)
                if ledger.isResumed { display.note("going on after \(ledger.counts.rows.grouped) rows that are in already") }
                counts = try await importer.run(file: order.file, ledger: ledger) { display.show($0.rows) }
                try await ledger.failedRows(failures.add)
                changeSet = try await ledger.changeSet(for: importer.access)
            }
            try failures.finish()
            display.finish(counts.rows)
            return ImportReport(
                created: counts.created, updated: counts.updated, unchanged: counts.unchanged, failed: counts.failed, changeSet: changeSet,
                errors: failures.first, failedRowsMapping: counts.failed == 0 ? nil : plan.failedRowsMapping?.yaml, changes: changes)
        }
    }
}

extension ImportCommandOrder {
    fileprivate func readMapping() throws -> ImportMapping? {
        guard let mapping else { return nil }
        let parsed = ImportMapping.parse(ManifestSource(path: mapping.path, bytes: mapping.bytes))
        guard parsed.isValid, let result = parsed.manifest else {
            throw Failure(.wrongInput, parsed.diagnostics.map(\.description).joined(separator: "\n"))
        }
        return result
    }
}

/// The file of failed rows, made when the first one fails. Used by one task.
private final class FailureFile {
    /// Nil where the rows are told and not kept.
    private let file: FailedRowsFile?
    private var rows: FailedRows
    private var descriptor: Int32 = -1
    private(set) var first: [(line: Int, reason: String)] = []

    init(file: FailedRowsFile?, plan: ImportPlan) {
        self.file = file
        rows = FailedRows(plan: plan)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func add(_ cells: [String?], _ line: Int, _ reason: String) throws {
        if file != nil { rows.add(cells, reason: reason) }
        if first.count < ImportReport.shownErrors { first.append((line, reason)) }
        if let piece = rows.take() { try write(piece) }
    }

    func finish() throws {
        if rows.count > 0, let piece = rows.take(atEnd: true) { try write(piece) }
    }

    private func write(_ piece: [UInt8]) throws {
        guard let file else { return }
        if descriptor < 0 { descriptor = try file.create() }
        try Console.write(piece, to: descriptor, name: file.path)
    }
}
