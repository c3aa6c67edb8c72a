package import Catalog
import Manifests
package import Permissions
import Postgres
package import QueryLanguage
import Records

/// Why somebody may see or change a record, and who may see it: for administrators.
extension PrincipalStore {
    /// A record's type and what of it decides about rights; nil when there is none, deleted ones included.
    ///
    /// - Parameter type: where to look; nil for every type.
    package func facts(of record: GUID, in type: RecordType? = nil) async throws -> (type: RecordType, facts: RecordFacts)? {
        for type in type.map({ [$0] }) ?? records.catalog.types {
            if let facts = try await facts(of: record, type) { return (type, facts) }
        }
        return nil
    }

    private func facts(of record: GUID, _ type: RecordType) async throws -> RecordFacts? {
        let grants = Dictionary(grouping: try await roles().flatMap(\.grants), by: \.type)
        let facts = try await records.facts(of: [record], type) { type in
            (grants[type] ?? []).reduce(into: []) { $0.formUnion($1.reads) }
        }
        return facts[record]
    }

    /// In the order in which they are told. There is no merging yet.
    private static let explained: [RecordAction] = [
        .read, .create, .update, .delete, .restore, .purge, .export, .importing, .bulk, .share, .assign,
    ]

    /// What a principal may do with a record, action by action; with `create` and `import`, whether they may make one like it, and with `assign`, whether
    /// they may give it to another owner.
    ///
    /// - Throws: `principals.not_found` for a record or principal that isn't there.
    package func explain(_ record: GUID, in type: RecordType? = nil, for principal: GUID) async throws -> [AccessExplanation] {
        let (directory, roles) = (try await directory(), try await roles())
        guard directory.principals[principal] != nil else { throw PrincipalsError(.notFound, "There is no such user.") }
        guard let (type, facts) = try await facts(of: record, in: type) else { throw Self.noRecord }
        let rights = directory.rights(of: principal, under: roles)
        return Self.explained.map { action in
            directory.explain(action, on: type, facts, for: principal, under: roles, having: rights)
        }
    }

    /// Everybody who may read a record; of a deleted one, who may when they ask for deleted records too.
    ///
    /// - Throws: `principals.not_found` for a record that isn't there.
    package func readers(of record: GUID, in type: RecordType? = nil) async throws -> (isDeleted: Bool, readers: [Directory.Principal]) {
        guard let (type, facts) = try await facts(of: record, in: type) else { throw Self.noRecord }
        return (facts.isOutOfReach, try await directory().readers(of: facts, type, under: try await roles()))
    }

    package static let noRecord = PrincipalsError(.notFound, "There is no such record.")
}

extension AccessExplanation {
    /// As the API and `--output json` show it.
    package var value: Value {
        var members: [String: Value] = [
            "action": .string(action.rawValue), "allowed": .bool(isAllowed), "reasons": .collection(reasons.map(\.value)),
        ]
        if !sources.isEmpty { members["inherited_from"] = .collection(sources.map(\.value)) }
        if !limits.isEmpty { members["kept_out_by"] = .collection(limits.map { .string($0) }) }
        if isDeleted { members["deleted"] = true }
        if action == .read { members["hidden_fields"] = .collection(hiddenFields.map { .string($0) }) }
        if !fields.isEmpty { members["fields"] = .collection(fields.map(\.value)) }
        return .complex(members)
    }
}

extension AccessExplanation.FieldReasons {
    fileprivate var value: Value {
        .complex([
            "field": .string(field), "allowed": .bool(isAllowed), "unseen": .bool(isUnseen),
            "reasons": .collection(reasons.map(\.value)),
        ])
    }
}

extension AccessExplanation.Source {
    fileprivate var value: Value {
        .complex(["action": .string(action.rawValue), "record_type": .string(type), "record_id": record.map(Value.guid) ?? .null])
    }
}

extension AccessExplanation.Reason {
    package var value: Value {
        var members: [String: Value] = [
            "role": .string(role), "origin": .string(origin?.rawValue ?? "platform"), "held_in": team.map(Value.guid) ?? .null,
            "scope": .string(scope.rawValue),
            "covers": .bool(ground != nil),
        ]
        switch ground {
        case .everything: members["because"] = "all"
        case .owner: members["because"] = "owner"
        case .team(let team): (members["because"], members["team_id"]) = ("team", .guid(team))
        case .rule(let id): (members["because"], members["rule"]) = ("rule", .string(id))
        case .shared(let grantee, let level):
            (members["because"], members["shared_with"], members["level"]) = ("shared", .guid(grantee), .string(level.name))
        case nil: break
        }
        return .complex(members)
    }
}
