package import Catalog
import Manifests

/// What the roles of a deployment say, as `apply` leaves it in the database, so that the next plan can tell what becomes of it.
package struct RightsDocument: Sendable, Hashable {
    /// One thing that a role says: about an action on the records of a type, or about a field of theirs.
    package struct Subject: Sendable, Hashable, Comparable {
        /// `contacts.rep`
        package var role: String
        /// `contacts.person`; `platform` for what isn't done with records.
        package var type: String
        /// `update`, or `birthday read`.
        package var aspect: String

        package static func < (left: Subject, right: Subject) -> Bool {
            (left.role, left.type, left.aspect) < (right.role, right.type, right.aspect)
        }
    }

    /// Whose records, and under which conditions: `own or open_pool (status eq 'open')`. What isn't here covers nothing.
    package private(set) var sayings: [Subject: String]

    package init(sayings: [Subject: String] = [:]) { self.sayings = sayings }

    package init(roles: [Role]) {
        sayings = [:]
        for role in roles {
            for ability in role.abilities { sayings[Subject(role: role.id, type: "platform", aspect: ability.rawValue)] = "may" }
            for grant in role.grants {
                for action in RecordAction.allCases {
                    note(grant.saying(action), Subject(role: role.id, type: grant.type, aspect: action.rawValue))
                }
                for (field, scopes) in grant.fields {
                    for (verb, scope) in [("read", scopes.read), ("update", scopes.update)] {
                        guard let scope else { continue }
                        sayings[Subject(role: role.id, type: grant.type, aspect: "\(field) \(verb)")] = scope.rawValue
                    }
                }
            }
        }
    }

    private mutating func note(_ saying: String, _ subject: Subject) {
        guard saying != GrantScope.none.rawValue else { return }
        sayings[subject] = saying
    }

    /// What is said otherwise than before.
    package func changes(since before: RightsDocument) -> [RightsChange] {
        Set(sayings.keys).union(before.sayings.keys).sorted().compactMap { subject in
            let (old, new) = (before.sayings[subject], sayings[subject])
            guard old != new else { return nil }
            // A field of which nothing is said is as its record.
            let nothing = subject.aspect.contains(" ") ? "as the record" : GrantScope.none.rawValue
            return RightsChange(subject: subject, before: old ?? nothing, after: new ?? nothing)
        }
    }
}

/// What a role says otherwise than it did.
package struct RightsChange: Sendable, Hashable, CustomStringConvertible {
    package var subject: RightsDocument.Subject
    package var before: String
    package var after: String

    package var description: String { "\(subject.role), \(subject.type) \(subject.aspect): \(before) → \(after)" }
}

extension Role.Grant {
    /// Whose records it covers with an action, and which others.
    fileprivate func saying(_ action: RecordAction) -> String {
        func named(_ rules: [AccessRule]) -> [String] {
            rules.map {
                "\($0.id.split(separator: "/").last ?? "") (\($0.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")))"
            }
        }
        let limits = named(limits.filter { $0.holds(for: action) }.map(\.rule))
        if let parent {
            guard let asked = action.onParent else { return GrantScope.none.rawValue }
            return (["as \(asked.rawValue) of its \(parent.type)"] + limits.map { "only \($0)" }).joined(separator: ", ")
        }
        let scope = scope(of: action)
        let allowed = named(rules(allowing: action))
        if scope == .none, allowed.isEmpty { return scope.rawValue }
        let covered = ((scope == .none ? [] : [scope.rawValue]) + allowed).joined(separator: " or ")
        return ([covered] + limits.map { "only \($0)" }).joined(separator: ", ")
    }
}
