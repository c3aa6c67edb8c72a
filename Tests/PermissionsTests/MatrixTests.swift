import Catalog
import Foundation
import Manifests
import Permissions
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

/// `matrix.yaml`, read: sections of entries, each with words by key.
private struct Matrix {
    typealias Entries = [(name: String, values: [String: String])]
    private(set) var sections: [String: Entries] = [:]

    init() throws {
        let path = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
        var section = ""
        for line in try String(contentsOfFile: "/\(path)/matrix.yaml", encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#") {
            if !line.hasPrefix(" ") {
                section = String(line.prefix { $0 != ":" })
                continue
            }
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            let inner = try #require(parts.last).filter { $0 != "{" && $0 != "}" }
            var values: [String: String] = [:]
            for item in inner.split(separator: ",") {
                let pair = item.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
                if pair.count == 2 { values[pair[0]] = pair[1] }
            }
            sections[section, default: []].append((parts[0].trimmingCharacters(in: .whitespaces), values))
        }
    }

    subscript(_ section: String) -> Entries { sections[section] ?? [] }
}

@Suite("The matrix of rights")
struct MatrixTests {
    /// Records of one type in the matrix: where what is expected stands, and the field with a scope of its own.
    private struct Subject {
        var (collection, table, expected, field): (String, String, String, String)

        static let all = [
            Subject(collection: "accounts", table: "account", expected: "expected", field: "margin"),
            Subject(collection: "lines", table: "line", expected: "expected_lines", field: "amount"),
        ]
    }

    /// A world made as the matrix says.
    private struct Company {
        var ids: [String: GUID] = [:]
        var roles: [Role] = []
        var directory = Directory()
        var facts: [String: RecordFacts] = [:]

        func access(_ name: String) throws -> Access {
            let id = try #require(ids[name])
            return Access(principal: id, channel: .api, rights: directory.rights(of: id, under: roles))
        }
    }

    @Test("holds in the evaluator, in SQL and in row-level security, for reading, counting, changing, deleting and a field")
    func matrix() async throws {
        let matrix = try Matrix()
        try await TestStore.with(["sales": World.manifest]) { store in
            let oracle = try await Oracle.make(store)
            let company = try await Self.make(matrix, store, oracle)
            var cases = 0
            let rows = Subject.all.flatMap { subject in matrix[subject.expected].map { (subject, $0.name, $0.values) } }
            for (subject, person, cells) in rows {
                let type = try store.type(subject.collection)
                let access = try company.access(person)
                var readable: Set<GUID> = []
                for (letter, action) in [("r", RecordAction.read), ("u", .update), ("d", .delete)] {
                    let permitted = try await oracle.records(subject.table, action, for: access.principal)
                    for (record, letters) in cells {
                        let (id, facts) = (try #require(company.ids[record]), try #require(company.facts[record]))
                        let expected = letters.contains(letter)
                        if expected, letter == "r" { readable.insert(id) }
                        let rights = access.rights
                        #expect(
                            rights.predicate(action, on: type.id).holds(for: facts, actor: rights.actor) == expected,
                            "evaluator: \(person) \(action.rawValue) \(record)")
                        #expect(
                            try await store.store.allows([action], on: type, id, access: access) == expected,
                            "SQL: \(person) \(action.rawValue) \(record)")
                        #expect(permitted.contains(id) == expected, "oracle: \(person) \(action.rawValue) \(record)")
                        cases += 1
                    }
                }
                cases += try await Self.checkReads(company, subject, person, cells, readable, store, oracle)
            }
            #expect(cases >= 150, "\(cases) cases")
            try await oracle.remove()
        }
    }

    /// One record, the list, the count and the values of a field, as answers have them.
    private static func checkReads(
        _ company: Company, _ subject: Subject, _ person: String, _ cells: [String: String], _ readable: Set<GUID>, _ store: TestStore,
        _ oracle: Oracle
    ) async throws -> Int {
        let (access, type) = (try company.access(person), try store.type(subject.collection))
        let shown = try await oracle.records(subject.table, showing: subject.field, to: access.principal)
        for (record, letters) in cells {
            let id = try #require(company.ids[record])
            let found = try await store.store.record(type, .id(id), access: access)
            #expect((found != nil) == letters.contains("r"), "\(person) gets \(record)")
            let isShown = found.map { String(decoding: $0.json, as: UTF8.self).contains("\"\(subject.field)\":7") } ?? false
            #expect(isShown == letters.contains("m"), "\(person) sees the \(subject.field) of \(record)")
            #expect(
                (shown.contains(id) && letters.contains("r")) == letters.contains("m"),
                "oracle: \(person) sees the \(subject.field) of \(record)")
        }
        guard access.rights.allows(.read, on: type.id) else {
            await #expect(throws: RecordsError.self) { try await store.store.count(type, filter: nil, mode: .exact, access: access) }
            return cells.count
        }
        let request = try AgreementTests.request(store, access, "select=id", of: subject.collection, pageSize: 100)
        let list = String(decoding: try await store.store.list(request, access: access).items, as: UTF8.self)
        #expect(Set(list.split(separator: "\"").compactMap { GUID(String($0)) }) == readable, "\(person)'s list")
        let streamed = try await AgreementTests.streamed(store.store, request, access).joined()
        #expect(Set(streamed.split(separator: "\"").compactMap { GUID(String($0)) }) == readable, "\(person)'s export")
        #expect(try await store.store.count(type, filter: nil, mode: .exact, access: access) == readable.count, "\(person)'s count")
        return cells.count
    }

    // MARK: Making it

    private static func make(_ matrix: Matrix, _ store: TestStore, _ oracle: Oracle) async throws -> Company {
        var company = Company()
        let client = store.client
        func words(_ text: String?) -> [String] { (text ?? "").split(separator: " ").map(String.init) }
        for section in ["teams", "people", "records", "lines"] { for entry in matrix[section] { company.ids[entry.name] = .version7() } }
        let ids = company.ids
        func uuid(_ name: String) throws -> PostgresUUID { PostgresUUID(guid: try #require(ids[name], "no \(name)")) }
        for (kind, section) in [("team", "teams"), ("user", "people")] {
            for entry in matrix[section] {
                _ = try await client.query(
                    "INSERT INTO tessera.principal (id, kind, name) VALUES (\(bind: try uuid(entry.name)), \(bind: kind), \(bind: entry.name))"
                )
            }
        }
        var parents: [GUID: GUID] = [:]
        for (name, values) in matrix["teams"] {
            let above = try values["below"].map(uuid)
            if let above, let team = ids[name] { parents[team] = GUID(postgres: above) }
            _ = try await client.query("INSERT INTO tessera.team VALUES (\(bind: try uuid(name)), \(bind: above))")
        }
        for (name, values) in matrix["roles"] {
            var scopes: [RecordAction: GrantScope] = [:]
            for action in World.actions { scopes[action] = values[action.rawValue].flatMap(GrantScope.init(rawValue:)) }
            let margin = values["margin"].flatMap(GrantScope.init(rawValue:))
            var grant = Role.Grant(type: "sales.account", scopes: scopes, fields: margin.map { ["margin": .init(read: $0)] } ?? [:])
            func actions(_ key: String) -> Set<RecordAction>? {
                values[key].map { Set(words($0).compactMap(RecordAction.init(rawValue:))) }
            }
            for condition in words(values["allow"]) {
                grant.allowances.append(.init(rule: try World.rule(condition, store), actions: try #require(actions("allow_on"))))
            }
            for condition in words(values["only"]) {
                let rule = try World.rule(condition, store)
                grant.limits.append(.init(rule: rule, actions: actions("only_on") ?? Set(RecordAction.allCases)))
            }
            let amount = values["amount"].flatMap(GrantScope.init(rawValue:))
            var line = Role.Grant(
                type: "sales.line", parent: try store.type("lines").parent, scopes: [:],
                fields: amount.map { ["amount": .init(read: $0)] } ?? [:])
            for condition in words(values["lines_only"]) {
                line.limits.append(
                    .init(rule: try World.rule(condition, of: "lines", store), actions: try #require(actions("lines_only_on"))))
            }
            let role = Role(id: "sales.\(name)", label: name, grants: [grant, line])
            company.roles.append(role)
            try await oracle.tell(of: role)
        }
        var memberships: [(principal: GUID, team: GUID)] = []
        var assignments: [(principal: GUID, assignment: Directory.RoleAssignment)] = []
        for (name, values) in matrix["people"] {
            let person = try uuid(name)
            for team in words(values["teams"]) {
                memberships.append((GUID(postgres: person), GUID(postgres: try uuid(team))))
                _ = try await client.query("INSERT INTO tessera.membership VALUES (\(bind: person), \(bind: try uuid(team)))")
            }
            for role in words(values["roles"]) {
                let parts = role.split(separator: "@").map(String.init)
                let team = parts.count > 1 ? try uuid(parts[1]) : nil
                assignments.append((GUID(postgres: person), .init(role: "sales.\(parts[0])", team: team.map(GUID.init(postgres:)))))
                _ = try await client.query(
                    "INSERT INTO tessera.role_assignment VALUES (\(bind: person), \(bind: "sales.\(parts[0])"), \(bind: team))")
            }
        }
        let principals =
            matrix["teams"].map { (ids[$0.name], Directory.Principal.Kind.team) } + matrix["people"].map { (ids[$0.name], .user) }
        company.directory = Directory(
            principals: principals.compactMap { id, kind in id.map { .init(id: $0, kind: kind, name: "p") } }, parents: parents,
            memberships: memberships, roles: assignments)
        try await makeRecords(matrix, store, &company)
        try await makeLines(matrix, store, &company)
        return company
    }

    private static func makeRecords(_ matrix: Matrix, _ store: TestStore, _ company: inout Company) async throws {
        let world = World(in: store)
        for (name, values) in matrix["records"] {
            let (id, owner) = (try #require(company.ids[name]), try #require(values["owner"].flatMap { company.ids[$0] }))
            var fields: [String: Value] = ["name": .string(name), "margin": 7]
            if let size = values["size"].flatMap(Int64.init) { fields["size"] = .integer(size) }
            try await world.insert("account", id, owner: owner, creator: .administrator, fields)
            company.facts[name] = World.facts(owner: owner, creator: .administrator, values: fields)
        }
        for (section, ends) in [("shares", "NULL"), ("ended_shares", "now() - interval '1 hour'")] {
            for (record, grantees) in matrix[section] {
                for (grantee, level) in grantees {
                    let (id, whom) = (try #require(company.ids[record]), try #require(company.ids[grantee]))
                    let level = try #require(ShareLevel(name: level))
                    if section == "shares" { company.facts[record]?.shares[whom] = level }
                    _ = try await store.client.query(
                        """
                        INSERT INTO tessera.share (record_id, grantee_id, record_type, level, cause, ends_at, created_by) VALUES \
                        (\(bind: PostgresUUID(guid: id)), \(bind: PostgresUUID(guid: whom)), 'sales.account', \(raw: String(level.rawValue)), \
                        'matrix', \(raw: ends), \(bind: PostgresUUID(guid: .administrator)))
                        """)
                }
            }
        }
    }

    private static func makeLines(_ matrix: Matrix, _ store: TestStore, _ company: inout Company) async throws {
        let link = try #require(try store.type("lines").parent)
        for (name, values) in matrix["lines"] {
            let (id, account) = (try #require(company.ids[name]), try #require(values["account"]))
            var fields: [String: Value] = ["text": .string(name), "amount": 7, "account_id": .guid(try #require(company.ids[account]))]
            if let rank = values["rank"].flatMap(Int64.init) { fields["rank"] = .integer(rank) }
            // Whose a line is counts for nothing.
            try await World(in: store).insert("line", id, owner: .administrator, creator: .administrator, fields)
            var facts = World.facts(owner: .administrator, creator: .administrator, values: fields)
            facts.parents[link] = company.facts[account]
            company.facts[name] = facts
        }
    }
}
