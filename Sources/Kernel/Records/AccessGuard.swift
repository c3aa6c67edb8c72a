package import Catalog
import Permissions
package import Postgres
import QueryLanguage

/// The one place that adds what an access may see and do to SQL. Whatever reads or writes records asks here for its predicate.
package enum AccessGuard {
    /// A condition over the table `alias` that holds for the records this access may act on, soft-deleted ones left out unless asked for.
    package static func predicate(
        _ action: RecordAction, on type: RecordType, alias: String, access: Access, includeDeleted: Bool = false
    ) -> SQL {
        sql(pieces(action, on: type, alias: alias, access: access, includeDeleted: includeDeleted), access)
    }

    /// The same with the principal's values left open: it is one text for all principals with the same policy.
    static func pieces(
        _ action: RecordAction, on type: RecordType, alias: String, access: Access, includeDeleted: Bool
    ) -> [GuardPiece] {
        let standing: [GuardPiece] = includeDeleted ? [] : [.text("\(alias).deleted_at IS NULL")]
        var predicate = access.rights.predicate(action, on: type.id)
        if access.changesMany, [.update, .delete, .restore, .purge].contains(action) {
            predicate = .all(of: [predicate, access.rights.predicate(.bulk, on: type.id)])
        }
        guard predicate != .always else { return standing.isEmpty ? [.text("TRUE")] : standing }
        let condition = GuardText(type: type, alias: alias).pieces(of: predicate)
        return standing.isEmpty ? condition : standing + [.text(" AND ")] + condition
    }

    /// The parts of a condition of which one has to hold, where there are several, or where it speaks of several owners: each can be read in the
    /// order of an index of its own. Nil where the whole condition is one that an index serves, or none is.
    static func branches(_ action: RecordAction, on type: RecordType, access: Access) -> [Predicate]? {
        switch access.rights.predicate(action, on: type.id) {
        case .any(let parts) where parts.count > 1: parts
        case .owners(let set): [.owners(set)]
        default: nil
        }
    }

    /// A condition over the table `alias` that holds for the records on which a field is seen; nil when on all that are read.
    package static func mask(of field: String, on type: RecordType, alias: String, access: Access) -> SQL? {
        access.rights.mask(of: field, on: type.id).map { sql(GuardText(type: type, alias: alias).pieces(of: $0), access) }
    }

    private static func sql(_ pieces: [GuardPiece], _ access: Access) -> SQL {
        var sql = SQL()
        for piece in pieces {
            switch piece {
            case .text(let text): sql.append(raw: text)
            case .value(let value): sql.append(parameter: value.parameter(of: access.rights.actor))
            }
        }
        return sql
    }

    /// `value`, which is JSON, as long as the rows of a write may be as they have become; otherwise the statement fails and nothing is written.
    ///
    /// - Parameter condition: over the rows as they are now.
    static func granting(_ value: SQL, if condition: SQL?) -> SQL {
        guard let condition else { return value }
        return "CASE WHEN \(condition) THEN \(value) ELSE tessera.denied() END"
    }

    /// What has to hold for a new record under `alias`; nil when anything may be made.
    ///
    /// - Parameter fields: keys of the fields that are given.
    static func creation(of type: RecordType, alias: String, fields: Set<String>, access: Access) -> SQL? {
        var conditions: [SQL] = []
        if access.rights.predicate(.create, on: type.id) != .always {
            conditions.append(predicate(.create, on: type, alias: alias, access: access, includeDeleted: true))
        }
        conditions += writeMasks(of: type, fields, alias: alias, isNew: true, access)
        return conditions.isEmpty ? nil : SQL.joined(conditions, separator: " AND ")
    }

    /// What has to hold for the records whose fields are written, for each field that isn't written on all of them.
    private static func writeMasks(of type: RecordType, _ fields: Set<String>, alias: String, isNew: Bool, _ access: Access) -> [SQL] {
        fields.sorted().compactMap { field in
            access.rights.writeMask(of: field, on: type.id, isNew: isNew).map { mask in
                sql(GuardText(type: type, alias: alias).pieces(of: mask), access)
            }
        }
    }

    /// What has to hold for a record that was `old` and has become `new`: it is still one of those that may be changed, or was given to somebody
    /// whom this access may make an owner. Nil when nothing has to.
    ///
    /// - Parameter fields: keys of the fields that are set, whether they change or not.
    static func change(of type: RecordType, old: String, new: String, fields: Set<String>, access: Access) -> SQL? {
        let masks = writeMasks(of: type, fields, alias: old, isNew: false, access)
        guard access.rights.predicate(.update, on: type.id) != .always || access.rights.predicate(.assign, on: type.id) != .always else {
            return masks.isEmpty ? nil : SQL.joined(masks, separator: " AND ")
        }
        let update = predicate(.update, on: type, alias: new, access: access, includeDeleted: true)
        let assign = predicate(.assign, on: type, alias: new, access: access, includeDeleted: true)
        let image: SQL = "CASE WHEN \(raw: new).owner_id IS DISTINCT FROM \(raw: old).owner_id THEN \(assign) ELSE \(update) END"
        return SQL.joined(masks + [image], separator: " AND ")
    }
}

/// A piece of a guard's condition: text, or a value of the principal.
enum GuardPiece: Sendable, Hashable {
    case text(String)
    case value(ActorValue)
}

/// A value of the principal that a condition compares with.
enum ActorValue: Sendable, Hashable {
    case id
    case owners(Int)
    case grantees

    func parameter(of actor: Actor) -> PostgresParameter {
        switch self {
        case .id: PostgresUUID(guid: actor.id).postgresParameter
        case .owners(let set):
            (actor.ownerSets.indices.contains(set) ? actor.ownerSets[set] : []).map { PostgresUUID(guid: $0) }.postgresParameter
        case .grantees: actor.grantees.map { PostgresUUID(guid: $0) }.postgresParameter
        }
    }
}

/// The back end of predicates in SQL.
///
/// A share is looked up as `id = ANY (ARRAY(SELECT …))`: its ids are worked out once, and the primary key finds the records; `IN (SELECT …)` was
/// measured nine times slower.
struct GuardText {
    let type: RecordType
    let alias: String

    func pieces(of predicate: Predicate) -> [GuardPiece] {
        switch predicate {
        case .always: [.text("TRUE")]
        case .never: [.text("FALSE")]
        case .all(let parts): joined(parts, " AND ")
        case .any(let parts): joined(parts, " OR ")
        case .owner: [.text("\(alias).owner_id = "), .value(.id)]
        case .owners(let set): [.text("\(alias).owner_id = ANY ("), .value(.owners(set)), .text(")")]
        case .creator: [.text("\(alias).created_by = "), .value(.id)]
        case .shared(let level):
            [
                .text("\(alias).id = ANY (ARRAY(SELECT s.record_id FROM tessera.share s WHERE s.grantee_id = ANY ("), .value(.grantees),
                .text(
                    ") AND s.record_type = '\(type.id)' AND s.level >= \(level.rawValue) AND (s.ends_at IS NULL OR s.ends_at > now())))"),
            ]
        }
    }

    private func joined(_ parts: [Predicate], _ word: String) -> [GuardPiece] {
        var pieces: [GuardPiece] = [.text("(")]
        for (index, part) in parts.enumerated() {
            if index > 0 { pieces.append(.text(word)) }
            pieces += self.pieces(of: part)
        }
        return pieces + [.text(")")]
    }
}
