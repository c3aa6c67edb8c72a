import Catalog
import Postgres
import QueryLanguage

/// Keeps upserts from making one record twice where no unique key of the type would: they take turns, and look once more before they make.
struct CreationTurn {
    let store: RecordStore
    let type: RecordType
    let access: Access
    let properties: [String]
    /// The values of the properties, by position of the draft in the batch.
    let keys: [[Value]]

    /// Nil where a unique key sees to it.
    init?(_ store: RecordStore, _ type: RecordType, by properties: [String], keys: [[Value]], access: Access) {
        let columns = Set(properties.flatMap { type.storedColumns($0).map(\.name) })
        guard !columns.contains("id"), !type.uniqueKeys.contains(where: { columns.isSuperset(of: $0.columns) }) else { return nil }
        self.store = store
        self.type = type
        self.access = access
        self.properties = properties
        self.keys = keys
    }

    /// Waits for its turn, which lasts as long as the transaction, and gives the positions of drafts whose record is there by now.
    func taken(_ drafts: [WriteDraft], _ runner: StatementRunner) async throws -> Set<Int> {
        let name = "tessera.upsert \(type.id) \(properties.joined(separator: " "))"
        _ = try await runner.query("SELECT pg_advisory_xact_lock(hashtextextended(\(bind: name), 0))")
        var lookup = KeyLookup(store: store, type: type, access: access)
        lookup.runner = runner
        let found = try await lookup.ids(of: properties, keys: drafts.map { keys[$0.index] })
        return Set(drafts.map(\.index).filter { found[keys[$0]] != nil })
    }
}
