import Postgres

/// Where a write's statements run: alone on the shared pipeline, or inside a transaction.
enum StatementRunner: Sendable {
    case pipelined(PostgresClient)
    case transaction(PostgresTransaction)

    func query(_ sql: SQL) async throws -> PostgresResult {
        switch self {
        case .pipelined(let client): try await client.pipelined(sql)
        case .transaction(let transaction): try await transaction.query(sql)
        }
    }

    /// Runs `body` so that its failure undoes what it did and nothing else.
    func attempt<R: Sendable>(_ body: (StatementRunner) async throws -> R) async throws -> R {
        switch self {
        case .pipelined: try await body(self)
        case .transaction(let transaction): try await transaction.savepoint { try await body(.transaction($0)) }
        }
    }
}
