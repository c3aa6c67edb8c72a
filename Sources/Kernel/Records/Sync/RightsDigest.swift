import Catalog
import Permissions
import Postgres
import QueryLanguage

/// A word that stays the same as long as somebody may read the same of the records of a type, but for what the records themselves become. A token for
/// changes holds only under the rights that it was given under: what roles, teams and shares bring or take away leaves no trace in the records.
struct RightsDigest {
    let type: RecordType
    let access: Access

    /// Nil for those who may read everything.
    func current(in store: RecordStore) async throws -> String? {
        guard !access.rights.isUnlimited else { return nil }
        let grantees = access.rights.actor.grantees.map { PostgresUUID(guid: $0) }
        let sql: SQL = """
            SELECT md5(\(bind: text) || coalesce((SELECT string_agg(concat_ws(' ', s.record_id, s.level), ',' ORDER BY s.record_id, s.level) \
            FROM tessera.share s WHERE s.grantee_id = ANY (\(bind: grantees)) AND s.record_type = \(bind: type.id) \
            AND (s.ends_at IS NULL OR s.ends_at > now())), ''))
            """
        return try await ReadFailure.translating { try await store.statements.query(sql) }.first?.decode(String.self, 0)
    }

    /// Refuses rights by which records come into reach and leave it without a trace in the records themselves.
    func requireTraces() throws {
        if predicates.contains(where: \.asksTheTime) {
            throw RecordsError(
                .notSupported,
                "What your roles let you read changes as time goes by; tracking the changes of such a list is not supported yet.")
        }
        if let parent = type.parent, predicates.contains(where: \.asksParents) {
            throw RecordsError(
                .notSupported,
                "What your roles let you read of \(type.id) changes with records of \(parent.type); tracking the changes of such a list is not "
                    + "supported yet: track \(parent.type), and read these anew.")
        }
    }

    private var predicates: [Predicate] {
        [access.rights.predicate(.read, on: type.id)] + type.fields.compactMap { access.rights.mask(of: $0.key, on: type.id) }
    }

    /// The conditions on records and on each field, values and all.
    private var text: String {
        let guardText = GuardText(type: type.id, alias: "t")
        let fields = type.fields.filter { access.rights.mask(of: $0.key, on: type.id) != nil }.map(\.key)
        let conditions = predicates.map { predicate in
            guardText.pieces(of: predicate).map { piece in
                switch piece {
                case .text(let text): text
                case .value(let value): value.described(access.rights.actor)
                }
            }.joined()
        }
        return (fields + conditions).joined(separator: "\n")
    }
}

extension GuardValue {
    fileprivate func described(_ actor: Actor) -> String {
        switch self {
        case .id: "\(actor.id)"
        case .owners(let set): actor.ownerSets.indices.contains(set) ? Self.list(actor.ownerSets[set]) : ""
        case .grantees: Self.list(actor.grantees)
        case .user(let member): actor.value(of: member).json
        case .constant(let literal, let use): literal.shown(use)
        }
    }

    private static func list(_ ids: [GUID]) -> String { ids.map { "\($0)" }.joined(separator: ",") }
}

extension Predicate {
    fileprivate var asksTheTime: Bool {
        switch self {
        case .all(let parts), .any(let parts): parts.contains(where: \.asksTheTime)
        case .rule(let rule): rule.asksTheTime
        case .parent(_, let condition): condition.asksTheTime
        case .owner, .owners, .shared: false
        }
    }

    fileprivate var asksParents: Bool {
        switch self {
        case .all(let parts), .any(let parts): parts.contains(where: \.asksParents)
        case .parent: true
        case .owner, .owners, .shared, .rule: false
        }
    }
}
