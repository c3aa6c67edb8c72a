package import Catalog
package import Logging
package import Postgres
import Synchronization

/// The one way to records. Every call takes an `Access`; all SQL that touches records is built here, and passes `AccessGuard`.
///
/// The catalog can be replaced while the store runs: calls that began with the old one finish with it.
package final class RecordStore: Sendable {
    package let client: PostgresClient
    package let hooks: any WriteHooks
    package let logger: Logger
    /// Statements compiled for reads.
    let reads = ReadCache()
    private let current: Mutex<(catalog: Catalog, generation: Int)>

    package init(client: PostgresClient, catalog: Catalog, hooks: any WriteHooks = NoHooks(), logger: Logger) {
        self.client = client
        self.hooks = hooks
        self.logger = logger
        self.current = Mutex((catalog, 0))
    }

    /// The catalog in force now.
    package var catalog: Catalog { current.withLock { $0.catalog } }

    /// The catalog with the number of its replacements: what was compiled for one generation serves no other.
    var currentCatalog: (catalog: Catalog, generation: Int) { current.withLock { $0 } }

    /// Puts another catalog in force, after the database has been brought to it.
    package func replaceCatalog(with catalog: Catalog) {
        current.withLock { $0 = (catalog, $0.generation + 1) }
    }
}
