import Catalog
import Logging
import Postgres
import TestPostgres

@testable import SchemaPlan

/// A fresh database with a client, and the few things that tests do to it.
struct Ground {
    let client: PostgresClient
    let database: TestDatabase
    let applier: SchemaApplier

    static func with<R: Sendable>(
        options: SchemaApplier.Options = .quick, _ body: (Ground) async throws -> R
    ) async throws -> R {
        try await TestPostgres.withDatabase { database in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let client = PostgresClient(configuration: try PostgresConfiguration(url: database.url), logger: logger)
            let ground = Ground(
                client: client, database: database, applier: SchemaApplier(client: client, logger: logger, options: options))
            do {
                let result = try await body(ground)
                await client.shutdown()
                return result
            } catch {
                await client.shutdown()
                throw error
            }
        }
    }

    func plan(_ types: RecordType...) async throws -> SchemaPlan { try await plan(DesiredSchema(types: types)) }

    func plan(_ desired: DesiredSchema) async throws -> SchemaPlan {
        try await client.withConnection { try await SchemaPlan.make(for: desired, on: $0) }
    }

    @discardableResult
    func apply(_ types: RecordType...) async throws -> ApplyReport { try await applier.apply(DesiredSchema(types: types)) }

    /// Everything the catalog of PostgreSQL and the ledger say, for comparing two ways to the same end.
    func state(_ desired: DesiredSchema) async throws -> ActualSchema {
        try await client.withConnection { try await ActualSchema.read($0, for: desired) }
    }

    /// Past the client under test.
    func execute(_ script: String) async throws { try await database.execute(script) }

    func insert(_ table: String, _ values: [String: String], count: Int = 1) async throws {
        let columns = ["id", "created_by", "updated_by", "owner_id"] + values.keys.sorted()
        let principal = "'00000000-0000-7000-8000-000000000001'"
        let row = ["gen_random_uuid()", principal, principal, principal] + values.keys.sorted().map { values[$0]! }
        try await execute(
            "INSERT INTO \(table) (\(columns.joined(separator: ", "))) SELECT \(row.joined(separator: ", ")) FROM generate_series(1, \(count)) n"
        )
    }

    func text(_ query: String) async throws -> String? {
        try await client.query(SQL(verbatim: query)).first?.decode(String?.self, 0)
    }
}

extension SchemaApplier.Options {
    /// Tests don't wait for what isn't going to happen.
    static var quick: SchemaApplier.Options {
        var options = SchemaApplier.Options()
        options.lockTimeout = .milliseconds(50)
        options.firstPause = .milliseconds(5)
        options.longestPause = .milliseconds(20)
        options.reportInterval = .milliseconds(5)
        return options
    }
}
