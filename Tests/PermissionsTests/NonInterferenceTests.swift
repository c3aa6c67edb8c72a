import Catalog
import Permissions
import Postgres
import QueryLanguage
import Records
import TestKernel
import TestRandom
import Testing

@Suite("What may not be read")
struct NonInterferenceTests {
    private static let seed = UInt64.random(in: 1..<1_000_000)

    private typealias Request = (collection: String, options: String)

    private static let requests: [Request] =
        judged
        + ["search=allpha", "select=margin", "select=nothing", "filter=margin%20ge%202", "filter=margin%20div%200%20eq%201"].map {
            ("accounts", $0)
        } + ["search=alpha%20beta", "search=bteaa", "search=allpha%20beta&count=true"].map { ("accounts", $0) }
        + ["search=allpha", "select=amount", "filter=amount%20div%200%20eq%201"].map { ("lines", $0) }
        + ["", "orderby=line/amount,text", "filter=line/account/name%20ne%20null"].map { ("remarks", $0) }

    /// Requests each of whose conditions counts. Of a field that is filtered by only seen values come through, so that showing it asks for no more.
    private static let judged: [Request] = judgedOfAccounts.map { ("accounts", $0) } + judgedOfLines.map { ("lines", $0) }

    private static let judgedOfAccounts = [
        "", "orderby=name", "orderby=margin%20desc,name&select=name", "orderby=parent/name,id&select=name",
        "filter=margin%20ge%202&select=name",
        "filter=notes%20eq%20'quiet'&select=name", "filter=parent/size%20ge%202&select=name", "filter=parent/margin%20ge%202&select=name",
        "filter=parent%20ne%20null&select=name", "filter=parent_id%20ne%20null&select=name",
        "filter=subsidiaries/any(s:s/size%20ge%203)&select=name", "filter=subsidiaries/$count%20gt%200&select=name",
        "filter=region/accounts/$count%20gt%202&select=name", "select=name&expand=parent", "select=name&expand=parent($select=name,margin)",
        "select=name&expand=subsidiaries($orderby=name)", "select=name&expand=region($expand=accounts($select=name;$count=true))",
        "compute=parent/name%20as%20above&select=name,above", "apply=groupby((notes),aggregate(size%20with%20sum%20as%20total))",
        "apply=aggregate(margin%20with%20max%20as%20most,$count%20as%20n)", "apply=groupby((parent/name),aggregate($count%20as%20n))",
        "search=alpha", "search=alpha%20OR%20beta", "search=alpha&orderby=name", "count=true&top=3&orderby=size",
        "filter=lines/any(l:l/amount%20ge%202)&select=name", "filter=lines/$count%20gt%200&select=name",
        "select=name&expand=lines($orderby=text;$expand=remarks)", "orderby=name&skip=1&select=name",
    ]

    /// The same of details, whose rights come from accounts.
    private static let judgedOfLines = [
        "", "orderby=text", "filter=amount%20ge%202&select=text", "filter=account/size%20ge%202&select=text",
        "orderby=account/margin,text&select=text", "select=text&expand=account($select=name,margin)", "select=text&expand=remarks",
        "filter=remarks/any(r:r/mood%20ge%202)&select=text", "apply=groupby((account/name),aggregate(amount%20with%20sum%20as%20total))",
        "apply=aggregate(amount%20with%20max%20as%20most,$count%20as%20n)", "search=alpha", "search=alpha&orderby=text",
        "count=true&top=3&orderby=amount", "orderby=text&skip=1&select=text",
    ]

    #if DEBUG
        /// Who reads a detail reads what it belongs to, so that nobody notices whether that is asked again; nor whether a remark is asked for by
        /// itself, whose type has no conditions of its own.
        private static func isImplied(_ condition: String, of request: Request) -> Bool {
            let isFound = ["lines/", "remarks/"].contains { request.options.contains("filter=\($0)") }
            return condition.hasPrefix("read remark") || (request.collection == "lines" && condition.hasPrefix("read account"))
                || (isFound && condition.hasSuffix(" t"))
        }
    #endif

    /// Requests whose whole lists are streamed, as exports and changes by a filter do.
    private static let streamed: [Request] =
        [
            "", "orderby=margin%20desc,name&select=name", "filter=parent/size%20ge%202&select=name",
            "select=name&expand=parent($select=name,margin)",
        ]
        .map { ("accounts", $0) } + ["", "select=text&expand=account($select=name,margin)"].map { ("lines", $0) }

    /// What a request comes to: a page, or the whole list.
    private static func result(_ store: RecordStore, _ list: ListRequest, _ access: Access, streams: Bool) async throws -> String {
        guard !streams else { return try await AgreementTests.streamed(store, list, access).joined(separator: " ") }
        let page = try await store.list(list, access: access)
        return "\(String(decoding: page.items, as: UTF8.self)) \(page.count.map(String.init) ?? "-") \(page.nextToken ?? "-")"
    }

    /// What somebody gets to all requests, errors included.
    private static func answers(_ world: World, _ access: Access, _ store: RecordStore) async -> [String] {
        var answers: [String] = []
        for (request, streams) in requests.map({ ($0, false) }) + streamed.map({ ($0, true) }) {
            let (collection, options) = request
            do {
                let list = try AgreementTests.request(world.store, access, options, of: collection, pageSize: 20)
                answers.append("\(collection)?\(options): \(try await result(store, list, access, streams: streams))")
            } catch {
                answers.append("\(collection)?\(options): \(error)")
            }
        }
        return answers
    }

    /// Changes everything that somebody may not read: hidden accounts get other values, some go, others come; hidden fields get other values.
    private static func shuffle(_ world: inout World, hiddenFrom access: Access, _ oracle: Oracle) async throws {
        let person = access.principal
        let readable = try await oracle.accounts(.read, for: person)
        let (lines, remarks) = (
            try await oracle.records("line", .read, for: person), try await oracle.records("remark", .read, for: person)
        )
        let client = world.store.client
        for account in world.accounts where !readable.contains(account.id) {
            let id = PostgresUUID(guid: account.id)
            let values = world.randomValues()
            let (size, margin) = (Int64(world.below(9)), Int64(world.below(9)))
            guard case .string(let name)? = values["name"] else { continue }
            // An account that others are read to link to may go, since it leads nowhere for this person either way.
            let isGone = world.below(4) == 0
            _ = try await client.query(
                """
                UPDATE sales.account SET name = \(bind: name), size = \(bind: size), margin = \(bind: margin), notes = 'changed', version = version + 1, \
                parent_id = NULL, deleted_at = CASE WHEN \(bind: isGone) THEN now() END WHERE id = \(bind: id)
                """)
        }
        // Some of them may have become readable, by a condition over what was changed: they get back what it may read.
        let opened = try await oracle.accounts(.read, for: person).subtracting(readable)
        for account in world.accounts where opened.contains(account.id) {
            guard case .string(let name)? = account.values["name"] else { continue }
            let size: Int64? = if case .integer(let size)? = account.values["size"] { size } else { nil }
            _ = try await client.query(
                "UPDATE sales.account SET name = \(bind: name), size = \(bind: size) WHERE id = \(bind: PostgresUUID(guid: account.id))")
        }
        #expect(try await oracle.accounts(.read, for: person) == readable)
        for field in ["margin", "notes", "parent"] {
            let seen = try await oracle.accounts(showing: field, to: person).map { PostgresUUID(guid: $0) }
            let column = field == "parent" ? "parent_id" : field
            let value: SQL = field == "margin" ? "coalesce(margin, 0) + 1" : field == "notes" ? "'quiet changed'" : "NULL"
            _ = try await client.query("UPDATE sales.account SET \(identifier: column) = \(value) WHERE id <> ALL(\(bind: seen))")
        }
        for _ in 0..<8 {
            let (id, values) = (world.newID(), world.randomValues())
            let owner = world.people[world.below(world.people.count)]
            try await world.insert("account", id, owner: owner, creator: owner, values.filter { $0.key != "parent_id" })
            if try await oracle.accounts(.read, for: person).contains(id) {
                _ = try await client.query("DELETE FROM sales.account WHERE id = \(bind: PostgresUUID(guid: id))")
            } else {
                try await world.insert(
                    "line", world.newID(), owner: person, creator: person, ["text": "Alpha new", "account_id": .guid(id)])
            }
        }
        try await shuffleDetails(&world, lines, remarks, person, oracle)
    }

    /// The same with details, which are hidden with what they belong to or by themselves.
    private static func shuffleDetails(
        _ world: inout World, _ lines: Set<GUID>, _ remarks: Set<GUID>, _ person: GUID, _ oracle: Oracle
    ) async throws {
        let client = world.store.client
        for line in world.lines where !lines.contains(line.id) {
            let (amount, isGone) = (Int64(world.below(9)), world.below(4) == 0)
            _ = try await client.query(
                """
                UPDATE sales.line SET text = 'Alpha changed', amount = \(bind: amount), version = version + 1, \
                deleted_at = CASE WHEN \(bind: isGone) THEN now() END WHERE id = \(bind: PostgresUUID(guid: line.id))
                """)
        }
        let hidden = world.remarks.map(\.id).filter { !remarks.contains($0) }.map { PostgresUUID(guid: $0) }
        _ = try await client.query(
            "UPDATE sales.remark SET text = 'changed', mood = 9, version = version + 1 WHERE id = ANY(\(bind: hidden))")
        for (table, field) in [("line", "amount"), ("remark", "mood")] {
            let seen = try await oracle.records(table, showing: field, to: person).map { PostgresUUID(guid: $0) }
            _ = try await client.query(
                "UPDATE \(raw: "sales.\(table)") SET \(identifier: field) = coalesce(\(identifier: field), 0) + 1 WHERE id <> ALL(\(bind: seen))"
            )
        }
        #expect(try await oracle.records("line", .read, for: person) == lines)
        #expect(try await oracle.records("remark", .read, for: person) == remarks)
    }

    @Test("changes no answer, order, count or error, whatever becomes of it")
    func nonInterference() async throws {
        try await TestStore.with(["sales": World.sharingManifest]) { store in
            let oracle = try await Oracle.make(store)
            for number in 0..<8 {
                for person in 0..<4 {
                    // Another world each time, since ids of people are never used again.
                    let seed = Self.seed &+ UInt64(number * 4 + person)
                    var world = try await World(seed: seed, store: store, oracle: oracle, people: 6, accounts: 30)
                    let access = world.access(world.people[person])
                    let before = await Self.answers(world, access, store.store)
                    try await Self.shuffle(&world, hiddenFrom: access, oracle)
                    let after = await Self.answers(world, access, store.store)
                    for (before, after) in zip(before, after) { #expect(before == after, "seed \(seed), person \(person)") }
                }
            }
            try await oracle.remove()
        }
    }

    #if DEBUG
        @Test("is noticed as soon as one condition is left out of one statement, whichever it is")
        func mutations() async throws {
            try await TestStore.with(["sales": World.sharingManifest]) { store in
                let oracle = try await Oracle.make(store)
                // By request and condition: whether its absence has been noticed.
                var noticed: [String: Bool] = [:]
                for number in 0..<60 {
                    let world = try await World(
                        seed: Self.seed &+ UInt64(1_000 + number), store: store, oracle: oracle, people: 6, accounts: 40)
                    for person in world.people {
                        let access = world.access(person)
                        let readable = access.rights.predicate(.read, on: "sales.account")
                        guard readable != .always, readable != .never else { continue }
                        for (request, streams) in Self.judged.map({ ($0, false) }) + Self.streamed.map({ ($0, true) }) {
                            let (collection, options) = request
                            guard let list = try? AgreementTests.request(store, access, options, of: collection, pageSize: 30) else {
                                continue
                            }
                            let right = try? await Self.result(store.store, list, access, streams: streams)
                            for condition in 0..<20 {
                                let fault = GuardFault(leavingOut: condition)
                                // A store of its own, so that no statement without a condition is kept.
                                let fresh = RecordStore(client: store.client, catalog: store.catalog, logger: store.store.logger)
                                let wrong = try? await GuardFault.$current.withValue(fault) {
                                    try await Self.result(fresh, list, access, streams: streams)
                                }
                                guard let left = fault.condition else { break }
                                if Self.isImplied(left, of: request) { continue }
                                let what = "\(collection)?\(options)\(streams ? ", streamed" : ""): \(left)"
                                noticed[what, default: false] = noticed[what] == true || right != wrong
                            }
                        }
                    }
                    if number >= 8, noticed.values.allSatisfy({ $0 }) { break }
                }
                #expect(noticed.count >= 60, "\(noticed.count) conditions")
                for (condition, isNoticed) in noticed where !isNoticed {
                    Issue.record("can be left out: \(condition), seed \(Self.seed)")
                }
                try await oracle.remove()
            }
        }
    #endif
}
