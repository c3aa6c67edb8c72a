package import QueryLanguage

/// A condition on records that rights depend on, type-checked: `status eq 'open' and owner_id in $user/teams`.
///
/// It speaks of the record's own values and of who asks. Nothing of it is hidden from anybody by itself: it decides with values that the person
/// whose rights they are may not see.
package struct AccessRule: Sendable, Hashable {
    /// Where it stands, and its key: `contacts.rep/open_leads` for a role's, `contacts.person/not_confidential` for a type's.
    package var id: String
    /// As the manifest has it.
    package var text: String
    package var expression: TypedExpression
    /// The whole type that it is about.
    package var type: RecordType
    /// Keys of the fields, and names of the system columns, that it reads.
    package var reads: Set<String>

    package init(id: String, text: String, expression: TypedExpression, type: RecordType, reads: Set<String>) {
        self.id = id
        self.text = text
        self.expression = expression
        self.type = type
        self.reads = reads
    }

    /// Whether what it says of a record changes as time goes by.
    package var asksTheTime: Bool { expression.asksTheTime }

    /// A column that has one value on all records of which it is true: the first that it compares with a constant, or with the person.
    package var leadingColumn: String? {
        let conditions = if case .and(let parts) = expression.kind { parts } else { [expression] }
        return conditions.lazy.compactMap { condition -> String? in
            guard case .compare(.equal, let left, let right) = condition.kind else { return nil }
            guard case .property(let path) = left.kind, path.root == .record, path.segments.count == 1 else { return nil }
            switch right.kind {
            case .literal(let value) where !value.isNull: return path.property?.name
            case .property(let other) where other.root == .user: return path.property?.name
            default: return nil
            }
        }.first
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(text)
    }
}

/// What conditions of rights can ask about the person whose rights they are, as members of `$user`.
package enum UserValue: String, Sendable, Hashable, CaseIterable {
    case id
    /// The teams that they are in.
    case teams
    /// Those teams and all below them.
    case teamsBelow = "teams_below"
    /// The roles that they hold, as `contacts.rep`.
    case roles

    /// The structure that the checker knows `$user` by.
    package static let shape = ComplexShape(
        name: "$user", properties: allCases.map { Property(name: $0.rawValue, type: $0.type, isNullable: false) })

    private var type: PropertyType {
        switch self {
        case .id: .guid
        case .teams, .teamsBelow: .collection(of: .guid)
        case .roles: .collection(of: .string)
        }
    }
}
