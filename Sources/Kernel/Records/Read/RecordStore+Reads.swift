package import Catalog
package import Postgres
package import QueryLanguage

/// Reads. Their JSON is made by PostgreSQL and passed through as bytes; only what `values` returns is decoded.
///
/// Thrown codes: `records.bad_cursor` for a skiptoken of another query, `records.not_supported` for what the language has and the store
/// does not, `records.unknown_property` for a navigation the type does not have, `records.unavailable` when the database is.
extension RecordStore {
    /// One page of the records of a type.
    package func list(_ request: ListRequest, access: Access) async throws -> Page {
        throw RecordsError(.notSupported, "Lists are not supported yet.")
    }

    /// How many records match; `.none` counts nothing and answers 0.
    package func count(_ type: RecordType, filter: TypedExpression?, mode: CountMode, access: Access) async throws -> Int {
        throw RecordsError(.notSupported, "Counts are not supported yet.")
    }

    /// One record, or nil when there is none that this access may read. Of the query only select and expand are used.
    package func record(
        _ type: RecordType, _ key: RecordKey, query: CheckedQuery? = nil, format: ReadFormat = ReadFormat(), includeDeleted: Bool = false,
        access: Access
    ) async throws -> StoredRecord? {
        throw RecordsError(.notSupported, "Reading by key is not supported yet.")
    }

    /// One page of the records a record's collection link points at: `people(ID)/affiliations`. `request.type` is the link's target and
    /// `request.query` is checked against it. Nil when the record itself is missing.
    package func links(
        _ type: RecordType, _ id: GUID, navigation: String, request: ListRequest, access: Access
    ) async throws -> Page? {
        throw RecordsError(.notSupported, "Links are not supported yet.")
    }

    /// The record a link to one points at: `people(ID)/organisation`. Nil when the record or its target is missing.
    package func link(
        _ type: RecordType, _ id: GUID, navigation: String, query: CheckedQuery? = nil, format: ReadFormat = ReadFormat(), access: Access
    ) async throws -> StoredRecord? {
        throw RecordsError(.notSupported, "Links are not supported yet.")
    }

    /// All matching records, a JSON object each, in bounded memory; `pageSize` is ignored, `top`, `skip` and `orderby` are not.
    package func stream(_ request: ListRequest, access: Access) -> RecordStream {
        RecordStream()
    }

    /// Decoded properties of records, by the names the API has; collections of emails and phones in the shapes of `RecordInput`. Records that
    /// are missing, deleted or hidden have no entry.
    package func values(_ type: RecordType, ids: [GUID], fields: [String], access: Access) async throws -> [GUID: [String: Value]] {
        throw RecordsError(.notSupported, "Decoded reads are not supported yet.")
    }

    /// The statement a list runs, its parameters and PostgreSQL's plan for it; the statement itself is not run.
    package func explain(_ request: ListRequest, access: Access) async throws -> ExplainedQuery {
        throw RecordsError(.notSupported, "Explaining is not supported yet.")
    }
}

/// Records as they arrive, a JSON object (UTF-8) each. Iterated once.
package struct RecordStream: AsyncSequence, Sendable {
    package struct AsyncIterator: AsyncIteratorProtocol {
        package mutating func next() async throws -> [UInt8]? { nil }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}
