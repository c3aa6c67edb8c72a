package import Postgres
package import QueryLanguage

/// Long work in numbered steps, each carried out exactly once: the mark of a step is written in the transaction of its writes, so that whoever
/// takes the work up again knows what is done.
package struct WorkSteps: Sendable {
    let store: RecordStore
    /// The import, job or other work whose steps these are.
    let work: GUID
    /// Whoever asked for it: no step is kept that ends after they were deactivated.
    let principal: GUID

    package init(_ store: RecordStore, work: GUID, of principal: GUID) {
        self.store = store
        self.work = work
        self.principal = principal
    }

    /// The outcomes of the steps that are done, by number.
    package func done() async throws -> [Int: PostgresJSON] {
        let sql: SQL = "SELECT number, outcome FROM tessera.work_step WHERE work = \(bind: PostgresUUID(guid: work))"
        return try await ReadFailure.translating {
            let rows = try await store.statements.query(sql).rows
            return Dictionary(
                try rows.map { (Int(try $0.decode(Int32.self, 0)), try $0.decode(PostgresJSON.self, 1)) }, uniquingKeysWith: { $1 })
        }
    }

    /// Carries a step out unless that has been done, and gives its outcome.
    ///
    /// - Throws: `records.forbidden` when whoever asked for the work was deactivated.
    /// - Parameter body: may run again when the database had to break it off; all its writes go through the store it is given.
    package func once(_ number: Int, _ body: (RecordStore) async throws -> PostgresJSON) async throws -> PostgresJSON {
        let (work, step) = (PostgresUUID(guid: work), Int32(number))
        return try await store.transaction { store in
            // Whoever does the same step at this moment is waited for.
            let claim: SQL = """
                INSERT INTO tessera.work_step (work, number) VALUES (\(bind: work), \(bind: step)) ON CONFLICT DO NOTHING RETURNING 1
                """
            guard try await !store.run(claim).rows.isEmpty else {
                let known: SQL = "SELECT outcome FROM tessera.work_step WHERE work = \(bind: work) AND number = \(bind: step)"
                return try await store.run(known).first?.decode(PostgresJSON.self, 0) ?? PostgresJSON("null")
            }
            let outcome = try await body(store)
            _ = try await store.run(
                "UPDATE tessera.work_step SET outcome = \(bind: outcome) WHERE work = \(bind: work) AND number = \(bind: step)")
            try await store.requireActive(principal)
            return outcome
        }
    }

    /// Forgets the steps, after the work is finished and its result kept.
    package func forget() async throws {
        _ = try await store.run("DELETE FROM tessera.work_step WHERE work = \(bind: PostgresUUID(guid: work))")
    }
}
