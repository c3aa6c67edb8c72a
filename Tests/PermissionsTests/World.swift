import Catalog
import Manifests
import Permissions
import Postgres
import QueryLanguage
import Records
import TestKernel
import TestRandom

/// A made-up company: teams, people with random roles, accounts with random owners, links, gaps and shares. Everything about it is in the database too,
/// for the oracle.
struct World {
    static let manifest = """
        manifest: 1
        id: sales
        version: "1.0.0"
        name: Sales
        platform: ">=0.1 <1.0"
        run: { mode: data }
        types:
          region:
            collection: regions
            label: Region
            display: name
            fields:
              name: { type: text, label: Name, required: true, search: high }
          account:
            collection: accounts
            label: Account
            display: name
            fields:
              name: { type: text, label: Name, required: true, search: high }
              size: { type: integer, label: Size }
              margin: { type: integer, label: Margin }
              notes: { type: text, label: Notes, search: low }
              region: { type: link, label: Region, to: region, inverse: accounts }
              parent: { type: link, label: Parent, to: account, inverse: subsidiaries, on_delete: clear }
            indexes: [ { fields: [name] } ]
        """

    struct Account {
        var id: GUID
        var facts: RecordFacts
        var values: [String: Value]
    }

    static let actions: [RecordAction] = [.read, .update, .delete, .export]
    static let masked = ["margin", "notes", "parent"]

    var random: SeededGenerator
    let store: TestStore
    private(set) var people: [GUID] = []
    private(set) var teams: [GUID] = []
    private(set) var roles: [Role] = []
    private(set) var accounts: [Account] = []
    private(set) var directory = Directory()

    /// A new world in an empty database.
    init(seed: UInt64, store: TestStore, people count: Int = 10, accounts size: Int = 50) async throws {
        random = SeededGenerator(seed: seed)
        self.store = store
        _ = try await store.client.query("TRUNCATE sales.account, sales.region CASCADE")
        _ = try await store.client.query("DELETE FROM tessera.share")
        _ = try await store.client.query("DELETE FROM tessera.role_assignment WHERE role <> 'administrator'")
        _ = try await store.client.query("DELETE FROM tessera.membership")
        _ = try await store.client.query("DELETE FROM oracle.scope")
        _ = try await store.client.query("DELETE FROM oracle.field_scope")
        makeRoles()
        try await makePeople(count)
        try await makeAccounts(size)
    }

    /// The means to make one, and nothing in it.
    init(in store: TestStore) {
        random = SeededGenerator(seed: 1)
        self.store = store
    }

    func access(_ person: GUID) -> Access {
        Access(principal: person, channel: .api, rights: directory.rights(of: person, under: roles))
    }

    // MARK: Roles

    private mutating func makeRoles() {
        roles = (0..<5).map { number in
            func scope() -> GrantScope { GrantScope.allCases[below(GrantScope.allCases.count)] }
            var scopes: [RecordAction: GrantScope] = [.read: scope(), .create: scope()]
            for action in [RecordAction.update, .delete, .export] where below(3) > 0 { scopes[action] = scope() }
            var fields: [String: Role.Grant.FieldScopes] = [:]
            for field in Self.masked where below(3) == 0 { fields[field] = .init(read: scope(), update: below(2) == 0 ? scope() : nil) }
            let regions = Role.Grant(type: "sales.region", scopes: [.read: .all])
            return Role(
                id: "sales.r\(number)", label: "R\(number)",
                grants: [Role.Grant(type: "sales.account", scopes: scopes, fields: fields), regions])
        }
    }

    private func tellOracle() async throws {
        for role in roles {
            guard let grant = role.grants.first else { continue }
            for action in Self.actions {
                _ = try await store.client.query(
                    "INSERT INTO oracle.scope VALUES (\(bind: role.id), \(bind: action.rawValue), \(bind: grant.scope(of: action).rawValue))"
                )
            }
            for (field, scopes) in grant.fields {
                guard let read = scopes.read else { continue }
                _ = try await store.client.query(
                    "INSERT INTO oracle.field_scope VALUES (\(bind: role.id), \(bind: field), \(bind: read.rawValue))")
            }
        }
    }

    // MARK: People

    private mutating func makePeople(_ count: Int) async throws {
        try await tellOracle()
        teams = (0..<6).map { _ in newID() }
        people = (0..<count).map { _ in newID() }
        var parents: [GUID: GUID] = [:]
        for (index, team) in teams.enumerated() {
            try await insertPrincipal(team, "team")
            if index > 0, below(4) > 0 { parents[team] = teams[below(index)] }
            let parent = parents[team].map { PostgresUUID(guid: $0) }
            _ = try await store.client.query("INSERT INTO tessera.team VALUES (\(bind: PostgresUUID(guid: team)), \(bind: parent))")
        }
        var memberships: [(principal: GUID, team: GUID)] = []
        var assignments: [(principal: GUID, assignment: Directory.RoleAssignment)] = []
        for person in people {
            try await insertPrincipal(person, "user")
            let own = teams.filter { _ in below(4) == 0 }
            for team in own {
                memberships.append((person, team))
                _ = try await store.client.query(
                    "INSERT INTO tessera.membership VALUES (\(bind: PostgresUUID(guid: person)), \(bind: PostgresUUID(guid: team)))")
            }
            for role in roles where below(3) == 0 {
                let team: GUID? = !own.isEmpty && below(2) == 0 ? own[below(own.count)] : nil
                assignments.append((person, .init(role: role.id, team: team)))
                _ = try await store.client.query(
                    """
                    INSERT INTO tessera.role_assignment VALUES (\(bind: PostgresUUID(guid: person)), \(bind: role.id), \
                    \(bind: team.map { PostgresUUID(guid: $0) }))
                    """)
            }
        }
        let known =
            people.map { Directory.Principal(id: $0, kind: .user, name: "p") }
            + teams.map { Directory.Principal(id: $0, kind: .team, name: "t") }
        directory = Directory(principals: known, parents: parents, memberships: memberships, roles: assignments)
    }

    private func insertPrincipal(_ id: GUID, _ kind: String) async throws {
        _ = try await store.client.query(
            "INSERT INTO tessera.principal (id, kind, name) VALUES (\(bind: PostgresUUID(guid: id)), \(bind: kind), 'p')")
    }

    // MARK: Accounts

    private mutating func makeAccounts(_ count: Int) async throws {
        let regions = (0..<3).map { _ in newID() }
        for (number, region) in regions.enumerated() {
            try await insert("region", region, owner: GUID.administrator, creator: .administrator, ["name": .string("Region \(number)")])
        }
        for _ in 0..<count {
            let id = newID()
            let owner = below(5) == 0 ? teams[below(teams.count)] : people[below(people.count)]
            let creator = people[below(people.count)]
            let values = randomValues(regions: regions)
            try await insert("account", id, owner: owner, creator: creator, values)
            var shares: [GUID: ShareLevel] = [:]
            for grantee in people + teams where below(12) == 0 {
                guard let level = ShareLevel(rawValue: 1 + below(3)) else { continue }
                let isOver = below(5) == 0
                if !isOver { shares[grantee] = level }
                _ = try await store.client.query(
                    """
                    INSERT INTO tessera.share (record_id, grantee_id, record_type, level, cause, ends_at, created_by) VALUES \
                    (\(bind: PostgresUUID(guid: id)), \(bind: PostgresUUID(guid: grantee)), 'sales.account', \(raw: String(level.rawValue)), 'test', \
                    now() + \(raw: isOver ? "interval '-1 hour'" : below(2) == 0 ? "interval '1 day'" : "NULL::interval"), \
                    \(bind: PostgresUUID(guid: creator)))
                    """)
            }
            accounts.append(Account(id: id, facts: RecordFacts(owner: owner, creator: creator, shares: shares), values: values))
        }
    }

    mutating func randomValues(regions: [GUID] = []) -> [String: Value] {
        var values: [String: Value] = ["name": .string("\(["Alpha", "Beta", "Gamma", "Delta"][below(4)]) \(below(30))")]
        if below(4) > 0 { values["size"] = .integer(Int64(below(6))) }
        if below(4) > 0 { values["margin"] = .integer(Int64(below(6))) }
        if below(4) > 0 { values["notes"] = .string(["loud", "quiet", "none"][below(3)]) }
        if !regions.isEmpty, below(3) > 0 { values["region_id"] = .guid(regions[below(regions.count)]) }
        if !accounts.isEmpty, below(2) == 0 { values["parent_id"] = .guid(accounts[below(accounts.count)].id) }
        return values
    }

    func insert(_ table: String, _ id: GUID, owner: GUID, creator: GUID, _ values: [String: Value]) async throws {
        var row = values
        row["id"] = .guid(id)
        row["version"] = 1
        for name in ["created_at", "updated_at"] { row[name] = "2026-01-02T03:04:05Z" }
        for name in ["created_by", "updated_by"] { row[name] = .guid(creator) }
        row["owner_id"] = .guid(owner)
        let json = PostgresJSON(Value.complex(row).json)
        let name = "sales.\(table)"
        _ = try await store.client.query("INSERT INTO \(raw: name) SELECT * FROM jsonb_populate_record(NULL::\(raw: name), \(bind: json))")
    }

    // MARK: Chance

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    mutating func newID() -> GUID {
        GUID(high: random.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x7000, low: random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }
}
