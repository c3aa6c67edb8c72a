package import Catalog
package import Logging
import Permissions
package import Postgres
import Synchronization

/// The one way to records. Every call takes an `Access`; all SQL that touches records is built here, and passes `AccessGuard`.
///
/// The catalog can be replaced while the store runs: calls that began with the old one finish with it.
package final class RecordStore: Sendable {
    package let client: PostgresClient
    /// Where its statements run.
    let statements: StatementRunner
    private let commits: CommitSignal
    package let hooks: any WriteHooks
    package let logger: Logger
    /// Statements compiled for reads.
    let reads: ReadCache
    /// Catalogs as principals see them.
    private let views: CatalogViews
    private let current: Mutex<(catalog: Catalog, generation: Int)>

    package init(client: PostgresClient, catalog: Catalog, hooks: any WriteHooks = NoHooks(), logger: Logger) {
        self.client = client
        self.hooks = hooks
        self.logger = logger
        self.current = Mutex((catalog, 0))
        commits = CommitSignal()
        statements = .alone(client, commits)
        reads = ReadCache()
        views = CatalogViews()
    }

    /// The same store inside an open transaction.
    private init(_ store: RecordStore, in transaction: PostgresTransaction) {
        client = store.client
        hooks = store.hooks
        logger = store.logger
        reads = store.reads
        views = store.views
        commits = store.commits
        current = Mutex(store.currentCatalog)
        statements = .transaction(transaction)
    }

    /// Runs `body` on a store whose reads and writes are one transaction: kept when it returns, undone when it throws.
    ///
    /// The store that `body` gets works on one connection, so that its calls should come one after the other. `body` may run again when the
    /// database had to break it off, so it must have no effects besides those on its store.
    package func transaction<R: Sendable>(_ body: (RecordStore) async throws -> R) async throws -> R {
        try await ReadFailure.translating {
            try await statements.transaction { runner in
                guard case .transaction(let transaction) = runner else { return try await body(self) }
                return try await body(RecordStore(self, in: transaction))
            }
        }
    }

    /// Calls `listener` after each commit of this store's, on the task of whoever wrote: it must do no more than note that.
    package func onCommit(_ listener: @escaping @Sendable () -> Void) { commits.listen(listener) }

    /// Whether its calls are parts of an open transaction.
    package var isInTransaction: Bool { statements.isTransaction }

    /// Runs a statement over the kernel's own tables, where the store's other statements run.
    package func run(_ sql: SQL) async throws -> PostgresResult { try await statements.query(sql) }

    /// The catalog in force now.
    package var catalog: Catalog { current.withLock { $0.catalog } }

    /// The catalog with the number of its replacements: what was compiled for one generation serves no other.
    package var currentCatalog: (catalog: Catalog, generation: Int) { current.withLock { $0 } }

    /// The catalog in force as an access sees it: what reads are compiled against.
    func visibleCatalog(_ access: Access) -> (catalog: Catalog, generation: Int) {
        let (catalog, generation) = currentCatalog
        guard !access.rights.isUnlimited else { return (catalog, generation) }
        return (views.view(of: catalog, generation: generation, rights: access.rights), generation)
    }

    /// What there is for an access: types without the fields that it never sees.
    package func catalog(for access: Access) -> Catalog { visibleCatalog(access).catalog }

    /// A record type with all of its fields, whatever of it its caller sees: what writes are made with.
    package func whole(_ type: RecordType) -> RecordType { catalog.type(id: type.id) ?? type }

    /// Puts another catalog in force, after the database has been brought to it.
    package func replaceCatalog(with catalog: Catalog) {
        current.withLock { $0 = (catalog, $0.generation + 1) }
    }
}
