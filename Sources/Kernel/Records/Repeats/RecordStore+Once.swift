import JSONReading
import Postgres
import QueryLanguage

extension RecordStore {
    /// Carries a request out unless that has been done under its key, and gives its answer.
    ///
    /// Key, answer and all writes of `body` are one transaction: whatever is killed in between, either all of them are there or none. Who has the key at
    /// work is known by an advisory lock of that transaction, so that nothing is left of it when its server or its connection dies.
    ///
    /// - Parameter body: may run again when the database had to break it off. All that it reads and writes goes through the store it is given. What it throws
    ///   undoes what it did and leaves the key unused.
    /// - Throws: `idempotency.in_progress` while the same key is at work, `idempotency.other_request` when it was another request's.
    package func once(
        _ key: RequestKey, limits: KeptAnswerLimits, _ body: (RecordStore) async throws -> KeptAnswer
    ) async throws -> (answer: KeptAnswer, isRepetition: Bool) {
        try await transaction { store in
            let name = "tessera.request_key \(key.principal) \(key.text)"
            let turn = try await store.run("SELECT pg_try_advisory_xact_lock(hashtextextended(\(bind: name), 0))")
            guard try turn.first?.decode(Bool.self, 0) == true else {
                throw RecordsError(.keyInProgress, "The request with this Idempotency-Key is still at work; ask again in a moment.")
            }
            // A statement of its own, so that it sees what was committed before the lock was had.
            if let known = try await store.keptAnswer(to: key) { return (known, true) }
            let answer = try await body(store)
            try await store.keep(answer, to: key, limits)
            return (answer, false)
        }
    }

    private func keptAnswer(to key: RequestKey) async throws -> KeptAnswer? {
        let found = try await run(
            """
            SELECT fingerprint, status, headers, body, change_set FROM tessera.kept_answer \
            WHERE principal_id = \(bind: PostgresUUID(guid: key.principal)) AND key = \(bind: key.text) AND expires_at > now()
            """)
        guard let row = found.first else { return nil }
        guard try row.decode([UInt8].self, 0) == key.fingerprint else {
            throw RecordsError(
                .keyOfOtherRequest,
                "This Idempotency-Key was used for another request (another method, address or body): make a new key for each request.")
        }
        let headers = try JSONReader.value(of: try row.decode(PostgresJSON.self, 2).bytes)
        var known = KeptAnswer(
            status: Int(try row.decode(Int32.self, 1)), headers: [], body: try row.decode([UInt8]?.self, 3),
            changeSet: try row.decode(PostgresUUID?.self, 4).map(GUID.init(postgres:)))
        if case .collection(let items) = headers {
            known.headers = items.compactMap { item in
                guard let name = item["name"]?.asText, let value = item["value"]?.asText else { return nil }
                return KeptAnswer.Header(name: name, value: value)
            }
        }
        return known
    }

    private func keep(_ answer: KeptAnswer, to key: RequestKey, _ limits: KeptAnswerLimits) async throws {
        let headers = Value.collection(answer.headers.map { .complex(["name": .string($0.name), "value": .string($0.value)]) })
        let body = answer.body.flatMap { $0.count <= limits.size ? $0 : nil }
        // One whose time has passed makes place.
        _ = try await run(
            """
            INSERT INTO tessera.kept_answer AS k (principal_id, key, fingerprint, status, headers, body, change_set, expires_at) \
            VALUES (\(bind: PostgresUUID(guid: key.principal)), \(bind: key.text), \(bind: key.fingerprint), \(bind: Int32(answer.status)), \
            \(bind: PostgresJSON(headers.json)), \(bind: body), \(bind: answer.changeSet.map { PostgresUUID(guid: $0) }), \
            now() + \(bind: PostgresInterval(limits.time))) \
            ON CONFLICT (principal_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status, \
            headers = excluded.headers, body = excluded.body, change_set = excluded.change_set, at = now(), expires_at = excluded.expires_at
            """)
    }

    /// Removes the answers whose time has passed.
    package func forgetKeptAnswers() async throws {
        _ = try await run("DELETE FROM tessera.kept_answer WHERE expires_at <= now()")
    }
}

extension RecordsError.Code {
    /// The same request is still being carried out.
    package static let keyInProgress = Self(description: "idempotency.in_progress")
    package static let keyOfOtherRequest = Self(description: "idempotency.other_request")
}
