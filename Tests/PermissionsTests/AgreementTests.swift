import Catalog
import Permissions
import Postgres
import QueryLanguage
import Records
import SchemaPlan
import TestKernel
import TestRandom
import Testing

@Suite("Predicates in memory, in SQL and as row-level security")
struct AgreementTests {
    private static let seed = UInt64.random(in: 1..<1_000_000)
    private static let worlds = 10

    /// Predicates made wrong in one way, to see that the comparison notices.
    private static let mutations: [(name: String, change: @Sendable (Predicate) -> Predicate?)] = [
        ("no shares", { if case .shared = $0 { .never } else { nil } }),
        ("shares of any level", { if case .shared = $0 { .shared(.read) } else { nil } }),
        ("no own records", { if case .owner = $0 { .never } else { nil } }),
        ("teams as the person alone", { if case .owners = $0 { .owner } else { nil } }),
        ("teams as everybody", { if case .owners = $0 { .always } else { nil } }),
        ("conditions as met", { if case .rule = $0 { .always } else { nil } }),
        ("conditions as broken", { if case .rule = $0 { .never } else { nil } }),
        ("details as everybody's", { if case .parent = $0 { .always } else { nil } }),
        ("details as nobody's", { if case .parent = $0 { .never } else { nil } }),
        ("everybody as nobody", { if case .always = $0 { .never } else { nil } }),
    ]

    @Test("agree about more than a hundred thousand random cases, and with a list in every order")
    func agreement() async throws {
        try await TestStore.with(["sales": World.sharingManifest]) { store in
            let oracle = try await Oracle.make(store)
            var cases = 0
            var noticed: Set<String> = []
            for number in 0..<Self.worlds {
                let seed = Self.seed &+ UInt64(number)
                var world = try await World(seed: seed, store: store, oracle: oracle, accounts: 80)
                for person in world.people {
                    let access = world.access(person)
                    cases += try await compareGiving(world, person, access, oracle, seed)
                    for subject in world.subjects {
                        cases += try await compareActions(world, subject, person, access, oracle, seed, &noticed)
                        cases += try await compareFields(world, subject, person, access, oracle, seed)
                        try await compareLists(&world, subject, access, seed)
                    }
                }
            }
            #expect(cases >= 100_000, "\(cases) cases")
            for mutation in Self.mutations {
                #expect(noticed.contains(mutation.name), "nobody noticed: \(mutation.name), seed \(Self.seed)")
            }
            try await oracle.remove()
        }
    }

    private func compareActions(
        _ world: World, _ subject: World.Subject, _ person: GUID, _ access: Access, _ oracle: Oracle, _ seed: UInt64,
        _ noticed: inout Set<String>
    ) async throws -> Int {
        let type = try world.store.type(subject.collection)
        for action in World.actions {
            let predicate = access.rights.predicate(action, on: type.id)
            func holding(_ predicate: Predicate) -> Set<GUID> {
                Set(subject.records.filter { predicate.holds(for: $0.facts, actor: access.rights.actor) }.map(\.id))
            }
            let inMemory = holding(predicate)
            let condition = AccessGuard.predicate(action, on: type, alias: "t", access: access)
            let rows = try await world.store.client.query("SELECT t.id FROM \(raw: type.table.sql) t WHERE \(condition)").rows
            let inSQL = Set(try rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 0)) })
            let expected = try await oracle.records(subject.table, action, for: person)
            let place = "\(action.rawValue) \(subject.collection), seed \(seed), \(person)"
            #expect(inMemory == expected, "in memory, \(place)")
            let explained = subject.records.filter { record in
                let said = world.directory.explain(
                    action, on: type, record.facts, for: person, under: world.roles, having: access.rights)
                let isCovered = said.reasons.contains { $0.ground != nil } && !said.isUnreadable && said.limits.isEmpty
                #expect(said.isAllowed == isCovered, "the reasons, \(place)")
                return said.isAllowed
            }
            #expect(Set(explained.map(\.id)) == expected, "explained, \(place)")
            #expect(inSQL == expected, "in SQL, \(place)")
            for mutation in Self.mutations where !noticed.contains(mutation.name) {
                if holding(predicate.replacing(mutation.change)) != expected { noticed.insert(mutation.name) }
            }
        }
        return World.actions.count * subject.records.count
    }

    /// Records that may be given to another owner.
    private func compareGiving(_ world: World, _ person: GUID, _ access: Access, _ oracle: Oracle, _ seed: UInt64) async throws -> Int {
        let type = try world.store.type("accounts")
        let readable = Predicate.all(of: [access.rights.predicate(.read, on: type.id), access.rights.givable(on: type.id)])
        let inMemory = Set(world.accounts.filter { readable.holds(for: $0.facts, actor: access.rights.actor) }.map(\.id))
        let condition = SQL.joined(
            [
                AccessGuard.predicate(.read, on: type, alias: "t", access: access), AccessGuard.givable(type, alias: "t", access: access),
            ], separator: " AND ")
        let rows = try await world.store.client.query("SELECT t.id FROM \(raw: type.table.sql) t WHERE \(condition)").rows
        let inSQL = Set(try rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 0)) })
        let expected = try await oracle.accounts(.assign, for: person)
        #expect(inMemory == expected, "giving in memory, seed \(seed), \(person)")
        #expect(inSQL == expected, "giving in SQL, seed \(seed), \(person)")
        return world.accounts.count
    }

    private func compareFields(
        _ world: World, _ subject: World.Subject, _ person: GUID, _ access: Access, _ oracle: Oracle, _ seed: UInt64
    ) async throws -> Int {
        let type = try world.store.type(subject.collection)
        for field in subject.masked {
            let mask = access.rights.mask(of: field, on: type.id) ?? .always
            let shown = Predicate.all(of: [access.rights.predicate(.read, on: type.id), mask])
            let inMemory = Set(subject.records.filter { shown.holds(for: $0.facts, actor: access.rights.actor) }.map(\.id))
            let expected = try await oracle.records(subject.table, showing: field, to: person)
            #expect(inMemory == expected, "\(field) in memory, seed \(seed), \(person)")
            // By what an answer holds: the records whose field has a value.
            guard access.rights.allows(.read, on: type.id), mask != .never else { continue }
            let property = field == "parent" ? "parent_id" : field
            let page = try await list(world, subject, access, "select=id&filter=\(property)%20ne%20null")
            let valued = Set(subject.records.filter { $0.values[property] != nil }.map(\.id))
            #expect(Set(page) == expected.intersection(valued), "\(field) in SQL, seed \(seed), \(person)")
        }
        return subject.masked.count * subject.records.count
    }

    /// Orders and conditions that lists are tried with, by collection.
    private static let options: [String: (orders: [String], filters: [String])] = [
        "accounts": (
            [
                "", "&orderby=name", "&orderby=name%20desc,size", "&orderby=size%20desc", "&orderby=region/name,name",
                "&orderby=created_at%20desc",
            ], ["", "&filter=size%20ge%202", "&filter=startswith(name,'A')"]
        ),
        "lines": (
            ["", "&orderby=text", "&orderby=text%20desc,id", "&orderby=created_at%20desc"],
            ["", "&filter=startswith(text,'A')"]
        ),
        "remarks": (["", "&orderby=text", "&orderby=line/text,text"], ["", "&filter=line/text%20ne%20null"]),
    ]

    /// A list is read by branches that are merged, page by page: it has what the administrator's has and may be read, in the same order.
    private func compareLists(_ world: inout World, _ subject: World.Subject, _ access: Access, _ seed: UInt64) async throws {
        let type = try world.store.type(subject.collection)
        guard access.rights.allows(.read, on: type.id) else { return }
        let options = try #require(Self.options[subject.collection])
        let order = options.orders[world.below(options.orders.count)]
        let filter = options.filters[world.below(options.filters.count)]
        let readable = access.rights.predicate(.read, on: type.id)
        let visible = Set(subject.records.filter { readable.holds(for: $0.facts, actor: access.rights.actor) }.map(\.id))
        let all = try await list(world, subject, .test, "select=id\(order)\(filter)")
        let own = try await list(world, subject, access, "select=id\(order)\(filter)", pageSize: 1 + world.below(15))
        #expect(own == all.filter(visible.contains), "\(order)\(filter), seed \(seed)")
        // What leaves the merged pages: a page that skips, and the whole list as an export streams it.
        let skipped = try await list(world, subject, access, "select=id\(order)\(filter)&skip=2", pageSize: 1 + world.below(15))
        #expect(skipped == Array(own.dropFirst(2)), "skip, \(order)\(filter), seed \(seed)")
        let request = try Self.request(world.store, access, "select=id\(order)\(filter)", of: subject.collection, pageSize: 10)
        let streamed = try await Self.streamed(world.store.store, request, access).flatMap(Self.ids)
        #expect(streamed == own, "streamed, \(order)\(filter), seed \(seed)")
        let count = try await count(world, subject, access, "select=id\(filter)")
        #expect(count == own.count, "\(filter), seed \(seed)")
    }

    private func count(_ world: World, _ subject: World.Subject, _ access: Access, _ options: String) async throws -> Int {
        let request = try Self.request(world.store, access, options, of: subject.collection, pageSize: 10)
        return try await world.store.store.count(request.type, filter: request.query.filter, mode: .exact, access: access)
    }

    /// The ids of a list, over all of its pages.
    private func list(
        _ world: World, _ subject: World.Subject, _ access: Access, _ options: String, pageSize: Int = 1_000
    ) async throws -> [GUID] {
        var ids: [GUID] = []
        var request = try Self.request(world.store, access, options, of: subject.collection, pageSize: pageSize)
        while true {
            let page = try await world.store.store.list(request, access: access)
            ids += Self.ids(String(decoding: page.items, as: UTF8.self))
            guard let next = page.nextToken else { return ids }
            request.query.skipToken = next
        }
    }

    private static func ids(_ json: String) -> [GUID] { json.split(separator: "\"").compactMap { GUID(String($0)) } }

    /// The records of a whole list, as an export reads them.
    static func streamed(_ store: RecordStore, _ request: ListRequest, _ access: Access) async throws -> [String] {
        var records: [String] = []
        for try await record in store.stream(request, access: access) { records.append(String(decoding: record, as: UTF8.self)) }
        return records
    }

    static func request(
        _ store: TestStore, _ access: Access, _ options: String, of collection: String = "accounts", pageSize: Int
    ) throws -> ListRequest {
        let catalog = store.store.catalog(for: access)
        let type = try #require(catalog.type(collection: collection))
        let shape = try #require(catalog.entityShape(named: type.id))
        let query = try QueryChecker(schema: DeploymentSchema(catalog: catalog, hooks: NoHooks())).check(
            QueryOptions.parse(urlQuery: options), on: shape)
        return ListRequest(type: type, query: query, format: ReadFormat(metadata: .none), pageSize: pageSize)
    }
}

extension Predicate {
    /// The same with parts put in the place of others.
    func replacing(_ change: (Predicate) -> Predicate?) -> Predicate {
        if let changed = change(self) { return changed }
        switch self {
        case .all(let parts): return .all(of: parts.map { $0.replacing(change) })
        case .any(let parts): return .any(of: parts.map { $0.replacing(change) })
        case .parent(let link, let condition): return .through(link, condition.replacing(change))
        default: return self
        }
    }
}
