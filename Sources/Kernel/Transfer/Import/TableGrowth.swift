import Catalog
import Records

/// Sees to it that the database knows how its tables look while an import fills them. It plans statements by what it knows, and keeps the plans:
/// one that was made for an empty table reads all of a full one, row by row. PostgreSQL would look by itself, but a minute later.
struct TableGrowth {
    private let types: [RecordType]
    private let store: RecordStore
    /// Records that the database knows of, and those that came since.
    private var known: Int
    private var made = 0

    init(of types: [RecordType], store: RecordStore) async throws {
        self.types = types
        self.store = store
        known = if let first = types.first { try await store.knownCount(of: first) } else { 0 }
    }

    /// - Parameter created: so many more records there are.
    mutating func note(_ created: Int) async throws {
        made += created
        // Every look costs about as much as a few thousand rows: while the table grows fast, one each time it has tripled.
        if made >= max(1000, 2 * known) { try await look() }
    }

    /// The import has ended.
    mutating func end() async throws {
        if made >= max(500, known / 10) { try await look() }
    }

    private mutating func look() async throws {
        try await store.refreshStatistics(of: types)
        (known, made) = (known + made, 0)
    }
}
