package import Catalog
import Permissions
import Postgres
package import QueryLanguage

/// Reads. Their JSON is made by PostgreSQL and passed through as bytes; only what `values` returns is decoded.
///
/// Thrown codes: `records.bad_cursor` for a skiptoken of another query, `records.not_supported` for what the language has and the store
/// does not, `records.unknown_property` for a navigation the type does not have, `query.evaluation` for a query that computes what cannot
/// be represented, `records.unavailable` when the database is.
extension RecordStore {
    /// One page of the records of a type.
    package func list(_ request: ListRequest, access: Access) async throws -> Page {
        try await ListReader(store: self, request: request, access: access).page()
    }

    /// How many records match; `.none` counts nothing and answers 0.
    package func count(
        _ type: RecordType, filter: TypedExpression?, search: SearchExpression? = nil, mode: CountMode, includeDeleted: Bool = false,
        access: Access
    ) async throws -> Int {
        var query = CheckedQuery(shape: try shape(of: type, access))
        query.filter = filter
        query.search = search
        return try await ListReader(
            store: self, request: ListRequest(type: type, query: query, includeDeleted: includeDeleted), access: access
        ).count(mode: mode)
    }

    /// All matching records, a JSON object each, in bounded memory; `pageSize` is ignored, `top`, `skip` and `orderby` are not.
    package func stream(_ request: ListRequest, access: Access) -> RecordStream {
        RecordStream { [self] channel in
            let sql = try ListReader(store: self, request: request, access: access).streamStatement()
            try await statements.stream(sql, batchSize: 500) { batches in
                for try await batch in batches { try await channel.send(batch) }
            }
        }
    }

    /// Decoded properties of records, by the names the API has; collections of emails and phones in the shapes of `RecordInput`. Records that
    /// are missing, deleted or hidden have no entry.
    package func values(_ type: RecordType, ids: [GUID], fields: [String], access: Access) async throws -> [GUID: [String: Value]] {
        guard !ids.isEmpty else { return [:] }
        // What is seen on some records only would have to be looked at record by record.
        for field in fields.compactMap({ type.field($0) ?? type.field(ofColumn: $0) }) {
            guard access.rights.mask(of: field.key, on: type.id) != .never else {
                throw RecordsError(.unknownProperty, "\(type.label) has no property \(field.key).", target: field.key)
            }
        }
        let keys = try fields.map { try storedName(of: $0, in: type) }
        let records = try await ReadFailure.translating {
            try await StoredValues(store: self, type: type, access: access).load(ids, fields: Set(keys))
        }
        let wanted = Set(fields)
        return records.mapValues { $0.values.filter { wanted.contains($0.key) } }
    }

    /// The statement a list's page begins with, its parameters and PostgreSQL's plan for it; the statement itself is not run.
    ///
    /// - Parameter analysing: runs it after all, and tells what each step read.
    package func explain(_ request: ListRequest, analysing: Bool = false, access: Access) async throws -> ExplainedQuery {
        let (sql, parameters) = try ListReader(store: self, request: request, access: access).pageStatement()
        let explained: SQL = (analysing ? "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " : "EXPLAIN ") + sql
        let result = try await ReadFailure.translating { try await statements.query(explained) }
        let plan = try result.rows.map { try $0.decode(String.self, 0) }.joined(separator: "\n")
        return ExplainedQuery(sql: sql.text, parameters: parameters, plan: plan)
    }

    private func shape(of type: RecordType, _ access: Access) throws -> EntityShape {
        guard let shape = visibleCatalog(access).catalog.entityShape(named: type.id) else { throw QueryCompiler.gone(type.id) }
        return shape
    }

    /// The field, or system column, behind a property.
    private func storedName(of property: String, in type: RecordType) throws -> String {
        if type.field(property) != nil || RecordType.systemColumns.contains(where: { $0.name == property }) { return property }
        if let field = type.fields.first(where: { $0.columns.contains { $0.name == property } }) { return field.key }
        throw RecordsError(.unknownProperty, "\(type.label) has no property \(property).", target: property)
    }
}
