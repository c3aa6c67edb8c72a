import Catalog
import Permissions
import Postgres
import QueryLanguage
import TestKernel
import Testing

@testable import Records

/// Searches of people who may not read everything.
@Suite("Search and rights")
struct SearchRightsTests {
    private static let anna = GUID(high: 1, low: 0xA11A)

    /// Somebody who reads all firms, and of humans what the policy says.
    private static func access(_ humans: Predicate, masks: [String: Predicate] = [:], firms: Predicate = .always) -> Access {
        let policy = Policy(types: [
            "crm.human": TypePolicy(actions: [.read: humans], masks: masks), "crm.firm": TypePolicy(actions: [.read: firms]),
        ])
        return Access(principal: anna, channel: .api, rights: Rights(policy: policy, actor: Actor(id: anna)))
    }

    private static func names(_ world: SearchWorld, _ search: String, _ access: Access) async throws -> [String] {
        let page = try await world.base.store.list(try world.request(search, "select=name&count=true"), access: access)
        let names = SearchWorld.names(page)
        #expect(page.count == names.count, "\(search): what is counted is what is listed")
        return names
    }

    private static func give(_ world: SearchWorld, _ names: [String]) async throws {
        let id = PostgresUUID(guid: anna)
        _ = try await world.base.client.query(
            "INSERT INTO tessera.principal (id, kind, name) VALUES (\(bind: id), 'user', 'Anna') ON CONFLICT DO NOTHING")
        _ = try await world.base.client.query("UPDATE crm.human SET owner_id = \(bind: id) WHERE name = ANY(\(bind: names))")
    }

    @Test("who reads all records of a type, and all that is searched of them, finds misspelt words as administrators do")
    func readers() async throws {
        try await SearchWorld.with { world in
            let firm = try await world.base.create("firms", ["name": .string("Acme Nordic")])
            _ = try await world.human("Anna Müller", firm: firm)
            _ = try await world.human("Bo Muller", tags: ["zwiebel"])
            for search in ["mulelr", "nordci", "anna mulelr", "zwibel"] {
                #expect(try await Self.names(world, search, Self.access(.always)) == world.names(search), "\(search)")
            }
            // A tag that isn't seen is no word that may have been meant.
            #expect(try await world.names("zwibel") == ["Bo Muller"])
            #expect(try await Self.names(world, "zwibel", Self.access(.always, masks: ["tags": .never])) == [])
            #expect(try await Self.names(world, "zwibel", Self.access(.always, masks: ["tags": .owner])) == [])
            #expect(try await Self.names(world, "nordci", Self.access(.always, firms: .never)) == [])
        }
    }

    @Test("who reads some records finds the misspelt words of these, whatever resembles them in others")
    func owners() async throws {
        try await SearchWorld.with { world in
            let access = Self.access(.owner)
            for name in ["Quentin Ash", "Quentonn Elm", "Bo Oak"] { _ = try await world.human(name) }
            try await Self.give(world, ["Quentonn Elm"])
            #expect(Set(try await world.names("quentn")) == ["Quentin Ash", "Quentonn Elm"])
            #expect(try await Self.names(world, "quentn", access) == ["Quentonn Elm"])
            #expect(try await Self.names(world, "quentn bo", access) == [])
            // More words than are ever tried, all nearer to what was typed, and all of others.
            for letter in ["a", "b", "c", "d", "e", "f"] { _ = try await world.human("Quen\(letter)tn") }
            #expect(try await Self.names(world, "quentn", access) == ["Quentonn Elm"])
            #expect(try await world.names("quentn").contains("Quentonn Elm") == false)
            // A firm that may be read is one by whose name its people are found.
            let firm = try await world.base.create("firms", ["name": .string("Zenith")])
            _ = try await world.human("Uwe", firm: firm)
            try await Self.give(world, ["Uwe"])
            #expect(try await Self.names(world, "zenihts", access) == ["Uwe"])
            #expect(try await Self.names(world, "zenihts", Self.access(.owner, firms: .owner)) == [])
        }
    }

    @Test("the order of hits doesn't tell how frequent words are in records that aren't read")
    func order() async throws {
        try await SearchWorld.with { world in
            let mine = ["Bo Annalena", "Annalena Bo", "Bo Bobo Annalena", "Bob Annalenas"]
            for name in mine { _ = try await world.human(name) }
            try await Self.give(world, mine)
            let access = Self.access(.owner)
            let before = try await Self.names(world, "bo annalena", access)
            #expect(Set(before) == Set(mine))
            // Now the one word is rare and the other isn't, and the other way round.
            for word in ["Annalena", "Bo"] {
                _ = try await world.base.client.query(
                    """
                    INSERT INTO crm.human (id, created_by, updated_by, owner_id, name, tags)
                    SELECT gen_random_uuid(), p, p, p, \(bind: word) || n, '{}' FROM generate_series(1, 700) n,
                    (VALUES (\(bind: PostgresUUID(guid: .administrator)))) AS who(p)
                    """)
                for size in [1, 3, 100] {
                    var (found, token): ([String], String?) = ([], nil)
                    repeat {
                        let next = token.map { "&skiptoken=\($0)" } ?? ""
                        let page = try await world.base.store.list(
                            try world.request("bo annalena", "select=name\(next)", pageSize: size), access: access)
                        found += SearchWorld.names(page)
                        token = page.nextToken
                    } while token != nil && found.count < 100
                    #expect(found == before, "\(word) by \(size)")
                }
            }
        }
    }
}
