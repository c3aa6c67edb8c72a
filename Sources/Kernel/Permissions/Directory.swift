package import QueryLanguage

/// Who there is: users and services, the tree of teams, who is in which, and who has which role. A value, read from the database as a whole.
package struct Directory: Sendable {
    package struct Principal: Sendable, Hashable {
        package enum Kind: String, Sendable, Hashable { case user, service, system, team }

        package var id: GUID
        package var kind: Kind
        package var name: String
        package var isDisabled: Bool

        package init(id: GUID, kind: Kind, name: String, isDisabled: Bool = false) {
            self.id = id
            self.kind = kind
            self.name = name
            self.isDisabled = isDisabled
        }
    }

    /// A role that a principal has: everywhere, or by being in a team, whose reach it has then.
    package struct RoleAssignment: Sendable, Hashable {
        package var role: String
        package var team: GUID?

        package init(role: String, team: GUID? = nil) {
            self.role = role
            self.team = team
        }
    }

    package private(set) var principals: [GUID: Principal]
    /// The team above each team that has one.
    package private(set) var parents: [GUID: GUID]
    /// The teams that each principal is in.
    package private(set) var teams: [GUID: Set<GUID>]
    package private(set) var roles: [GUID: [RoleAssignment]]
    private var members: [GUID: Set<GUID>]
    private var children: [GUID: [GUID]]

    package init(
        principals: [Principal] = [], parents: [GUID: GUID] = [:], memberships: [(principal: GUID, team: GUID)] = [],
        roles: [(principal: GUID, assignment: RoleAssignment)] = []
    ) {
        self.principals = Dictionary(principals.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.parents = parents
        children = Dictionary(grouping: parents.keys) { parents[$0] ?? $0 }
        teams = Dictionary(grouping: memberships, by: \.principal).mapValues { Set($0.map(\.team)) }
        members = Dictionary(grouping: memberships, by: \.team).mapValues { Set($0.map(\.principal)) }
        self.roles = Dictionary(grouping: roles, by: \.principal).mapValues { $0.map(\.assignment) }
    }

    /// The teams, and with `below` all teams under them; each once, whatever circles there are.
    package func reach(of start: some Sequence<GUID>, below: Bool) -> Set<GUID> {
        var found = Set(start)
        guard below else { return found }
        var open = Array(found)
        while let team = open.popLast() {
            for child in children[team] ?? [] where found.insert(child).inserted { open.append(child) }
        }
        return found
    }

    /// Everybody who is in one of the teams, and the teams themselves, which own what lies in their queues.
    package func owners(in teams: Set<GUID>) -> Set<GUID> {
        teams.reduce(into: teams) { found, team in found.formUnion(members[team] ?? []) }
    }
}
