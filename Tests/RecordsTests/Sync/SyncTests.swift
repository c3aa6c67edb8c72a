import Catalog
import Postgres
import QueryLanguage
import TestKernel
import Testing

@testable import Records

@Suite("Incremental sync")
struct SyncTests {
    private static let now: Int64 = 1_800_000_000

    /// A client that keeps a copy of a list.
    private struct Copy {
        let store: TestStore
        let collection: String
        let options: String
        let includesDeleted: Bool
        var token: String
        var records: [String: String] = [:]
        /// What the last round told, in order: `id`, `id deleted` or `id changed`.
        var told: [String] = []

        /// While the first read isn't through: what its next page begins with.
        private var unread: String?

        init(
            _ store: TestStore, _ options: String, of collection: String = "samples", pageSize: Int = 1_000, includesDeleted: Bool = false
        ) async throws {
            self.store = store
            self.collection = collection
            self.options = options
            self.includesDeleted = includesDeleted
            let request = try Self.request(store, options, of: collection, includesDeleted: includesDeleted)
            token = try await store.store.syncToken(request, now: SyncTests.now, access: .test)
            try await read(pageSize: pageSize)
        }

        /// Reads the first page of the list, or the next.
        mutating func read(pageSize: Int) async throws {
            var request = try Self.request(store, options, of: collection, pageSize: pageSize, includesDeleted: includesDeleted)
            request.query.skipToken = unread
            let page = try await store.store.list(request, access: .test)
            for (id, text) in Self.objects(page.items) { records[id] = text }
            unread = page.nextToken
        }

        var isRead: Bool { unread == nil }

        static func request(
            _ store: TestStore, _ options: String, of collection: String = "samples", pageSize: Int = 1_000, includesDeleted: Bool = false
        ) throws -> ListRequest {
            let type = try store.type(collection)
            let shape = try #require(store.catalog.entityShape(named: type.id))
            let query = try QueryChecker(schema: store.catalog).check(QueryOptions.parse(urlQuery: options), on: shape)
            return ListRequest(
                type: type, query: query, format: ReadFormat(metadata: .none), pageSize: pageSize, includeDeleted: includesDeleted)
        }

        mutating func follow(pageSize: Int = 1_000) async throws {
            while !isRead { try await read(pageSize: pageSize) }
            told = []
            while true {
                let request = try Self.request(store, options, of: collection, pageSize: pageSize, includesDeleted: includesDeleted)
                let page = try await store.store.changes(request, since: token, now: SyncTests.now + 10, access: .test)
                for (id, text) in Self.objects(page.items) {
                    if text.contains("@removed") {
                        records[id] = nil
                        told.append("\(id) \(text.contains("\"deleted\"") ? "deleted" : "changed")")
                    } else {
                        records[id] = text
                        told.append(id)
                    }
                }
                switch page.next {
                case .page(let next): token = next
                case .delta(let next):
                    token = next
                    return
                }
            }
        }

        /// Objects with an id, and two levels of others in them, by their id.
        private static func objects(_ items: [UInt8]) -> [(String, String)] {
            let text = String(decoding: items, as: UTF8.self)
            return text.matches(of: /\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/).compactMap { match in
                match.0.firstMatch(of: /"id":"([0-9a-f-]{36})"/).map { (String($0.1), String(match.0)) }
            }
        }
    }

    @Test("inside a transaction tells of what the transaction sees, and of its own writes afterwards")
    func insideTransaction() async throws {
        try await TestStore.with { store in
            let type = try store.type("samples")
            let id = try await store.create("samples", ["title": "a"])
            var copy = try await Copy(store, "select=id,title")
            #expect(try await store.update("samples", id, ["title": "b"]) == .updated(version: 2))
            let (request, token) = (try Copy.request(store, "select=id,title"), copy.token)
            try await store.store.transaction { inner in
                let item = RecordUpdate(key: .id(id), input: RecordInput(["title": "c"]))
                _ = try await inner.update(type, [item], options: .single, access: .test)
                let page = try await inner.changes(request, since: token, now: Self.now + 10, access: .test)
                #expect(String(decoding: page.items, as: UTF8.self).contains("\"title\":\"c\""))
            }
            try await copy.follow()
            #expect(copy.told == [id.description])
            #expect(copy.records[id.description]?.contains("\"title\":\"c\"") == true)
        }
    }

    @Test("tells what was made, changed, deleted, restored, purged, and what left the filter")
    func kinds() async throws {
        try await TestStore.with { store in
            let samples = try store.type("samples")
            func make(_ title: String, _ amount: Int64) async throws -> GUID {
                try await store.create("samples", ["title": .string(title), "amount": .integer(amount)])
            }
            let ids = [try await make("a", 10), try await make("b", 10), try await make("c", 10), try await make("low", 1)]
            var copy = try await Copy(store, "select=id,title,amount&filter=amount%20gt%205")
            #expect(copy.records.count == 3)
            try await copy.follow()
            #expect(copy.told == [])
            let new = try await make("new", 7)
            let other = try await make("never in the list", 2)
            _ = try await store.update("samples", ids[0], ["title": .string("a2")])
            _ = try await store.update("samples", ids[1], ["amount": .integer(3)])
            _ = try await store.update("samples", ids[3], ["amount": .integer(30)])
            _ = try await store.store.delete(samples, [RecordReference(key: .id(ids[2]))], options: .single, access: .test)
            try await copy.follow()
            #expect(Set(copy.told) == ["\(ids[0])", "\(ids[1]) changed", "\(ids[2]) deleted", "\(ids[3])", "\(new)", "\(other) changed"])
            #expect(copy.records["\(ids[0])"]?.contains("\"a2\"") == true)
            _ = try await store.store.restore(samples, [RecordReference(key: .id(ids[2]))], options: .single, access: .test)
            _ = try await store.store.purge(samples, [RecordReference(key: .id(ids[0]))], options: .single, access: .test)
            try await copy.follow()
            #expect(Set(copy.told) == ["\(ids[2])", "\(ids[0]) deleted"])
            try await copy.follow()
            #expect(copy.told == [])
        }
    }

    @Test("tells those who list deleted records too of them as they are, until they are purged or leave the filter")
    func deletedOnes() async throws {
        try await TestStore.with { store in
            let samples = try store.type("samples")
            var ids: [GUID] = []
            for title in ["a", "b", "c"] { ids.append(try await store.create("samples", ["title": .string(title), "amount": 9])) }
            func delete(_ id: GUID) async throws {
                _ = try await store.store.delete(samples, [RecordReference(key: .id(id))], options: .single, access: .test)
            }
            try await delete(ids[2])
            var all = try await Copy(store, "select=id,title,deleted_at", includesDeleted: true)
            var some = try await Copy(store, "select=id,title,deleted_at&filter=amount%20gt%205", includesDeleted: true)
            #expect(all.records.count == 3 && some.records.count == 3)
            try await delete(ids[0])
            _ = try await store.update("samples", ids[1], ["amount": 1])
            try await delete(ids[1])
            try await all.follow()
            #expect(all.told == ["\(ids[0])", "\(ids[1])"])
            #expect(all.records["\(ids[0])"]?.contains(#""deleted_at":null"#) == false)
            try await some.follow()
            #expect(some.told == ["\(ids[0])", "\(ids[1]) changed"])
            _ = try await store.store.restore(samples, [RecordReference(key: .id(ids[0]))], options: .single, access: .test)
            _ = try await store.store.purge(samples, [RecordReference(key: .id(ids[2]))], options: .single, access: .test)
            try await all.follow()
            try await some.follow()
            #expect(all.told == ["\(ids[0])", "\(ids[2]) deleted"])
            #expect(some.told == all.told)
            #expect(all.records["\(ids[0])"]?.contains(#""deleted_at":null"#) == true)
        }
    }

    @Test("tells that a record is gone which was made after the token and read by a later page of the list")
    func madeWhileReading() async throws {
        try await TestStore.with { store in
            let samples = try store.type("samples")
            for title in ["a", "b"] { _ = try await store.create("samples", ["title": .string(title), "amount": 9]) }
            var plain = try await Copy(store, "select=id,title", pageSize: 1)
            var filtered = try await Copy(store, "select=id,title&filter=amount%20gt%205", pageSize: 1)
            let gone = try await store.create("samples", ["title": "gone", "amount": 9])
            let left = try await store.create("samples", ["title": "left", "amount": 9])
            while !plain.isRead { try await plain.read(pageSize: 1) }
            while !filtered.isRead { try await filtered.read(pageSize: 1) }
            #expect(plain.records.count == 4 && filtered.records.count == 4)
            _ = try await store.store.delete(samples, [RecordReference(key: .id(gone))], options: .single, access: .test)
            _ = try await store.update("samples", left, ["amount": 1])
            try await plain.follow()
            #expect(plain.told == ["\(gone) deleted", "\(left)"])
            try await filtered.follow()
            #expect(filtered.told == ["\(gone) deleted", "\(left) changed"])
            #expect(filtered.records.count == 2)
        }
    }

    @Test("tells that a record is gone to those who follow the same link again")
    func sameTokenTwice() async throws {
        try await TestStore.with { store in
            let samples = try store.type("samples")
            var copy = try await Copy(store, "select=id,title")
            let token = copy.token
            let id = try await store.create("samples", ["title": "a"])
            try await copy.follow()
            #expect(copy.told == ["\(id)"])
            _ = try await store.store.delete(samples, [RecordReference(key: .id(id))], options: .single, access: .test)
            copy.token = token
            try await copy.follow()
            #expect(copy.told == ["\(id) deleted"])
            #expect(copy.records.isEmpty)
        }
    }

    @Test("a change that commits late is told late and not lost, whatever was told before it")
    func lateCommits() async throws {
        try await TestStore.with { store in
            let ids = try await (0..<3).asyncMap { try await store.create("samples", ["title": .string("s\($0)")]) }
            var copy = try await Copy(store, "select=id,title")
            // Three transactions begin in one order and end in another, while others come and go.
            try await store.client.withConnection { first in
                try await first.execute("BEGIN")
                try await Self.change(ids[0], "first", on: first)
                try await store.client.withConnection { second in
                    try await second.execute("BEGIN")
                    try await Self.change(ids[1], "second", on: second)
                    _ = try await store.update("samples", ids[2], ["title": .string("between")])
                    try await copy.follow()
                    #expect(copy.told == ["\(ids[2])"])
                    try await second.execute("COMMIT")
                    try await copy.follow()
                    #expect(copy.told == ["\(ids[1])"])
                }
                _ = try await store.update("samples", ids[2], ["title": .string("after")])
                try await copy.follow()
                #expect(copy.told == ["\(ids[2])"])
                try await first.execute("COMMIT")
            }
            try await copy.follow()
            #expect(copy.told == ["\(ids[0])"])
            #expect(copy.records["\(ids[0])"]?.contains("\"first\"") == true)
            // What is rolled back is never told.
            try await store.client.withConnection { third in
                try await third.execute("BEGIN")
                try await Self.change(ids[1], "undone", on: third)
                try await copy.follow()
                try await third.execute("ROLLBACK")
            }
            try await copy.follow()
            #expect(copy.told == [])
        }
    }

    @Test("copies end equal to the list, however transactions interleave")
    func interleaved() async throws {
        let seed = TestEnvironment.seed
        print("seed \(seed)")
        try await TestStore.with { store in
            var random = SeededRandom(seed: seed)
            let ids = try await (0..<12).asyncMap {
                try await store.create("samples", ["title": .string("s\($0)"), "amount": .integer(Int64($0))])
            }
            let options = "select=id,title&filter=amount%20gt%205"
            var copies = [try await Copy(store, options, pageSize: 2), try await Copy(store, options, pageSize: 2)]
            try await store.client.withConnection { first in
                try await store.client.withConnection { second in
                    let connections = [first, second]
                    var open = [false, false]
                    // Each connection has records of its own, so that nobody waits for a lock.
                    var own = (0..<2).map { which in (0..<6).map { ids[$0 * 2 + which] } }
                    var made: [[GUID]] = [[], []]
                    for step in 0..<160 {
                        let which = Int.random(in: 0..<2, using: &random)
                        let connection = connections[which]
                        switch Int.random(in: 0..<8, using: &random) {
                        case 0 where open[which]:
                            let isUndone = random.oneIn(4)
                            try await connection.execute(isUndone ? "ROLLBACK" : "COMMIT")
                            if !isUndone { own[which] += made[which] }
                            (open[which], made[which]) = (false, [])
                        case 0, 1:
                            if !open[which] { try await connection.execute("BEGIN") }
                            open[which] = true
                        case 2:
                            let (copy, size) = (Int.random(in: 0..<2, using: &random), random.pick([1, 2, 100]))
                            if !copies[copy].isRead {
                                try await copies[copy].read(pageSize: size)
                            } else if random.oneIn(4) {
                                // The answer got lost: the same link once more.
                                let token = copies[copy].token
                                try await copies[copy].follow(pageSize: size)
                                copies[copy].token = token
                            } else {
                                try await copies[copy].follow(pageSize: size)
                            }
                        case 3:
                            let id = GUID(high: random.next(), low: random.next())
                            try await Self.make(id, "step \(step)", amount: Int64.random(in: 0..<12, using: &random), on: connection)
                            if open[which] { made[which].append(id) } else { own[which].append(id) }
                        case 4:
                            try await Self.delete(random.pick(own[which] + made[which]), on: connection)
                        default:
                            let id = random.pick(own[which] + made[which])
                            try await Self.change(
                                id, "step \(step)", amount: Int64.random(in: 0..<12, using: &random), on: connection)
                        }
                    }
                    for (connection, isOpen) in zip(connections, open) where isOpen { try await connection.execute("COMMIT") }
                }
            }
            let end = try await Copy(store, options).records
            for index in copies.indices {
                try await copies[index].follow()
                #expect(copies[index].records == end, "copy \(index), seed \(seed)")
            }
        }
    }

    @Test("what expanded links show is told when it changes, from whichever side")
    func linked() async throws {
        try await TestStore.with { store in
            let samples = try store.type("samples")
            let (oslo, bergen) = (
                try await store.create("places", ["name": "Oslo"]), try await store.create("places", ["name": "Bergen"])
            )
            let first = try await store.create("samples", ["title": "first", "place_id": .guid(oslo)])
            let second = try await store.create("samples", ["title": "second"])
            let part = try await store.create("samples", ["title": "part", "parent_id": .guid(first), "amount": 1])
            let places: Value = .collection([.complex(["id": .guid(bergen)])])
            let visitor = try await store.create("samples", ["title": "visitor", "places": places])
            let roots = "select=id,title&filter=parent_id%20eq%20null"
            var upwards = try await Copy(store, roots + "&expand=place(select=id,name)")
            var downwards = try await Copy(store, roots + "&expand=parts(select=id,title;expand=place(select=id,name))")
            var sideways = try await Copy(store, "select=id,name&expand=visitors(select=id,title)", of: "places")
            func told() async throws -> [Set<String>] {
                try await upwards.follow()
                try await downwards.follow()
                try await sideways.follow()
                return [Set(upwards.told), Set(downwards.told), Set(sideways.told)]
            }
            #expect(try await told() == [[], [], []])
            // A linked record; the list of visitors has its place through the field of one link.
            _ = try await store.update("places", oslo, ["name": "Kristiania"])
            #expect(try await told() == [["\(first)"], [], ["\(oslo)"]])
            #expect(upwards.records["\(first)"]?.contains("Kristiania") == true)
            // A record of the list that is linked to goes from one to another: both are told.
            _ = try await store.update("samples", part, ["parent_id": .guid(second)])
            #expect(try await told() == [["\(part) changed"], ["\(first)", "\(second)", "\(part) changed"], []])
            #expect(downwards.records["\(first)"]?.contains("part\"") == false)
            #expect(downwards.records["\(second)"]?.contains("\"part\"") == true)
            // Two links away.
            _ = try await store.update("samples", part, ["place_id": .guid(oslo)])
            _ = try await told()
            _ = try await store.update("places", oslo, ["name": "Oslo"])
            #expect(try await told()[1] == ["\(second)"])
            // Gone, back, and gone for good.
            _ = try await store.store.delete(samples, [RecordReference(key: .id(visitor))], options: .single, access: .test)
            #expect(try await told()[2] == ["\(bergen)"])
            #expect(sideways.records["\(bergen)"]?.contains("visitor\"") == false)
            _ = try await store.store.restore(samples, [RecordReference(key: .id(visitor))], options: .single, access: .test)
            #expect(try await told()[2] == ["\(bergen)"])
            _ = try await store.update("samples", visitor, ["places": .collection([.complex(["id": .guid(oslo)])])])
            #expect(try await told()[2] == ["\(bergen)", "\(oslo)"])
            _ = try await store.store.purge(samples, [RecordReference(key: .id(visitor))], options: .single, access: .test)
            #expect(try await told()[2] == ["\(oslo)"])
        }
    }

    @Test(
        "copies with expanded links end equal to the list, whatever is written",
        arguments: [
            ("samples", "select=id,title&filter=amount%20gt%203&expand=place(select=id,name),parts(select=id,title;orderby=id)"),
            ("samples", "select=id&expand=parent(select=id,title;expand=place(select=id,name)),places(select=id,name)"),
            ("places", "select=id,name&expand=visitors(select=id,title;orderby=id),samples(select=id,amount;orderby=id)"),
        ])
    func linkedAgreement(collection: String, options: String) async throws {
        let seed = TestEnvironment.seed
        print("seed \(seed)")
        try await TestStore.with { store in
            var random = SeededRandom(seed: seed)
            let samples = try store.type("samples")
            let places = try await (0..<4).asyncMap { try await store.create("places", ["name": .string("p\($0)")]) }
            let ids = try await (0..<8).asyncMap { try await store.create("samples", ["title": .string("s\($0)"), "amount": 5]) }
            var copy = try await Copy(store, options, of: collection)
            for step in 0..<80 {
                let (id, place) = (random.pick(ids), random.pick(places))
                let reference = [RecordReference(key: .id(id))]
                func write(_ values: [String: Value]) async throws {
                    _ = try await store.store.update(
                        samples, [RecordUpdate(key: .id(id), input: RecordInput(values))], options: .single, access: .test)
                }
                switch Int.random(in: 0..<8, using: &random) {
                case 0: _ = try await store.update("places", place, ["name": .string("p\(step)")])
                case 1: try await write(["title": .string("t\(step)")])
                case 2: try await write(["amount": .integer(Int64.random(in: 0..<8, using: &random))])
                case 3: try await write(["parent_id": random.oneIn(3) ? .null : .guid(random.pick(ids))])
                case 4: try await write(["place_id": random.oneIn(3) ? .null : .guid(place)])
                case 5: try await write(["places": .collection(random.oneIn(3) ? [] : [.complex(["id": .guid(place)])])])
                case 6: _ = try await store.store.delete(samples, reference, options: .single, access: .test)
                default: _ = try await store.store.restore(samples, reference, options: .single, access: .test)
                }
                guard random.oneIn(3) else { continue }
                try await copy.follow(pageSize: random.pick([1, 3, 100]))
                let end = try await Copy(store, options, of: collection).records
                #expect(copy.records == end, "step \(step), seed \(seed)")
            }
        }
    }

    @Test("a long answer comes in pages, and tells of what commits meanwhile after it")
    func pages() async throws {
        try await TestStore.with { store in
            var copy = try await Copy(store, "select=id,title")
            let ids = try await (0..<5).asyncMap { try await store.create("samples", ["title": .string("s\($0)")]) }
            let request = try Copy.request(store, "select=id,title", pageSize: 2)
            let first = try await store.store.changes(request, since: copy.token, now: Self.now, access: .test)
            guard case .page(let next) = first.next else { return #expect(Bool(false), "one page only") }
            let late = try await store.create("samples", ["title": .string("late")])
            copy.token = next
            try await copy.follow(pageSize: 2)
            #expect(copy.told == ids[2...].map { "\($0)" })
            try await copy.follow()
            #expect(copy.told == ["\(late)"])
        }
    }

    @Test("refuses tokens of other lists, changed ones, and those that are too old")
    func tokens() async throws {
        try await TestStore.with { store in
            let copy = try await Copy(store, "select=id&filter=amount%20gt%205")
            func code(_ options: String, _ token: String, now: Int64 = Self.now) async throws -> RecordsError.Code? {
                let request = try Copy.request(store, options)
                do {
                    _ = try await store.store.changes(request, since: token, now: now, access: .test)
                    return nil
                } catch let error as RecordsError { return error.code }
            }
            let same = "select=id&filter=amount%20gt%205"
            #expect(try await code(same, copy.token) == nil)
            #expect(try await code("select=id&filter=amount%20gt%206", copy.token) == .badCursor)
            #expect(try await code(same, copy.token + "A") == .badCursor)
            #expect(try await code(same, String(copy.token.dropLast(3))) == .badCursor)
            #expect(try await code(same, "") == .badCursor)
            #expect(try await code(same, copy.token, now: Self.now + SyncToken.lifetime) == nil)
            #expect(try await code(same, copy.token, now: Self.now + SyncToken.lifetime + 1) == .syncExpired)
            // From a database that was restored to an earlier state, or another one.
            let fingerprint = try ListReader(store: store.store, request: try Copy.request(store, same), access: .test).trackedFingerprint
            let given = try #require(SyncToken(copy.token, for: fingerprint))
            let system = given.system
            func made(_ seen: String, _ system: String) -> String {
                SyncToken(seen: seen, issued: Self.now, system: system, form: given.form).encoded(for: fingerprint)
            }
            let future = made("900000000:900000000:", system)
            #expect(try await code(same, future) == .syncExpired)
            let mark = String(system.split(separator: ".")[3])
            for foreign in ["1", "1.\(mark)", system.replacing(mark, with: "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a01"), ""] {
                #expect(try await code(same, made("3:3:", foreign)) == .syncExpired, "\(foreign)")
            }
            #expect(try await code(same, made("3:3:", system)) == nil)
        }
    }

    @Test("begins an epoch with each start of PostgreSQL, which tokens of before outlive and those of another line of history don't")
    func epochs() async throws {
        try await TestStore.with { store in
            /// As if PostgreSQL had been started since.
            func startAnew(_ days: Int) async throws {
                _ = try await store.client.pipelined(
                    """
                    UPDATE tessera.epoch SET postmaster = postmaster - make_interval(secs => 1 + 1e6 * random()), \
                    started_at = started_at - make_interval(days => \(bind: Int32(days)))
                    """)
                try await store.store.beginEpoch()
            }
            func count() async throws -> String? { try await store.text("SELECT count(*)::text FROM tessera.epoch") }
            var copy = try await Copy(store, "select=id,title")
            try await store.store.beginEpoch()
            #expect(try await count() == "1")
            try await startAnew(0)
            #expect(try await count() == "2")
            let id = try await store.create("samples", ["title": "a"])
            try await copy.follow()
            #expect(copy.told == ["\(id)"])
            // Given in the first epoch after more transactions than there were when this database's second one began: of another line.
            let fingerprint = try ListReader(
                store: store.store, request: try Copy.request(store, "select=id,title"), access: .test
            ).trackedFingerprint
            var token = try #require(SyncToken(copy.token, for: fingerprint))
            let first = try #require(try await store.text("SELECT mark::text FROM tessera.epoch ORDER BY xid LIMIT 1"))
            token.system = token.system.split(separator: ".").dropLast().joined(separator: ".") + ".\(first)"
            var other = copy
            other.token = token.encoded(for: fingerprint)
            await #expect { try await other.follow() } throws: { ($0 as? RecordsError)?.code == .syncExpired }
            // Within a long answer, what is being told counts.
            token.until = token.seen
            token.seen = "3:3:"
            token.last = id
            other.token = token.encoded(for: fingerprint)
            await #expect { try await other.follow() } throws: { ($0 as? RecordsError)?.code == .syncExpired }
            // Kept as long as a token can name them.
            try await startAnew(20)
            #expect(try await count() == "3")
            let last = copy
            try await copy.follow()
            try await startAnew(20)
            #expect(try await count() == "3")
            #expect(try await store.text("SELECT count(*)::text FROM tessera.epoch WHERE mark = '\(first)'") == "0")
            copy = last
            try await copy.follow()
        }
    }

    @Test("ends with an apply that gives records values, or the list's choices other categories")
    func applied() async throws {
        func lab(_ line: String, _ with: String) throws -> Catalog {
            try TestStore.catalog(["lab": TestManifests.everyField.replacing(line, with: with)])
        }
        let amount = "amount: { type: integer, label: Amount,"
        let topic = "name: { type: text, label: Name, required: true }"
        let catalogs = [
            try lab(amount, amount + " required: true, default: 7,"),
            try lab(topic, topic + "\n      grade: { type: integer, label: Grade, default: 1 }"),
            try lab("used: { label: Used, category: closed }", "used: { label: Used, category: open }"),
        ]
        // What each apply ends of the lists below.
        let ended: [Set<Int>] = [[0, 1, 3], [2], [0, 1, 3]]
        try await TestStore.with { store in
            let place = try await store.create("places", ["name": "Oslo"])
            _ = try await store.create("samples", ["title": "a", "place_id": .guid(place)])
            _ = try await store.create("topics", ["name": "t"])
            for (catalog, ended) in zip(catalogs, ended) {
                let lists = [
                    ("samples", "select=id&filter=amount%20eq%207%20or%20state/category%20eq%20'open'"),
                    ("places", "select=id&expand=samples(select=id)"), ("topics", "select=id"), ("samples", "select=title"),
                    ("places", "select=id"),
                ]
                var copies: [Copy] = []
                for (collection, options) in lists { copies.append(try await Copy(store, options, of: collection)) }
                try await store.apply(catalog)
                store.store.replaceCatalog(with: catalog)
                for index in copies.indices {
                    do {
                        try await copies[index].follow()
                        #expect(!ended.contains(index), "\(lists[index])")
                    } catch let error as RecordsError {
                        #expect(ended.contains(index) && error.code == .syncExpired, "\(lists[index]): \(error)")
                    }
                    var anew = try await Copy(store, lists[index].1, of: lists[index].0)
                    try await anew.follow()
                }
            }
        }
    }

    @Test("tells what a list computes along links, or searches by them, when the other record changes; and refuses what asks the time")
    func computedLinks() async throws {
        try await TestStore.with { store in
            let (oslo, bergen) = (
                try await store.create("places", ["name": "Oslo"]), try await store.create("places", ["name": "Bergen"])
            )
            let first = try await store.create("samples", ["title": "first", "place_id": .guid(oslo)])
            let part = try await store.create(
                "samples", ["title": "part", "parent_id": .guid(first), "subject_type": "lab.place", "subject_id": .guid(bergen)])
            var name = try await Copy(store, "compute=place/name%20as%20o&select=id,o")
            var above = try await Copy(store, "compute=parent/place/name%20as%20o,subject/lab.place/name%20as%20s&select=id,o,s")
            let counted = "samples/$count(filter=parts/any(y:y/subject/lab.place/name%20eq%20'Bergen'))"
            var count = try await Copy(store, "compute=\(counted)%20as%20n&select=id,n", of: "places")
            let pieces = "samples(select=id;filter=parts/any(p:p/title%20eq%20'piece'))"
            var inner = try await Copy(store, "select=id&expand=\(pieces)", of: "places")
            func told() async throws -> [Set<String>] {
                try await name.follow()
                try await above.follow()
                try await count.follow()
                try await inner.follow()
                return [name, above, count, inner].map { Set($0.told) }
            }
            #expect(try await told() == [[], [], [], []])
            _ = try await store.update("places", oslo, ["name": "Kristiania"])
            #expect(try await told() == [["\(first)"], ["\(part)"], ["\(oslo)"], ["\(oslo)"]])
            _ = try await store.update("places", bergen, ["name": "Bjørgvin"])
            #expect(try await told() == [[], ["\(part)"], ["\(oslo)", "\(bergen)"], ["\(bergen)"]])
            #expect(above.records["\(part)"]?.contains("Bjørgvin") == true)
            _ = try await store.update("samples", part, ["title": "piece"])
            #expect(try await told() == [["\(part)"], ["\(part)"], ["\(oslo)"], ["\(oslo)"]])
            for options in [
                "filter=measured_at%20gt%20now()", "compute=year(now())%20as%20y&select=id,y",
                "expand=parts(filter=measured_at%20gt%20now())",
            ] {
                await #expect { _ = try await Copy(store, options) } throws: { error in
                    (error as? RecordsError)?.code == .notSupported && "\(error)".contains("now()")
                }
            }
        }
        try await TestStore.with(["crm": SearchWorld.manifest]) { store in
            let firm = try await store.create("firms", ["name": "Acme"])
            let human = try await store.create("humans", ["name": "Berg", "firm_id": .guid(firm)])
            var copy = try await Copy(store, "search=acme&select=id,name", of: "humans")
            #expect(copy.records.count == 1)
            _ = try await store.update("firms", firm, ["name": "Birch"])
            try await copy.follow()
            #expect(copy.told == ["\(human) changed"])
        }
    }

    @Test(
        "takes snapshots only as PostgreSQL writes them",
        arguments: [
            ("10:20:10,14,15", true), ("10:10:", true), ("10:20:", true), ("10:20:14,10", false), ("10:20:20", false), ("20:10:", false),
            ("10:20", false),
            ("0:5:", false), ("a:b:", false), ("10:20:11,,12", false), ("10:20:11,", false), ("-1:5:", false),
            ("10:99999999999999999999:", false),
        ])
    func snapshots(text: String, isGood: Bool) { #expect(SyncToken.isSnapshot(text) == isGood) }

    /// As the store writes it, on a connection whose transaction the test ends.
    private static func change(_ id: GUID, _ title: String, amount: Int64 = 9, on connection: PostgresConnection) async throws {
        try await connection.execute(
            """
            WITH rec AS (UPDATE lab.sample SET title = '\(title)', amount = \(amount), version = version + 1 WHERE id = '\(id)' RETURNING id, version)
            INSERT INTO tessera.change (change_set, record_id, version, record_type, action, before)
            SELECT id, id, version, 'lab.sample', 'update', '{}' FROM rec
            """)
    }

    private static func make(_ id: GUID, _ title: String, amount: Int64, on connection: PostgresConnection) async throws {
        try await connection.execute(
            """
            WITH rec AS (INSERT INTO lab.sample (id, version, title, amount, created_by, updated_by, owner_id)
                SELECT '\(id)', 1, '\(title)', \(amount), created_by, updated_by, owner_id FROM lab.sample LIMIT 1 RETURNING id, version)
            INSERT INTO tessera.change (change_set, record_id, version, record_type, action)
            SELECT id, id, version, 'lab.sample', 'create' FROM rec
            """)
    }

    private static func delete(_ id: GUID, on connection: PostgresConnection) async throws {
        try await connection.execute(
            """
            WITH rec AS (UPDATE lab.sample SET deleted_at = now(), version = version + 1 WHERE id = '\(id)' AND deleted_at IS NULL
                RETURNING id, version)
            INSERT INTO tessera.change (change_set, record_id, version, record_type, action, before)
            SELECT id, id, version, 'lab.sample', 'delete', '{}' FROM rec
            """)
    }
}

extension Sequence {
    fileprivate func asyncMap<R>(_ transform: (Element) async throws -> R) async rethrows -> [R] {
        var results: [R] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
