package import Logging
package import Postgres
package import QueryLanguage
import Records

/// The tokens that open the API. Only their digests are stored; a token is shown once, when it is made.
package final class TokenStore: Sendable {
    /// A token as lists show it.
    package struct Entry: Sendable, Hashable {
        package var id: GUID
        package var principal: GUID
        package var label: String
        /// Moments as RFC 3339 writes them, in UTC.
        package var createdAt: String
        package var expiresAt: String?
        package var isRevoked: Bool
    }

    private let client: PostgresClient
    private let logger: Logger
    private let cache = TokenCache()

    package init(client: PostgresClient, logger: Logger) {
        self.client = client
        self.logger = logger
    }

    /// Makes the administrator and a token, if nobody has a token that still works; nil when somebody has. Safe to call on every start
    /// and on several nodes at once.
    ///
    /// - Throws: `token.unavailable` when the database can't be reached.
    package func createAdministratorIfNone() async throws -> BearerToken? {
        let token = try BearerToken.random()
        let id = PostgresUUID.random()
        return try await reaching {
            try await self.client.transaction { transaction in
                try await transaction.execute("LOCK TABLE tessera.token IN SHARE ROW EXCLUSIVE MODE")
                let working = try await transaction.query(
                    "SELECT 1 FROM tessera.token WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) LIMIT 1")
                guard working.isEmpty else { return nil }
                let administrator = GUID.administrator.postgres
                _ = try await transaction.query(
                    """
                    INSERT INTO tessera.token (id, principal_id, digest, label)
                    VALUES (\(bind: id), \(bind: administrator), \(bind: token.digest.bytes), 'first start')
                    """)
                return token
            }
        }
    }

    /// Makes a token for a principal.
    package func issue(for principal: GUID, label: String, lifetime: Duration? = nil) async throws -> BearerToken {
        let token = try BearerToken.random()
        let seconds = lifetime.map { $0.components.seconds }.postgresParameter
        _ = try await reaching {
            try await self.client.query(
                """
                INSERT INTO tessera.token (id, principal_id, digest, label, expires_at)
                VALUES (\(bind: PostgresUUID.random()), \(bind: principal.postgres), \(bind: token.digest.bytes), \(bind: label),
                    now() + make_interval(secs => \(bind: seconds)::double precision))
                """)
        }
        cache.forget(token.digest)
        return token
    }

    /// Ends a token at once on this node, and within seconds on others.
    package func revoke(_ id: GUID) async throws {
        let revoked = try await reaching {
            try await self.client.query(
                "UPDATE tessera.token SET revoked_at = now() WHERE id = \(bind: id.postgres) AND revoked_at IS NULL RETURNING id")
        }
        cache.forgetAll()
        guard !revoked.isEmpty else {
            throw TokenError(.notFound, "There is no such token, or it is revoked already; `tessera token list` shows them.")
        }
    }

    package func list() async throws -> [Entry] {
        let result = try await reaching {
            try await self.client.query(
                """
                SELECT id, principal_id, label, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                    to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), revoked_at IS NOT NULL
                FROM tessera.token ORDER BY created_at, id
                """)
        }
        return try result.rows.map { row in
            Entry(
                id: GUID(postgres: try row.decode(PostgresUUID.self, 0)), principal: GUID(postgres: try row.decode(PostgresUUID.self, 1)),
                label: try row.decode(String.self, 2), createdAt: try row.decode(String.self, 3),
                expiresAt: row.isNull(4) ? nil : try row.decode(String.self, 4), isRevoked: try row.decode(Bool.self, 5))
        }
    }

    /// Whose token this is; nil when it opens nothing.
    ///
    /// - Throws: `token.unavailable` when the database has to be asked and can't be.
    func principal(of token: some Collection<UInt8>) async throws -> GUID? {
        let digest = TokenDigest(of: token)
        let now = ContinuousClock.now
        switch cache.look(up: digest, now: now) {
        case .principal(let principal): return principal
        case .refused: return nil
        case .unknown: break
        }
        // What isn't even a token's form is no question for the database.
        guard BearerToken.isWellFormed(Array(token)) else { return nil }
        let result = try await reaching {
            try await self.client.pipelined(
                """
                SELECT token.principal_id, ceil(extract(epoch FROM token.expires_at - now()))::bigint
                FROM tessera.token JOIN tessera.principal ON principal.id = token.principal_id
                WHERE token.digest = \(bind: digest.bytes) AND token.revoked_at IS NULL
                    AND (token.expires_at IS NULL OR token.expires_at > now()) AND principal.disabled_at IS NULL
                """)
        }
        guard !result.isEmpty else {
            cache.keep(nil, for: digest, now: now)
            return nil
        }
        let principal = GUID(postgres: try result.uuid(row: 0, column: 0))
        let expiresIn = result.isNull(row: 0, column: 1) ? nil : Duration.seconds(try result.int64(row: 0, column: 1))
        cache.keep(principal, for: digest, expiresIn: expiresIn, now: now)
        return principal
    }

    private func reaching<R: Sendable>(_ body: () async throws -> R) async throws -> R {
        do {
            return try await body()
        } catch let error as PostgresError {
            logger.log(level: error.isOutage ? .debug : .error, "Tokens can't be read or written.", metadata: ["error": "\(error)"])
            if error.isReadOnly { throw TokenError(.unavailable, PostgresError.takesNoWrites) }
            throw TokenError(.unavailable, "The database that holds the tokens can't be reached. Try again in a moment.")
        }
    }
}

extension GUID {
    init(postgres uuid: PostgresUUID) { self.init(high: uuid.high, low: uuid.low) }

    var postgres: PostgresUUID { PostgresUUID(high: high, low: low) }
}
