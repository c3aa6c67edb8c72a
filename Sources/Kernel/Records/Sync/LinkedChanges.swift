import Catalog
import QueryLanguage

/// Finds the records whose expanded links show something else than they did: a record at the other end was changed, deleted or restored, or a
/// link that the other end holds leads here now, or led here before.
///
/// A link that the record holds itself needs no looking for: changing it changes the record.
struct LinkedChanges {
    let catalog: Catalog
    /// The rows of `tessera.change` that a token hasn't seen, under `c`.
    let window: String

    /// SELECTs of ids, one for each way in which the records of a type can be concerned.
    func affected(_ type: RecordType, _ query: CheckedQuery) throws -> [String] {
        guard let shape = catalog.typeShape(named: query.shape.name) else { throw QueryCompiler.gone(query.shape.name) }
        return try query.expand.flatMap { item -> [String] in
            guard let binding = shape.binding(item.link.name) else { throw QueryCompiler.gone(item.link.name) }
            switch binding {
            case .toOne(let column, let target):
                let changed = try changed(try recordType(target), item.query)
                return ["SELECT x.\"id\" FROM \(type.table.sql) AS x WHERE x.\"\(column)\" IN (\(changed))"]
            case .toMany(let table, let target):
                let changed = try changed(try recordType(target), item.query)
                return ["SELECT x.source_id FROM \(table.name.sql) AS x WHERE x.target_id IN (\(changed))"]
            case .inverseOfOne(let source, let column):
                let other = try recordType(source)
                let changed = try changed(other, item.query)
                return [
                    "SELECT x.\"\(column)\" FROM \(other.table.sql) AS x WHERE x.\"\(column)\" IS NOT NULL AND x.\"id\" IN (\(changed))",
                    "SELECT (c.before ->> '\(column)')::uuid FROM tessera.change AS c WHERE \(of(other)) AND c.before ->> '\(column)' IS NOT NULL",
                ]
            case .inverseOfMany(let source, let table):
                let other = try recordType(source)
                let changed = try changed(other, item.query)
                return [
                    "SELECT x.target_id FROM \(table.name.sql) AS x WHERE x.source_id IN (\(changed))",
                    "SELECT (e.link ->> 'target_id')::uuid FROM tessera.change AS c CROSS JOIN LATERAL "
                        + "jsonb_array_elements(CASE jsonb_typeof(c.before -> '\(table.field)') WHEN 'array' THEN c.before -> '\(table.field)' END) "
                        + "AS e(link) WHERE \(of(other))",
                ]
            case .toAny:
                throw RecordsError(
                    .notSupported, "\(item.link.name) links to several types; its changes can't be tracked: leave it out of $expand.",
                    target: item.link.name)
            case .system, .column, .address, .file, .channels, .linkColumns: return []
            }
        }
    }

    /// A SELECT of the records of a type that changed, or whose own expanded links did.
    private func changed(_ type: RecordType, _ query: CheckedQuery) throws -> String {
        let own = "SELECT c.record_id FROM tessera.change AS c WHERE \(of(type))"
        return ([own] + (try affected(type, query))).joined(separator: " UNION ALL ")
    }

    func of(_ type: RecordType) -> String { "c.record_type = '\(type.id)' AND \(window)" }

    private func recordType(_ id: String) throws -> RecordType {
        guard let type = catalog.type(id: id) else { throw QueryCompiler.gone(id) }
        return type
    }
}
