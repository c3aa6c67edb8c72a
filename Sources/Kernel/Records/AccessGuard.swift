package import Catalog
import Permissions
package import Postgres
import QueryLanguage

/// The one place that adds what an access may see and do to SQL. Whatever reads or writes records asks here for its predicate.
package enum AccessGuard {
    /// A condition over the table `alias` that holds for the records this access may act on, soft-deleted ones left out unless asked for.
    ///
    /// - Parameter lasting: how long it has to hold, as far as it hangs on shares.
    package static func predicate(
        _ action: RecordAction, on type: RecordType, alias: String, access: Access, includeDeleted: Bool = false,
        lasting: ShareDuration = .now
    ) -> SQL {
        if access.rights.predicate(action, on: type.id) != .always, leavesOutNext("\(action.rawValue) \(type.key) \(alias)") {
            return includeDeleted ? "TRUE" : "\(raw: alias).deleted_at IS NULL"
        }
        return sql(
            pieces(action, on: type, alias: alias, access: access, includeDeleted: includeDeleted, lasting: lasting), access)
    }

    /// The same with the principal's values left open: it is one text for all principals with the same policy.
    static func pieces(
        _ action: RecordAction, on type: RecordType, alias: String, access: Access, includeDeleted: Bool, lasting: ShareDuration = .now
    ) -> [GuardPiece] {
        let standing: [GuardPiece] = includeDeleted ? [] : [.text("\(alias).deleted_at IS NULL")]
        var predicate = access.rights.predicate(action, on: type.id)
        if access.changesMany, [.update, .delete, .restore, .purge].contains(action) {
            predicate = .all(of: [predicate, access.rights.predicate(.bulk, on: type.id)])
        }
        guard predicate != .always else { return standing.isEmpty ? [.text("TRUE")] : standing }
        let condition = GuardText(type: type.id, alias: alias, includesDeleted: includeDeleted, lasting: lasting).pieces(of: predicate)
        return standing.isEmpty ? condition : standing + [.text(" AND ")] + condition
    }

    /// The parts of a condition of which one has to hold, where there are several, or where it speaks of several owners: each can be read in the
    /// order of an index of its own. What has to hold beside is part of each. Nil where the whole condition is one that an index serves, or none is.
    static func branches(_ action: RecordAction, on type: RecordType, access: Access) -> [GuardBranch]? {
        let predicate = access.rights.predicate(action, on: type.id)
        var others: [Predicate] = if case .all(let parts) = predicate { parts } else { [predicate] }
        guard let position = others.firstIndex(where: \.hasBranches) else { return nil }
        let branching = others.remove(at: position)
        let parts: [Predicate] = if case .any(let parts) = branching { parts } else { [branching] }
        return parts.map { GuardBranch($0, and: others) }
    }

    /// A condition over the table `alias` that holds for the records on which a field is seen; nil when on all that are read.
    package static func mask(of field: String, on type: RecordType, alias: String, access: Access) -> SQL? {
        access.rights.mask(of: field, on: type.id).map { sql(GuardText(type: type.id, alias: alias).pieces(of: $0), access) }
    }

    /// The keys of the fields that aren't seen on a record, and of those that aren't to be written on it: expressions over the row `alias`, lists of text.
    static func closed(_ fields: [Field], of type: RecordType, alias: String, access: Access) -> (unseen: SQL, unwritable: SQL) {
        var (unseen, unwritable): ([SQL], [SQL]) = (["'{}'::text[]"], ["'{}'::text[]"])
        for field in fields {
            if let seen = mask(of: field.key, on: type, alias: alias, access: access) {
                unseen.append("CASE WHEN \(seen) THEN '{}'::text[] ELSE ARRAY['\(raw: field.key)'] END")
            }
            if let mask = access.rights.writeMask(of: field.key, on: type.id, isNew: false) {
                let written = sql(GuardText(type: type.id, alias: alias).pieces(of: mask), access)
                unwritable.append("CASE WHEN \(written) THEN '{}'::text[] ELSE ARRAY['\(raw: field.key)'] END")
            }
        }
        return ("(\(SQL.joined(unseen, separator: " || ")))", "(\(SQL.joined(unwritable, separator: " || ")))")
    }

    /// The names under which a record's image holds fields that aren't seen on it: an expression over the row `alias`, a list of text.
    package static func hiddenNames(of type: RecordType, alias: String, access: Access) -> SQL {
        var parts: [SQL] = ["'{}'::text[]"]
        for field in type.fields {
            guard let seen = mask(of: field.key, on: type, alias: alias, access: access) else { continue }
            let names = ([field.key] + field.columns.map(\.name)).map { "'\($0)'" }.joined(separator: ", ")
            parts.append("CASE WHEN \(seen) THEN '{}'::text[] ELSE ARRAY[\(raw: names)] END")
        }
        return "(\(SQL.joined(parts, separator: " || ")))"
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
        if access.channel == .importing, access.rights.predicate(.importing, on: type.id) != .always {
            conditions.append(predicate(.importing, on: type, alias: alias, access: access, includeDeleted: true))
        }
        conditions += writeMasks(of: type, fields, alias: alias, isNew: true, access)
        return conditions.isEmpty ? nil : SQL.joined(conditions, separator: " AND ")
    }

    /// What has to hold for the records whose fields are written, for each field that isn't written on all of them.
    private static func writeMasks(of type: RecordType, _ fields: Set<String>, alias: String, isNew: Bool, _ access: Access) -> [SQL] {
        fields.sorted().compactMap { field in
            guard let mask = access.rights.writeMask(of: field, on: type.id, isNew: isNew) else { return nil }
            if leavesOutNext("\(field) of \(type.key) \(alias)") { return nil }
            return sql(GuardText(type: type.id, alias: alias).pieces(of: mask), access)
        }
    }

    /// What has to hold for a record that was `old` and has become `new`: it is still one of those that may be changed; or it was one that may be
    /// given away, and was given to somebody whom this access may make an owner. Nil when nothing has to, or nothing changes that it depends on: as it was, it could be changed.
    ///
    /// - Parameters:
    ///   - fields: keys of the fields that are set, whether they change or not, and names of system columns.
    ///   - given: keys of those that may be written on some records only.
    static func change(
        of type: RecordType, old: String, new: String, fields: Set<String>, given: Set<String>, access: Access
    ) -> SQL? {
        var conditions = writeMasks(of: type, given, alias: old, isNew: false, access)
        let update = access.rights.predicate(.update, on: type.id)
        func condition(_ action: RecordAction) -> SQL { predicate(action, on: type, alias: new, access: access, includeDeleted: true) }
        if fields.contains("owner_id") {
            let giving = Self.giving(of: type, old: old, new: new, access: access)
            if update != .always || giving != nil {
                conditions.append(
                    """
                    CASE WHEN \(raw: new).owner_id IS DISTINCT FROM \(raw: old).owner_id THEN \(giving ?? "TRUE") ELSE \(condition(.update)) END
                    """)
            }
        } else if update != .always, !update.reads.isDisjoint(with: fields.union(Self.alwaysSet)) {
            conditions.append(condition(.update))
        }
        return conditions.isEmpty ? nil : SQL.joined(conditions, separator: " AND ")
    }

    /// What has to hold for a record that was `old` and has become `new`, with another owner; nil when nothing has to.
    static func giving(of type: RecordType, old: String, new: String, access: Access) -> SQL? {
        var conditions: [SQL] = []
        if access.rights.givable(on: type.id) != .always, !leavesOutNext("giving of \(type.key) \(old)") {
            conditions.append(givable(type, alias: old, access: access))
        }
        if access.rights.predicate(.assign, on: type.id) != .always {
            conditions.append(predicate(.assign, on: type, alias: new, access: access, includeDeleted: true))
        }
        return conditions.isEmpty ? nil : "(\(SQL.joined(conditions, separator: " AND ")))"
    }

    /// A condition over the table `alias` that holds for the records whose owner may be changed, of those that may be changed at all.
    package static func givable(_ type: RecordType, alias: String, access: Access, lasting: ShareDuration = .now) -> SQL {
        sql(GuardText(type: type.id, alias: alias, lasting: lasting).pieces(of: access.rights.givable(on: type.id)), access)
    }

    /// Whether a test has this condition left out.
    private static func leavesOutNext(_ condition: @autoclosure () -> String) -> Bool {
        #if DEBUG
            return GuardFault.leavesOutNext(condition())
        #else
            return false
        #endif
    }

    /// What every write sets.
    private static let alwaysSet: Set<String> = ["version", "updated_at", "updated_by"]
}

/// One of the reasons for which a record may be read.
struct GuardBranch {
    /// The set of owners that the records are of, where the reason is one.
    var owners: Int?
    /// What a share gives, where the reason is one.
    var shared: ShareLevel?
    /// What has to hold beside.
    var rest: Predicate

    init(_ reason: Predicate, and others: [Predicate]) {
        var parts: [Predicate] = if case .all(let parts) = reason { parts } else { [reason] }
        for (position, part) in parts.enumerated() {
            switch part {
            case .owners(let set): owners = set
            case .shared(let level): shared = level
            default: continue
            }
            parts.remove(at: position)
            break
        }
        rest = .all(of: parts + others)
    }

    /// All of it.
    var predicate: Predicate { .all(of: (owners.map { [.owners($0)] } ?? []) + (shared.map { [.shared($0)] } ?? []) + [rest]) }
}

extension Predicate {
    fileprivate var hasBranches: Bool {
        switch self {
        case .any(let parts): parts.count > 1
        case .owners: true
        default: false
        }
    }
}

/// A piece of a guard's condition: text, or a value that it compares with.
enum GuardPiece: Sendable, Hashable {
    case text(String)
    case value(GuardValue)
}

/// A value that a condition compares with: one of the principal's, or one that a manifest's condition names.
enum GuardValue: Sendable, Hashable {
    case id
    case owners(Int)
    case grantees
    case user(UserValue)
    case constant(QueryLiteral, LiteralUse)

    func parameter(of actor: Actor) -> PostgresParameter {
        switch self {
        case .id: PostgresUUID(guid: actor.id).postgresParameter
        case .owners(let set):
            (actor.ownerSets.indices.contains(set) ? actor.ownerSets[set] : []).map { PostgresUUID(guid: $0) }.postgresParameter
        case .grantees: actor.grantees.map { PostgresUUID(guid: $0) }.postgresParameter
        case .user(.id): PostgresUUID(guid: actor.id).postgresParameter
        case .user(.teams): actor.teams.map { PostgresUUID(guid: $0) }.postgresParameter
        case .user(.teamsBelow): actor.teamsBelow.map { PostgresUUID(guid: $0) }.postgresParameter
        case .user(.roles): actor.roles.postgresParameter
        case .constant(let literal, let use): literal.parameter(use)
        }
    }
}

/// The back end of predicates in SQL.
///
/// A share is looked up as `id = ANY (ARRAY(SELECT …))`: its ids are worked out once, and the primary key finds the records; `IN (SELECT …)` was
/// measured nine times slower.
struct GuardText {
    /// Full id of the type whose row it is.
    let type: String
    let alias: String
    /// Whether what a record's rights come from may be deleted; otherwise such a record is out of reach with it.
    var includesDeleted = true
    /// Which shares count.
    var lasting = ShareDuration.now

    func pieces(of predicate: Predicate) -> [GuardPiece] {
        switch predicate {
        case .always: [.text("TRUE")]
        case .never: [.text("FALSE")]
        case .all(let parts): joined(parts, " AND ")
        case .any(let parts): joined(parts, " OR ")
        case .owner: [.text("\(alias).owner_id = "), .value(.id)]
        case .owners(let set): [.text("\(alias).owner_id = ANY ("), .value(.owners(set)), .text(")")]
        case .rule(let rule): RuleTexts.shared.pieces(of: rule, alias: alias)
        case .parent(let link, let condition): parent(link, condition)
        case .shared(let level):
            [
                .text("\(alias).id = ANY (ARRAY(SELECT s.record_id FROM tessera.share s WHERE s.grantee_id = ANY ("), .value(.grantees),
                .text(
                    ") AND s.record_type = '\(type)' AND s.level >= \(level.rawValue) AND \(lasting.condition)))"),
            ]
        }
    }

    private func parent(_ link: ParentLink, _ condition: Predicate) -> [GuardPiece] {
        let above = GuardText(type: link.type, alias: "\(alias)_p", includesDeleted: includesDeleted, lasting: lasting)
        let standing = includesDeleted ? "" : " AND \(above.alias).deleted_at IS NULL"
        let found =
            "EXISTS (SELECT 1 FROM \(TableName(typeID: link.type).sql) AS \(above.alias) "
            + "WHERE \(above.alias).id = \(alias).\"\(link.column)\"\(standing)"
        return [.text("\(found) AND ")] + above.pieces(of: condition) + [.text(")")]
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
