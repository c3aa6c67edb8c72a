import Catalog
import QueryLanguage

/// Finds the records whose links show something else than they did: a record at the other end was changed, deleted or restored, or a
/// link that the other end holds leads here now, or led here before.
///
/// A link that the record holds itself needs no looking for: changing it changes the record.
struct LinkedChanges {
    let catalog: Catalog
    /// The rows of `tessera.change` that a token hasn't seen, under `c`.
    let window: String

    /// SELECTs of ids, one for each way in which the records of a list can be concerned.
    func affected(_ type: RecordType, _ query: CheckedQuery) throws -> [String] {
        try affected(type, shape: query.shape.name, TrackedLinks(of: query, catalog))
    }

    /// The types whose records a list shows or asks, its own first.
    func types(of query: CheckedQuery, _ type: RecordType) throws -> [RecordType] {
        var types = [type]
        func follow(_ links: TrackedLinks) throws {
            for (step, rest) in links.steps {
                guard let target = step.target, let reached = catalog.typeShape(named: target) else { continue }
                let type = try recordType(reached.recordType)
                if !types.contains(where: { $0.id == type.id }) { types.append(type) }
                try follow(rest)
            }
        }
        try follow(TrackedLinks(of: query, catalog, isWhole: true))
        return types
    }

    private func affected(_ type: RecordType, shape name: String, _ links: TrackedLinks) throws -> [String] {
        guard let shape = catalog.typeShape(named: name) else { throw QueryCompiler.gone(name) }
        return try links.steps.flatMap { step, rest -> [String] in
            guard let binding = shape.binding(step.link) else { throw QueryCompiler.gone(step.link) }
            func changed(_ type: RecordType) throws -> String { try self.changed(type, shape: step.target ?? type.id, rest) }
            switch binding {
            case .toOne(let column, let target):
                return ["SELECT x.\"id\" FROM \(type.table.sql) AS x WHERE x.\"\(column)\" IN (\(try changed(try recordType(target))))"]
            case .toMany(let table, let target):
                return ["SELECT x.source_id FROM \(table.name.sql) AS x WHERE x.target_id IN (\(try changed(try recordType(target))))"]
            case .inverseOfOne(let source, let column):
                let other = try recordType(source)
                return [
                    "SELECT x.\"\(column)\" FROM \(other.table.sql) AS x WHERE x.\"\(column)\" IS NOT NULL AND x.\"id\" IN (\(try changed(other)))",
                    "SELECT (c.before ->> '\(column)')::uuid FROM tessera.change AS c WHERE \(of(other)) AND c.before ->> '\(column)' IS NOT NULL",
                ]
            case .inverseOfMany(let source, let table):
                let other = try recordType(source)
                return [
                    "SELECT x.target_id FROM \(table.name.sql) AS x WHERE x.source_id IN (\(try changed(other)))",
                    "SELECT (e.link ->> 'target_id')::uuid FROM tessera.change AS c CROSS JOIN LATERAL "
                        + "jsonb_array_elements(CASE jsonb_typeof(c.before -> '\(table.field)') WHEN 'array' THEN c.before -> '\(table.field)' END) "
                        + "AS e(link) WHERE \(of(other))",
                ]
            case .toAny(let field, _):
                guard let target = step.target else {
                    throw RecordsError(
                        .notSupported, "\(step.link) links to several types; its changes can't be tracked: leave it out of $expand.",
                        target: step.link)
                }
                let other = try recordType(target)
                return [
                    "SELECT x.\"id\" FROM \(type.table.sql) AS x WHERE x.\"\(field)_type\" = '\(other.id)' "
                        + "AND x.\"\(field)_id\" IN (\(try changed(other)))"
                ]
            case .system, .column, .address, .file, .channels, .linkColumns: return []
            }
        }
    }

    /// A SELECT of the records of a type that changed, or whose own links did.
    private func changed(_ type: RecordType, shape: String, _ links: TrackedLinks) throws -> String {
        let own = "SELECT c.record_id FROM tessera.change AS c WHERE \(of(type))"
        return ([own] + (try affected(type, shape: shape, links))).joined(separator: " UNION ALL ")
    }

    private func of(_ type: RecordType) -> String { "c.record_type = '\(type.id)' AND \(window)" }

    private func recordType(_ id: String) throws -> RecordType {
        guard let type = catalog.type(id: id) else { throw QueryCompiler.gone(id) }
        return type
    }
}
