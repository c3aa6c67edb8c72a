import Catalog
import Postgres
import Records
import SchemaPlan
import Server

/// Whether the database still has the schema that the server serves, or is on its way to another: what `/readyz` asks.
actor SchemaReadiness {
    private let store: RecordStore
    /// The apply whose schema was found to match, and the catalog that it matched. As long as both stand, nothing has to be compared again.
    private var matching: (digest: String?, catalog: Catalog)?

    init(store: RecordStore) { self.store = store }

    func problems() async -> [ReadinessProblem] {
        do {
            return try await isInForce() ? [] : [ReadinessProblem(part: "schema", message: mismatch)]
        } catch {
            return [ReadinessProblem(part: "schema", message: "The database's schema can't be read.")]
        }
    }

    /// Anybody may ask, so that it names no path.
    private var mismatch: String {
        "The database has another schema than is served. See what differs with `tessera plan --deployment FILE`, where FILE is the deployment that "
            + "is served, and bring the database to it with `tessera apply --deployment FILE`, or restart the server with the deployment that was "
            + "applied."
    }

    private func isInForce() async throws -> Bool {
        let catalog = store.catalog
        let digest = try await SchemaStatus.appliedDigest(on: store.client)
        if let matching, matching.digest == digest, matching.catalog == catalog { return true }
        guard case .matches = try await SchemaStatus.check(catalog, on: store.client) else {
            // What an apply has done so far, and what it has left to do, keeps nobody from working with the catalog before it.
            return try await SchemaStatus.isApplyUnderWay(on: store.client)
        }
        matching = (digest, catalog)
        return true
    }
}
