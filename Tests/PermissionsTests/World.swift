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
          line:
            collection: lines
            label: Line
            display: text
            inherits: account
            fields:
              text: { type: text, label: Text, required: true, search: high }
              amount: { type: integer, label: Amount }
              rank: { type: integer, label: Rank }
              account: { type: link, label: Account, to: account, required: true, inverse: lines, on_delete: cascade }
            indexes: [ { fields: [text] } ]
          remark:
            collection: remarks
            label: Remark
            inherits: line
            fields:
              text: { type: text, label: Text, required: true }
              mood: { type: integer, label: Mood }
              line: { type: link, label: Line, to: line, required: true, inverse: remarks, on_delete: cascade }
        """

    /// With a role by which accounts are read because they are shared, so that their shares are kept in order.
    static let sharingManifest =
        manifest + """

            roles:
              reader: { grants: { account: { read: shared } } }
            """

    /// Conditions of rights, and what each means to the oracle about a row `r`.
    static let conditions: [(name: String, text: String, sql: String)] = [
        ("big", "size ge 3", "(r).size >= 3"),
        ("other_than_two", "size ne 2", "(r).size IS DISTINCT FROM 2"),
        (
            "small_or_mine", "size lt 3 or size eq null or owner_id eq $user/id",
            "(r).size < 3 OR (r).size IS NULL OR (r).owner_id = oracle.me()"
        ),
        (
            "queue_of_mine", "owner_id in $user/teams",
            "EXISTS (SELECT 1 FROM tessera.membership m WHERE m.principal_id = oracle.me() AND m.team_id = (r).owner_id)"
        ),
        ("queue_below", "$user/teams_below/any(t:t eq owner_id)", "(r).owner_id IN (SELECT oracle.below())"),
        ("made_by_me", "created_by eq $user/id and not (size gt 4)", "(r).created_by = oracle.me() AND ((r).size > 4) IS NOT TRUE"),
        (
            "alpha_for_r1", "startswith(name,'A') and 'sales.r1' in $user/roles",
            "starts_with((r).name, 'A') AND EXISTS (SELECT 1 FROM tessera.role_assignment a WHERE a.principal_id = oracle.me() AND a.role = 'sales.r1')"
        ),
        ("somewhere", "region_id ne null", "(r).region_id IS NOT NULL"),
    ]

    /// The same of lines.
    static let lineConditions: [(name: String, text: String, sql: String)] = [
        ("low", "rank lt 3", "(r).rank < 3"),
        ("ranked_or_made", "rank ne null or created_by eq $user/id", "(r).rank IS NOT NULL OR (r).created_by = oracle.me()"),
    ]

    /// A condition by its name, type-checked.
    static func rule(_ name: String, of collection: String = "accounts", _ store: TestStore) throws -> AccessRule {
        let type = try store.type(collection)
        guard let text = (conditions + lineConditions).first(where: { $0.name == name })?.text,
            let shape = store.catalog.entityShape(named: type.id)
        else {
            throw UnknownCondition(name: name)
        }
        let expression = try QueryChecker(schema: store.catalog, user: UserValue.shape).check(Expression.parse(text), on: shape)
        let reads = expression.recordPaths.compactMap { $0.segments.first?.property.name }.map { type.field(ofColumn: $0)?.key ?? $0 }
        return AccessRule(id: "sales/\(name)", text: text, expression: expression, type: type, reads: Set(reads))
    }

    static func name(of rule: AccessRule) -> String { String(rule.id.split(separator: "/").last ?? "") }

    private struct UnknownCondition: Error { var name: String }

    /// What decides about an account.
    static func facts(owner: GUID, creator: GUID, shares: [GUID: ShareLevel] = [:], values: [String: Value]) -> RecordFacts {
        let system: [String: Value] = ["owner_id": .guid(owner), "created_by": .guid(creator)]
        return RecordFacts(owner: owner, creator: creator, shares: shares, values: values.merging(system) { $1 }, moment: .now)
    }

    struct Account {
        var id: GUID
        var facts: RecordFacts
        var values: [String: Value]
    }

    /// Records of one type, with the fields whose values somebody may not see.
    struct Subject {
        var collection: String
        var table: String
        var records: [Account]
        var masked: [String]
    }

    var subjects: [Subject] {
        [
            Subject(collection: "accounts", table: "account", records: accounts, masked: Self.masked),
            Subject(collection: "lines", table: "line", records: lines, masked: ["amount"]),
            Subject(collection: "remarks", table: "remark", records: remarks, masked: ["mood"]),
        ]
    }

    static let actions: [RecordAction] = [.read, .update, .delete, .export]
    static let masked = ["margin", "notes", "parent"]

    var random: SeededGenerator
    let store: TestStore
    private(set) var people: [GUID] = []
    private(set) var teams: [GUID] = []
    private(set) var roles: [Role] = []
    private(set) var accounts: [Account] = []
    /// Details of accounts, and details of those. Their owners count for nothing.
    private(set) var lines: [Account] = []
    private(set) var remarks: [Account] = []
    private(set) var directory = Directory()

    /// A new world in an empty database.
    init(seed: UInt64, store: TestStore, oracle: Oracle, people count: Int = 10, accounts size: Int = 50) async throws {
        random = SeededGenerator(seed: seed)
        self.store = store
        _ = try await store.client.query("TRUNCATE sales.account, sales.region CASCADE")
        _ = try await store.client.query("DELETE FROM tessera.share")
        _ = try await store.client.query("DELETE FROM tessera.role_assignment WHERE role <> 'administrator'")
        _ = try await store.client.query("DELETE FROM tessera.membership")
        try await oracle.forget()
        try makeRoles()
        for role in roles { try await oracle.tell(of: role) }
        try await makePeople(count)
        try await makeAccounts(size)
        try await makeDetails()
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

    private mutating func makeRoles() throws {
        roles = try (0..<5).map { number in
            func scope() -> GrantScope { GrantScope.allCases[below(GrantScope.allCases.count)] }
            var scopes: [RecordAction: GrantScope] = [.read: scope(), .create: scope()]
            for action in [RecordAction.update, .delete, .export] where below(3) > 0 { scopes[action] = scope() }
            for action in [RecordAction.restore, .purge, .importing, .bulk, .assign] where below(2) > 0 { scopes[action] = scope() }
            var fields: [String: Role.Grant.FieldScopes] = [:]
            for field in Self.masked where below(3) == 0 { fields[field] = .init(read: scope(), update: below(2) == 0 ? scope() : nil) }
            var account = Role.Grant(type: "sales.account", scopes: scopes, fields: fields)
            func condition() throws -> AccessRule { try Self.rule(Self.conditions[below(Self.conditions.count)].name, store) }
            for _ in 0..<max(0, below(4) - 1) {
                account.allowances.append(.init(rule: try condition(), actions: Set([.read] + Self.actions.filter { _ in below(2) == 0 })))
            }
            if below(4) == 0 {
                let actions = [Set(RecordAction.allCases), [.read], [.update, .delete]][below(3)]
                account.limits.append(.init(rule: try condition(), actions: actions))
            }
            var line = Role.Grant(type: "sales.line", parent: try store.type("lines").parent, scopes: [:])
            if below(3) == 0 { line.fields["amount"] = .init(read: scope(), update: below(2) == 0 ? scope() : nil) }
            if below(4) == 0 {
                let rule = try Self.rule(Self.lineConditions[below(2)].name, of: "lines", store)
                line.limits.append(.init(rule: rule, actions: [Set(RecordAction.allCases), [.read], [.update, .delete]][below(3)]))
            }
            var remark = Role.Grant(type: "sales.remark", parent: try store.type("remarks").parent, scopes: [:])
            if below(3) == 0 { remark.fields["mood"] = .init(read: scope()) }
            let regions = Role.Grant(type: "sales.region", scopes: [.read: .all])
            return Role(
                id: "sales.r\(number)", label: "R\(number)",
                grants: [account, line, remark, regions])
        }
    }

    // MARK: People

    private mutating func makePeople(_ count: Int) async throws {
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
            accounts.append(
                Account(id: id, facts: Self.facts(owner: owner, creator: creator, shares: shares, values: values), values: values))
        }
    }

    // MARK: Details

    private mutating func makeDetails() async throws {
        for account in accounts {
            for _ in 0..<below(3) { try await makeLine(of: account) }
        }
        // What lies below a deleted account is out of reach with it.
        let (gone, owner) = (newID(), people[below(people.count)])
        try await insert(
            "account", gone, owner: owner, creator: owner,
            ["name": "Gone", "size": 3, "margin": 1, "region_id": .null, "deleted_at": "2026-01-03T03:04:05Z"])
        let line = newID()
        try await insert("line", line, owner: owner, creator: owner, ["text": "Alpha gone", "amount": 1, "account_id": .guid(gone)])
        try await insert("remark", newID(), owner: owner, creator: owner, ["text": "Gone", "mood": 1, "line_id": .guid(line)])
    }

    private mutating func makeLine(of account: Account) async throws {
        var values: [String: Value] = ["text": .string("\(["Alpha", "Beta"][below(2)]) \(below(30))"), "account_id": .guid(account.id)]
        for field in ["amount", "rank"] where below(4) > 0 { values[field] = .integer(Int64(below(6))) }
        let line = try await makeDetail("line", of: account, values)
        lines.append(line)
        guard below(2) == 0 else { return }
        remarks.append(
            try await makeDetail(
                "remark", of: line, ["text": .string("Remark \(below(30))"), "mood": .integer(Int64(below(6))), "line_id": .guid(line.id)]))
    }

    private mutating func makeDetail(_ table: String, of parent: Account, _ values: [String: Value]) async throws -> Account {
        let (id, owner, creator) = (newID(), people[below(people.count)], people[below(people.count)])
        try await insert(table, id, owner: owner, creator: creator, values)
        var facts = Self.facts(owner: owner, creator: creator, values: values)
        if let link = try store.type("\(table)s").parent { facts.parents[link] = parent.facts }
        return Account(id: id, facts: facts, values: values)
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
