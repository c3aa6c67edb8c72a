import Catalog
import Permissions
import Postgres
import QueryLanguage

/// Fields that a writer sees on some records, and not on the one that they change.
extension WritePreparation {
    /// Notes which fields each writer doesn't see on the record that they change, and gives the inputs without what would empty these: a record that is
    /// replaced as a whole keeps what its writer didn't see. What else they say of one is refused by name, unless the role lets it be changed unseen.
    func closingUnseen(_ inputs: [RecordInput], _ drafts: inout [WriteDraft]) async throws -> [RecordInput] {
        let fields = type.fields.filter { field in
            guard let mask = access.rights.mask(of: field.key, on: type.id), mask != .never else { return false }
            return drafts.contains { inputs[$0.index].touches(field) }
        }
        guard !fields.isEmpty else { return inputs }
        let closed = AccessGuard.closed(fields, of: type, alias: "t", access: access)
        let guarded = AccessGuard.predicate(.update, on: type, alias: "t", access: access)
        let sql: SQL = """
            SELECT t.id, \(closed.unseen), \(closed.unwritable) FROM \(raw: type.table.sql) t \
            WHERE t.id = ANY(\(bind: drafts.map { PostgresUUID(guid: $0.id) })) AND \(guarded)
            """
        var found: [GUID: (unseen: Set<String>, unwritable: Set<String>)] = [:]
        for row in try await store.statements.query(sql).rows {
            found[GUID(postgres: try row.decode(PostgresUUID.self, 0))] = (
                Set(try row.decode([String].self, 1)), Set(try row.decode([String].self, 2))
            )
        }
        var inputs = inputs
        for index in drafts.indices {
            guard let record = found[drafts[index].id] else { continue }
            drafts[index].unseen = record.unseen
            let item = drafts[index].index
            for field in fields where record.unseen.contains(field.key) && record.unwritable.contains(field.key) {
                guard inputs[item].touches(field) else { continue }
                if inputs[item].yielding.contains(field.key) {
                    inputs[item].leave(field)
                } else {
                    drafts[index].refuse(
                        "records.forbidden", field.key,
                        "Your roles don't let you write \(field.label) of this \(type.label.lowercased()), on which you don't see it.")
                }
            }
        }
        return inputs
    }
}

extension RecordInput {
    /// Whether it says anything of a field.
    fileprivate func touches(_ field: Field) -> Bool {
        momentary.contains(field.key) || field.propertyNames.contains { values[$0] != nil }
    }

    /// Leaves a field as it is.
    fileprivate mutating func leave(_ field: Field) {
        momentary.remove(field.key)
        for name in field.propertyNames { values[name] = nil }
    }
}

extension Field {
    /// Under what an input may speak of it.
    fileprivate var propertyNames: [String] { [key] + columns.map(\.name) + [primaryProperty].compactMap(\.self) }
}
