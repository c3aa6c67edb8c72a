import Postgres

/// Where a write's statements run: each alone, or inside a transaction.
///
/// Alone they take a connection of their own: on a shared pipeline commits would wait for each other's flush to disk, one after the other,
/// where PostgreSQL flushes those of many connections together.
enum StatementRunner: Sendable {
    case alone(PostgresClient)
    case transaction(PostgresTransaction)

    func query(_ sql: SQL) async throws -> PostgresResult {
        switch self {
        case .alone(let client): try await client.query(sql)
        case .transaction(let transaction): try await transaction.query(sql)
        }
    }

    /// Runs `body` so that its failure undoes what it did and nothing else.
    func attempt<R: Sendable>(_ body: (StatementRunner) async throws -> R) async throws -> R {
        switch self {
        case .alone: try await body(self)
        case .transaction(let transaction): try await transaction.savepoint { try await body(.transaction($0)) }
        }
    }
}
