import Catalog
import Permissions
import Postgres
import QueryLanguage
import Records
import TestKernel
import TestRandom
import Testing

@Suite("Plans of lists under scopes")
struct ListPlanTests {
    private static let manifest =
        World.manifest + """

            roles:
              rep:
                grants:
                  account:
                    read: team
                    allow:
                      one_size: { when: "size eq 7" }
                      never: { when: "size eq 12345" }
                    only:
                      other_than_two: { when: "size ne 2" }
            """

    /// 100,000 accounts: half of one person, a hundred of another, and some of each of their colleagues. Five thousand are shared with one more.
    private struct Crowd {
        let store: TestStore
        let (dense, sparse, empty): (GUID, GUID, GUID)
        let colleagues: [GUID]
        let friend: GUID

        static func make(_ store: TestStore) async throws -> Crowd {
            let people = (0..<11).map { _ in GUID.version7() }
            for person in people {
                _ = try await store.client.query(
                    "INSERT INTO tessera.principal (id, kind, name) VALUES (\(bind: PostgresUUID(guid: person)), 'user', 'p')")
            }
            let ids = people.map { PostgresUUID(guid: $0) }
            _ = try await store.client.query(
                """
                INSERT INTO sales.account (id, version, created_at, created_by, updated_at, updated_by, owner_id, name, size) \
                SELECT gen_random_uuid(), 1, now() - n * interval '1 second', o, now(), o, o, 'Account ' || md5(n::text), n % 100 \
                FROM (SELECT n, (\(bind: ids)::uuid[])[CASE WHEN n % 2 = 0 THEN 1 WHEN n % 1000 = 1 THEN 2 ELSE 4 + n % 7 END] AS o \
                FROM generate_series(1, 100000) n) g
                """)
            _ = try await store.client.query(
                """
                INSERT INTO tessera.share (record_id, grantee_id, record_type, level, cause, created_by) \
                SELECT id, \(bind: ids[10]), 'sales.account', 1, 'test', \(bind: ids[0]) FROM sales.account WHERE size BETWEEN 10 AND 14
                """)
            _ = try await store.client.query("ANALYZE sales.account, sales.account__shares, tessera.share")
            // The statements below name no link, so that words of searches don't matter.
            return Crowd(
                store: store, dense: people[0], sparse: people[1], empty: people[2], colleagues: Array(people[3..<10]), friend: people[10])
        }

        func access(_ person: GUID, _ predicate: Predicate, owners: [GUID] = []) -> Access {
            let details = Predicate.through(ParentLink(field: "account", type: "sales.account"), predicate)
            let policy = Policy(types: [
                "sales.account": TypePolicy(actions: [.read: predicate]), "sales.line": TypePolicy(actions: [.read: details]),
            ])
            return Access(
                principal: person, channel: .api,
                rights: Rights(policy: policy, actor: Actor(id: person, ownerSets: [owners], grantees: [person])))
        }

        /// Rows that PostgreSQL reads from tables and indexes for a page of fifty.
        func rowsRead(_ access: Access, _ options: String, of collection: String = "accounts") async throws -> (read: Int, plan: String) {
            let request = try AgreementTests.request(store, access, options, of: collection, pageSize: 50)
            let statement = try await store.store.explain(request, analysing: true, access: access)
            var read = 0
            for line in statement.plan.split(separator: "\n")
            where line.contains("Scan") && ["on account", "on share ", "on line"].contains(where: line.contains) {
                let numbers = line.split(separator: "(").last?.split(separator: " ") ?? []
                let rows = numbers.first { $0.hasPrefix("rows=") }.flatMap { Double($0.dropFirst(5)) } ?? 0
                let loops = numbers.first { $0.hasPrefix("loops=") }.flatMap { Double($0.dropFirst(6).prefix { $0.isNumber }) } ?? 1
                read += Int(rows * loops)
            }
            for line in statement.plan.split(separator: "\n") where line.contains("Rows Removed") {
                read += Int(line.split(separator: " ").last ?? "0") ?? 0
            }
            return (read, statement.plan)
        }
    }

    @Test("read at most twenty rows for each row of a page, for dense, sparse and empty scopes, in every order that has an index")
    func rows() async throws {
        try await TestStore.with(["sales": Self.manifest]) { store in
            let crowd = try await Crowd.make(store)
            let grant = try #require(store.catalog.roles.first?.grants.first)
            let rules = Dictionary(
                uniqueKeysWithValues: (grant.allowances.map(\.rule) + grant.limits.map(\.rule)).map { ($0.id, Predicate.rule($0)) })
            func rule(_ key: String) throws -> Predicate { try #require(rules["sales.rep/\(key)"]) }
            let (friend, friends) = (Predicate.any([.owner, .shared(.read)]), Predicate.any([.owners(0), .shared(.read)]))
            let scopes: [(String, Access)] = [
                ("much is shared", crowd.access(crowd.friend, friend)),
                ("much is shared, limited", crowd.access(crowd.friend, .all([friend, try rule("other_than_two")]))),
                ("team, and much is shared", crowd.access(crowd.friend, friends, owners: crowd.colleagues + [crowd.friend])),
                ("dense own", crowd.access(crowd.dense, .owner)), ("sparse own", crowd.access(crowd.sparse, .owner)),
                ("empty own", crowd.access(crowd.empty, .owner)),
                ("team", crowd.access(crowd.sparse, .any([.owners(0), .shared(.read)]), owners: crowd.colleagues + [crowd.sparse])),
                ("own or shared", crowd.access(crowd.sparse, .any([.owner, .shared(.read)]))),
                ("empty, mixed", crowd.access(crowd.empty, .any([.owners(0), .shared(.read)]), owners: [crowd.empty])),
                ("own or a condition", crowd.access(crowd.sparse, .any([.owner, .shared(.read), try rule("one_size")]))),
                ("a condition alone", crowd.access(crowd.empty, try rule("one_size"))),
                ("a condition that nothing meets", crowd.access(crowd.empty, .any([.owner, try rule("never")]))),
                ("dense own, limited", crowd.access(crowd.dense, .all([.any([.owner, .shared(.read)]), try rule("other_than_two")]))),
                (
                    "team, limited",
                    crowd.access(
                        crowd.sparse, .all([.any([.owners(0), .shared(.read)]), try rule("other_than_two")]),
                        owners: crowd.colleagues + [crowd.sparse])
                ),
            ]
            for order in ["", "orderby=created_at%20desc", "orderby=name", "orderby=name%20desc"] {
                for (name, access) in scopes {
                    let (read, plan) = try await crowd.rowsRead(access, order)
                    // What is counted is there to be counted.
                    if name == "dense own" || name == "team" || name.contains("much") { #expect(read >= 50, "\(name), \(order):\n\(plan)") }
                    #expect(read <= 20 * 51, "\(name), \(order): \(read) rows\n\(plan)")
                    #expect(!plan.contains("Seq Scan on account"), "\(name), \(order):\n\(plan)")
                }
            }
        }
    }

    @Test("read as few rows for the owners of large teams: who own nothing, a little, all of it, or one of them half of it")
    func largeTeams() async throws {
        try await TestStore.with(["sales": Self.manifest]) { store in
            let crowd = try await Crowd.make(store)
            let nobody = (0..<200).map { _ in GUID.version7() }
            let many = (0..<200).map { _ in GUID.version7() }
            for person in many {
                _ = try await store.client.query(
                    "INSERT INTO tessera.principal (id, kind, name) VALUES (\(bind: PostgresUUID(guid: person)), 'user', 'p')")
            }
            // Half of all, evenly; the other half stays one person's.
            _ = try await store.client.query(
                """
                UPDATE sales.account a SET owner_id = (\(bind: many.map { PostgresUUID(guid: $0) })::uuid[])[1 + ('x' || substr(md5(a.name), 1, 6))::bit(24)::int % 200] \
                WHERE owner_id <> \(bind: PostgresUUID(guid: crowd.dense))
                """)
            _ = try await store.client.query("VACUUM ANALYZE sales.account")
            let grant = try #require(store.catalog.roles.first?.grants.first)
            let limit = Predicate.rule(try #require(grant.limits.first?.rule))
            let team = Predicate.any([.owners(0), .shared(.read)])
            let scopes: [(String, Access, rows: Int)] = [
                ("29 who own nothing", crowd.access(crowd.empty, team, owners: Array(nobody.prefix(29))), 0),
                ("200 who own nothing", crowd.access(crowd.empty, team, owners: nobody), 0),
                ("199 of whom one owns a little", crowd.access(crowd.empty, team, owners: nobody.dropLast() + [many[7]]), 50),
                ("200 of whom each owns some", crowd.access(crowd.empty, team, owners: many), 50),
                ("200 of whom each owns some, limited", crowd.access(crowd.empty, .all([team, limit]), owners: many), 50),
                ("21 of whom each owns some", crowd.access(crowd.empty, team, owners: Array(many.prefix(21))), 50),
                ("201 of whom one owns half", crowd.access(crowd.empty, team, owners: many + [crowd.dense]), 50),
            ]
            for order in ["", "orderby=created_at%20desc", "orderby=name", "orderby=name%20desc"] {
                for (name, access, rows) in scopes {
                    let (read, plan) = try await crowd.rowsRead(access, order)
                    #expect((rows...20 * 51).contains(read), "\(name), \(order): \(read) rows\n\(plan)")
                    #expect(!plan.contains("Seq Scan on account"), "\(name), \(order):\n\(plan)")
                    // The same records as by the condition alone.
                    var request = try AgreementTests.request(store, access, "select=id&\(order)", of: "accounts", pageSize: 50)
                    let first = try await store.store.list(request, access: access)
                    request.query.skipToken = first.nextToken
                    let second = first.nextToken == nil ? nil : try await store.store.list(request, access: access)
                    let pages = [first, second].compactMap { $0 }.filter { $0.rowCount > 0 }
                    let plain = try AgreementTests.request(store, access, "select=id&top=100&\(order)", of: "accounts", pageSize: 50)
                    let expected = try await AgreementTests.streamed(store.store, plain, access).joined(separator: ",")
                    let merged = pages.map { String(decoding: $0.items, as: UTF8.self) }.joined(separator: ",")
                    #expect(merged == expected && (rows == 0) == merged.isEmpty, "\(name), \(order)")
                }
            }
        }
    }

    @Test("of details read no more than what may be read of them, and what lies before it in the order of the list")
    func details() async throws {
        try await TestStore.with(["sales": Self.manifest]) { store in
            let crowd = try await Crowd.make(store)
            _ = try await store.client.query(
                """
                INSERT INTO sales.line (id, version, created_at, created_by, updated_at, updated_by, owner_id, text, account_id) \
                SELECT gen_random_uuid(), 1, a.created_at, a.created_by, now(), a.created_by, a.created_by, 'Line ' || md5(a.id::text), a.id FROM sales.account a
                """)
            _ = try await store.client.query("ANALYZE sales.line")
            let scopes: [(String, Access)] = [
                ("dense own", crowd.access(crowd.dense, .owner)), ("sparse own", crowd.access(crowd.sparse, .owner)),
                ("empty own", crowd.access(crowd.empty, .owner)), ("all", crowd.access(crowd.empty, .always)),
                ("team", crowd.access(crowd.sparse, .any([.owners(0), .shared(.read)]), owners: crowd.colleagues + [crowd.sparse])),
                ("empty, mixed", crowd.access(crowd.empty, .any([.owners(0), .shared(.read)]), owners: [crowd.empty])),
            ]
            for order in ["", "orderby=created_at%20desc", "orderby=text", "orderby=text%20desc"] {
                for (name, access) in scopes {
                    let (read, plan) = try await crowd.rowsRead(access, order, of: "lines")
                    if name != "empty own", name != "empty, mixed" { #expect(read >= 50, "\(name), \(order):\n\(plan)") }
                    #expect(read <= 20 * 51, "\(name), \(order): \(read) rows\n\(plan)")
                }
            }
            // Neither few nor many: all that may be read is, with its account and shares, or as many rows as there are before a page is full.
            let friend = crowd.access(crowd.friend, .any([.owner, .shared(.read)]))
            for order in ["", "orderby=text"] {
                let (read, plan) = try await crowd.rowsRead(friend, order, of: "lines")
                #expect((50...20_500).contains(read), "\(order): \(read) rows\n\(plan)")
            }
        }
    }
}
