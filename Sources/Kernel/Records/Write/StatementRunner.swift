import Postgres

/// Where a store's statements run: each alone, or all inside one transaction, where they see what those before them wrote.
///
/// Alone, writes take a connection of their own: on a shared pipeline commits would wait for each other's flush to disk, one after the
/// other, where PostgreSQL flushes those of many connections together.
enum StatementRunner: Sendable {
    case alone(PostgresClient, CommitSignal)
    case transaction(PostgresTransaction)

    /// How often a unit that the database broke off is tried anew.
    private static let retries = 2

    var isTransaction: Bool { if case .transaction = self { true } else { false } }

    func query(_ sql: SQL) async throws -> PostgresResult {
        #if DEBUG
            StatementLog.note(sql)
        #endif
        return switch self {
        case .alone(let client, _): try await client.query(sql)
        case .transaction(let transaction): try await transaction.query(sql)
        }
    }

    /// Runs a short statement, if possible on a connection that it shares with others.
    func pipelined(_ sql: SQL) async throws -> PostgresResult {
        #if DEBUG
            StatementLog.note(sql)
        #endif
        return switch self {
        case .alone(let client, _): try await client.pipelined(sql)
        case .transaction(let transaction): try await transaction.query(sql)
        }
    }

    /// Reads a large result in batches.
    func stream(_ sql: SQL, batchSize: Int, _ body: (PostgresRowStream) async throws -> Void) async throws {
        #if DEBUG
            StatementLog.note(sql)
        #endif
        switch self {
        case .alone(let client, _): try await client.stream(sql, batchSize: batchSize, body)
        case .transaction(let transaction): try await transaction.stream(sql, batchSize: batchSize, body)
        }
    }

    /// Runs `body` so that its failure undoes what it did and nothing else. A single statement that runs alone is that by itself, and runs again
    /// when the database broke it off for reasons that may be gone the next time.
    func attempt<R: Sendable>(_ body: (StatementRunner) async throws -> R) async throws -> R {
        switch self {
        case .alone(_, let commits):
            var retriesLeft = Self.retries
            while true {
                do {
                    let result = try await body(self)
                    commits.tell()
                    return result
                } catch let error as PostgresError where error.mayRetryTransaction && retriesLeft > 0 && !Task.isCancelled {
                    retriesLeft -= 1
                }
            }
        case .transaction(let transaction): return try await transaction.savepoint { try await body(.transaction($0)) }
        }
    }

    /// Runs `body` as one unit: a transaction, or a part of the one that is open. A serialization failure of the former runs it again.
    func transaction<R: Sendable>(_ body: (StatementRunner) async throws -> R) async throws -> R {
        switch self {
        case .alone(let client, let commits):
            let result = try await client.transaction(isolation: .readCommitted, readOnly: false, retrySerializationFailures: Self.retries)
            {
                try await body(.transaction($0))
            }
            commits.tell()
            return result
        case .transaction: return try await attempt(body)
        }
    }
}
