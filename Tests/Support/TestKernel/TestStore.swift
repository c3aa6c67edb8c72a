package import Catalog
import Logging
import Manifests
package import Postgres
import QueryLanguage
package import Records
import SchemaPlan
import TestPostgres

/// A record store over a database of its own: composed from manifest texts, applied, and dropped at the end.
package struct TestStore: Sendable {
    package let store: RecordStore
    package let client: PostgresClient
    package let databaseURL: String

    package var catalog: Catalog { store.catalog }

    package func type(_ collection: String) throws -> RecordType {
        guard let type = store.catalog.type(collection: collection) else { throw TestStoreError("no collection \(collection)") }
        return type
    }

    /// Runs `body` on a fresh store.
    ///
    /// - Parameters:
    ///   - modules: module manifests by id; `TestManifests` has some.
    ///   - overlay: the overlay block of the deployment file.
    package static func with<R: Sendable>(
        _ modules: [String: String] = ["lab": TestManifests.everyField], overlay: String = "", hooks: any WriteHooks = NoHooks(),
        _ body: @Sendable (TestStore) async throws -> R
    ) async throws -> R {
        let catalog = try catalog(modules, overlay: overlay)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try await TestPostgres.withDatabase(like: "\(catalog.hashValue)") { database in
            _ = try await withClient(of: database, logger) { try await SchemaApplier(client: $0, logger: logger).apply(catalog) }
        } _: { database in
            try await withClient(of: database, logger) { client in
                let store = RecordStore(client: client, catalog: catalog, hooks: hooks, logger: logger)
                return try await body(TestStore(store: store, client: client, databaseURL: database.url))
            }
        }
    }

    private static func withClient<R: Sendable>(
        of database: TestDatabase, _ logger: Logger, _ body: (PostgresClient) async throws -> R
    ) async throws -> R {
        let client = PostgresClient(configuration: try PostgresConfiguration(url: database.url), logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            let result: Result<R, any Error>
            do { result = .success(try await body(client)) } catch { result = .failure(error) }
            await client.shutdown()
            group.cancelAll()
            return try result.get()
        }
    }

    /// Returns when so many of the database's sessions wait for locks that others have.
    package func waitForWaiting(_ count: Int) async throws {
        let waiting: SQL = """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            """
        while try await client.query(waiting).first?.decode(Int64.self, 0) != Int64(count) {
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Another store over the same database, for which no module is loaded.
    package var withoutModules: TestStore {
        TestStore(store: RecordStore(client: client, catalog: catalog, logger: store.logger), client: client, databaseURL: databaseURL)
    }

    /// Brings the database to another catalog; the store goes by its own until it is given the other.
    package func apply(_ catalog: Catalog) async throws {
        try await SchemaApplier(client: client, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }).apply(catalog)
    }

    /// The catalog of manifests held in memory.
    package static func catalog(_ modules: [String: String], overlay: String = "") throws -> Catalog {
        var files = Dictionary(uniqueKeysWithValues: modules.map { ("test/manifests/\($0).yaml", $1) })
        let names = modules.keys.sorted().map { "  \($0): {}" }.joined(separator: "\n")
        files["test/deployment.yaml"] =
            "deployment: 1\nname: test\ncurrency: EUR\n" + (modules.isEmpty ? "" : "modules:\n\(names)\n") + overlay
        let result = Composer(files: .memory(files)).compose("test/deployment.yaml")
        guard let composition = result.composition else {
            throw TestStoreError(result.diagnostics.map(\.description).joined(separator: "\n"))
        }
        return try Catalog(composition: composition)
    }
}

package struct TestStoreError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

extension Access {
    /// The administrator, over the API.
    package static let test = Access(principal: .administrator, channel: .api)
}

extension WriteOptions {
    /// A change set of its own.
    package static var single: WriteOptions { WriteOptions(changeSet: ChangeSet(id: .version7())) }
    package static func bulk(_ label: String, _ mode: BulkMode = .perItem) -> WriteOptions {
        WriteOptions(changeSet: ChangeSet(id: .version7(), label: label), mode: mode)
    }
}
