import Catalog
package import QueryLanguage
package import Records

extension Importer {
    /// Brings a whole file in, or what is left of it, and tells which rows failed.
    ///
    /// - Parameter label: what the change set is called in lists.
    package func run(
        file path: String, label: String, isRestart: Bool = false, store: RecordStore,
        failed: (_ cells: [String?], _ line: Int, _ reason: String) async throws -> Void, progress: (Progress) async throws -> Void
    ) async throws -> (counts: ImportCounts, changeSet: GUID) {
        let key = ImportLedger.Key(
            source: path, collection: plan.type.collection, digest: try FileDigest.sha256(path), settings: settings)
        let ledger = try await open(key, label: label, isRestart: isRestart, store: store)
        let counts = try await run(file: path, ledger: ledger, progress: progress)
        try await ledger.failedRows(failed)
        return (counts, ledger.changeSet)
    }
}
