import Postgres

/// What changed of a list, as far as one page of it goes.
package struct ChangesPage: Sendable, Hashable {
    package enum Next: Sendable, Hashable {
        /// More of the same changes: the token for the next page.
        case page(String)
        /// All is told: the token for what changes from now on.
        case delta(String)
    }

    /// JSON objects with commas between them: records as they are now, and removed ones.
    package var items: [UInt8]
    package var next: Next
}

/// Incremental synchronisation (OData Protocol 4.01 section 11.3).
extension RecordStore {
    /// A token for what changes of a list from now on. Taken before the list is read, so that a change in between is told twice rather than not at
    /// all.
    package func syncToken(_ request: ListRequest, now: Int64, access: Access) async throws -> String {
        let list = try ListReader(store: self, request: request, access: access)
        let digest = RightsDigest(type: request.type, access: access)
        try digest.requireTraces()
        try request.query.requireTraces(catalog, access: access)
        let rights = try await digest.current(in: self)
        let result = try await ReadFailure.translating {
            try await client.pipelined(
                SQL(verbatim: "SELECT pg_current_snapshot()::text, \(HistoryEpoch.name(at: "pg_current_snapshot()"))"))
        }
        guard let row = result.first else { throw RecordsError(.internalFault, "PostgreSQL told no snapshot.") }
        return SyncToken(
            seen: try row.decode(String.self, 0), issued: now, system: try row.decode(String.self, 1), form: try list.form(), rights: rights
        ).encoded(for: list.trackedFingerprint)
    }

    /// One page of what changed of a list since a token. The filter, search and select of the request are those of the list; order, count, top and skip
    /// have no meaning here.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Throws: `records.bad_cursor` for a token of another list, `records.sync_expired` for one that is too old.
    package func changes(_ request: ListRequest, since token: String, now: Int64, access: Access) async throws -> ChangesPage {
        try await ChangesReader(store: self, request: request, token: token, access: access).page(now: now)
    }
}
