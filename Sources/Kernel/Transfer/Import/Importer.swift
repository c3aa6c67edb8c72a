import Catalog
package import Files
import Manifests
package import QueryLanguage
package import Records

/// Carries a planned import out: rows in batches through the store, so that everything that holds for a record holds here too.
///
/// Each batch is one transaction with the note that it is in, so that an import that was broken off goes on where it stopped, and no row is in
/// twice. Rows whose link leads to a row further down wait and are tried again at the end. Memory doesn't grow with the file.
package struct Importer: Sendable {
    package struct Options: Sendable {
        /// Up to so many rows automation acts on what comes in unless told otherwise: a large import is rarely meant to send a mail for each row.
        package static let mostAutomatedRows = 10_000

        /// Make the records that links by key don't find.
        package var createsMissingLinks = false
        /// Whether automation acts on what comes in; nil where an import that is taken up again goes on as it began, and a new one by its size.
        package var runsAutomation: Bool?
        /// Rows of one transaction. Batches are counted, so that an unfinished import goes on only with the same number.
        package var batchSize = 1000

        package init() {}
    }

    /// What is known while it runs.
    package struct Progress: Sendable {
        package var rows: Int
        /// Of the file, from 0 to 1.
        package var fraction: Double
    }

    /// So many changes does a rehearsal tell one by one.
    package static let listedChanges = 1_000

    let plan: ImportPlan
    let options: Options
    package let access: Access
    let files: FileStore?
    /// What whoever imports may do by the time of each batch.
    let currentAccess: @Sendable () async throws -> Access

    /// - Parameters:
    ///   - files: where the photos of cards go; without it, cards that have some fail.
    ///   - currentAccess: asked before each batch; left out, it stays as it is.
    package init(
        plan: ImportPlan, options: Options, access: Access, files: FileStore? = nil,
        currentAccess: (@Sendable () async throws -> Access)? = nil
    ) {
        self.currentAccess = currentAccess ?? { access }
        self.plan = plan
        self.options = options
        self.access = access
        self.files = files
    }

    /// What has to be the same for an unfinished import to be taken up again.
    package var settings: String {
        FileDigest.sha256(
            of:
                "\(plan.format.rawValue) \(plan.sheet ?? "")\n\(plan.mapping.yaml)\ncreate_links: \(options.createsMissingLinks)\nbatch: \(options.batchSize), \(ImportBatches.mostBytes)"
        )
    }

    /// Takes an unfinished import up again, or begins a new one; see `ImportLedger.open`.
    package func open(_ key: ImportLedger.Key, label: String, isRestart: Bool, job: GUID? = nil, store: RecordStore) async throws
        -> ImportLedger
    {
        try await ImportLedger.open(
            key, label: label, automation: .init(asked: options.runsAutomation, otherwise: plan.rows <= Options.mostAutomatedRows),
            isRestart: isRestart, job: job, store: store, access: access)
    }

    /// Brings the rest of the file in.
    ///
    /// - Parameter progress: called after each batch.
    package func run(file path: String, ledger: ImportLedger, progress: (Progress) async throws -> Void) async throws -> ImportCounts {
        try await ImportRun(importer: self, path: path, ledger: ledger, isRehearsal: false).run(progress)
    }

    /// The import as it would run now, an unfinished one of the same file taken up where it stopped; then all of it is taken back.
    ///
    /// It is one transaction, so that a row finds what the rows before it made. What it writes stays locked until it ends: others who write the
    /// same records or unique values, or take the same automatic numbers, wait.
    ///
    /// - Parameter failed: told about every row that would fail, in the order of the file: its cells, its line and why.
    /// - Returns: the counts, and what would change: all of it counted, the first changes one by one. Of an unfinished import that includes what is in
    ///   already.
    package func rehearse(
        file path: String, key: ImportLedger.Key, isRestart: Bool = false, store: RecordStore,
        failed: (_ cells: [String?], _ line: Int, _ reason: String) async throws -> Void, progress: (Progress) async throws -> Void
    ) async throws -> (counts: ImportCounts, changes: RehearsedChanges) {
        do {
            return try await store.transaction { store in
                let ledger = try await open(key, label: "dry run", isRestart: isRestart, store: store)
                let counts = try await ImportRun(importer: self, path: path, ledger: ledger, isRehearsal: true).run(progress)
                try await ledger.failedRows(failed)
                let log = ChangeSetLog(store, access: access)
                let changes = RehearsedChanges(
                    counts: try await log.find(ledger.changeSet)?.counts ?? [],
                    changes: try await log.changes(of: ledger.changeSet, limit: Self.listedChanges).changes)
                throw Rehearsed(counts: counts, changes: changes)
            }
        } catch let rehearsed as Rehearsed {
            return (rehearsed.counts, rehearsed.changes)
        }
    }
}

/// Rolls a rehearsed import back, with what would have become of it.
private struct Rehearsed: Error {
    var counts: ImportCounts
    var changes: RehearsedChanges
}
