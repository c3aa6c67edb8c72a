import Catalog
import Postgres
import QueryLanguage
import TestKernel
import Testing

@testable import Records

@Suite("Changing records")
struct UpdateTests {
    @Test("changes only what differs, and keeps what was there before")
    func changedColumns() async throws {
        try await TestStore.with { lab in
            let id = try await lab.create("samples", ["title": "A", "amount": 1, "code": "AB1"])
            #expect(try await lab.update("samples", id, ["amount": 2, "code": "AB1"]) == .updated(version: 2))
            #expect(try await lab.update("samples", id, ["amount": 2]) == .unchanged(version: 2))
            #expect(try await lab.text("SELECT before::text FROM tessera.change WHERE version = 2") == #"{"amount": 1}"#)
            #expect(
                try await lab.text("SELECT (old->>'amount') || '>' || (new->>'amount') FROM tessera.outbox WHERE action = 'update'")
                    == "1>2")
        }
    }

    @Test("an amount keeps its currency when the currency is sent as null")
    func keptCurrency() async throws {
        try await TestStore.with { lab in
            let price = try decimal("12.50")
            let id = try await lab.create("samples", ["title": "A", "price": .decimal(price), "price_currency": "USD"])
            #expect(try await lab.update("samples", id, ["price_currency": .null]) == .unchanged(version: 1))
            #expect(try await lab.update("samples", id, ["price": 20, "price_currency": .null]) == .updated(version: 2))
            #expect(try await lab.row("lab.sample", id)["price_currency"] == "USD")
            #expect(try await lab.update("samples", id, ["price": .null]) == .updated(version: 3))
            #expect(try await lab.update("samples", id, ["price": 5, "price_currency": .null]) == .updated(version: 4))
            #expect(try await lab.row("lab.sample", id)["price_currency"] == lab.catalog.currency)
        }
    }

    @Test("null for one half of a link to one of several types empties both", arguments: ["subject_id", "subject_type"])
    func halfOfAnyLink(_ half: String) async throws {
        try await TestStore.with { lab in
            let oslo = try await lab.create("places", ["name": "Oslo"])
            let id = try await lab.create("samples", ["title": "A", "subject_type": "lab.place", "subject_id": .guid(oslo)])
            #expect(try await lab.update("samples", id, [half: .null]) == .updated(version: 2))
            let row = try await lab.row("lab.sample", id)
            #expect(row["subject_type"] == "" && row["subject_id"] == "")
            let other =
                half == "subject_id" ? ["subject_id": Value.null, "subject_type": "lab.place"] : [half: .null, "subject_id": .guid(oslo)]
            #expect(try await lab.update("samples", id, other) == .failed(["records.required"]))
        }
    }

    @Test("a value that a check of the database refuses is named by its field")
    func refusedValue() async throws {
        try await TestStore.with { lab in
            _ = try await lab.create("samples", ["title": "A"])
            let violation = ConstraintViolation(catalog: lab.catalog, type: try lab.type("samples"))
            for (column, value, target) in [("subject_type", "lab.place", "subject"), ("price_currency", "EUR", "price")] {
                do {
                    _ = try await lab.client.query(SQL(verbatim: "UPDATE lab.sample SET \(column) = '\(value)'"))
                    Issue.record("stored")
                } catch {
                    let told = violation.translate(error) as? RecordsError
                    #expect(told?.code == .invalid && told?.target == target, "\(error)")
                }
            }
        }
    }

    @Test("what lists and columns hold already is no change, and of a change only what differs is kept")
    func unchangedLists() async throws {
        try await TestStore.with { lab in
            let oslo = try await lab.create("places", ["name": "Oslo"])
            let values: [String: Value] = [
                "title": "A", "weight": .decimal(try decimal("1.5")), "tags": .collection(["x"]),
                "emails": .collection(["A@example.com", "b@example.com"]),
                "phones": .collection([.complex(["number": "+47 22 00 11 22", "kind": "work"])]),
                "places": .collection([
                    .complex(["id": .guid(oslo), "role": "home", "since": try date("2026-05-31"), "is_primary": true])
                ]),
            ]
            let id = try await lab.create("samples", values)
            #expect(try await lab.update("samples", id, values) == .unchanged(version: 1))
            #expect(try await lab.update("samples", id, [:]) == .unchanged(version: 1))
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.outbox WHERE action = 'update'") == "0")

            var changed = values
            changed["title"] = "B"
            changed["emails"] = .collection(["b@example.com", "A@example.com"])
            #expect(try await lab.update("samples", id, changed) == .updated(version: 2))
            let keys = "(SELECT string_agg(k, ',' ORDER BY k) FROM jsonb_object_keys(%) k)"
            let expected = "emails,primary_email,title emails,primary_email,title"
            let outbox = "SELECT \(keys.replacing("%", with: "old")) || ' ' || \(keys.replacing("%", with: "new")) FROM tessera.outbox"
            #expect(try await lab.text("\(outbox) WHERE action = 'update'") == expected)
            #expect(
                try await lab.text("SELECT \(keys.replacing("%", with: "before")) FROM tessera.change WHERE version = 2")
                    == "emails,primary_email,title")
            #expect(
                try await lab.text("SELECT string_agg(address, ',' ORDER BY position) FROM lab.sample__emails")
                    == "b@example.com,A@example.com")
            #expect(try await lab.text("SELECT count(*)::text FROM lab.sample__places WHERE role = 'home'") == "1")
        }
    }

    @Test("two writers who replace one list at once take turns")
    func listsUnderRace() async throws {
        try await TestStore.with { lab in
            for _ in 0..<20 {
                let id = try await lab.create("samples", ["title": .string("\(GUID.version7())")])
                async let first = lab.update("samples", id, ["emails": .collection(["a@example.com", "b@example.com"])])
                async let second = lab.update("samples", id, ["emails": .collection(["c@example.com"])])
                let versions = try await [first, second]
                #expect(versions.contains(.updated(version: 2)) && versions.contains(.updated(version: 3)), "\(versions)")
            }
            let addresses = """
                SELECT count(*)::text FROM lab.sample s JOIN tessera.outbox o ON o.record_id = s.id AND o.version = 3
                WHERE (SELECT jsonb_agg(address ORDER BY position) FROM lab.sample__emails WHERE record_id = s.id)
                    = jsonb_path_query_array(o.new, '$.emails[*].address')
                """
            #expect(try await lab.text(addresses) == "20")
        }
    }

    @Test("refuses a stale version and names the fields that changed since")
    func conflict() async throws {
        try await TestStore.with { lab in
            let id = try await lab.create("samples", ["title": "A"])
            _ = try await lab.update("samples", id, ["amount": 1])
            _ = try await lab.update("samples", id, ["notes": "n"])
            let item = RecordUpdate(key: .id(id), expectedVersion: 1, input: RecordInput(["title": "B"]))
            let outcome = try await lab.store.update(lab.type("samples"), [item], options: .single, access: .test)
            guard case .failed(let error)? = outcome.first else {
                Issue.record("stored")
                return
            }
            #expect(error.code == .versionConflict)
            #expect(error.currentVersion == 3)
            #expect(error.details.map(\.target) == ["amount", "notes"])
            #expect(try await lab.row("lab.sample", id)["title"] == "A")
        }
    }

    @Test("loses no update when many change one record at once")
    func hotRow() async throws {
        try await TestStore.with { lab in
            let id = try await lab.create("samples", ["title": "hot", "amount": 0])
            let type = try lab.type("samples")
            try await withThrowingTaskGroup(of: Int.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        var done = 0
                        for turn in 0..<25 {
                            let input = RecordInput(["amount": .integer(Int64(writer * 25 + turn + 1))])
                            let outcomes = try await lab.store.update(
                                type, [RecordUpdate(key: .id(id), input: input)], options: .single, access: .test)
                            if case .updated? = outcomes.first { done += 1 }
                        }
                        return done
                    }
                }
                var total = 0
                for try await done in group { total += done }
                #expect(total == 200)
            }
            #expect(try await lab.row("lab.sample", id)["version"] == "201")
            // Every change begins where the one before it ended.
            let sql = """
                SELECT count(*)::text FROM (SELECT old->>'amount' AS old, lag(new->>'amount') OVER (ORDER BY version) AS before
                FROM tessera.outbox WHERE action = 'update') o WHERE before IS NOT NULL AND old <> before
                """
            #expect(try await lab.text(sql) == "0")
        }
    }

    @Test("judges rules by the record as it will be")
    func rules() async throws {
        try await TestStore.with { lab in
            let id = try await lab.create(
                "samples", ["title": "A", "start_date": try date("2026-02-01"), "end_date": try date("2026-03-01")])
            #expect(try await lab.update("samples", id, ["end_date": try date("2026-01-01")]) == .failed(["rule.dates"]))
            #expect(try await lab.update("samples", id, ["start_date": try date("2026-04-01")]) == .failed(["rule.dates"]))
            #expect(
                try await lab.update("samples", id, ["start_date": try date("2026-04-01"), "end_date": try date("2026-05-01")])
                    == .updated(version: 2))
            #expect(try await lab.update("samples", id, ["ready": true, "end_date": .null]) == .failed(["records.required"]))
        }
    }

    @Test("two writers who would break a rule together don't")
    func rulesUnderRace() async throws {
        try await TestStore.with { lab in
            for _ in 0..<20 {
                let id = try await lab.create(
                    "samples",
                    ["title": .string("\(GUID.version7())"), "start_date": try date("2026-01-10"), "end_date": try date("2026-01-20")])
                async let first = lab.update("samples", id, ["start_date": try date("2026-01-19")])
                async let second = lab.update("samples", id, ["end_date": try date("2026-01-11")])
                _ = try await (first, second)
            }
            #expect(try await lab.text("SELECT count(*)::text FROM lab.sample WHERE end_date < start_date") == "0")
        }
    }

    @Test("refuses nobody for changes of others that he didn't ask about, however many judge one record at once")
    func judgedHotRow() async throws {
        try await TestStore.with { lab in
            let id = try await lab.create("samples", ["title": "hot", "start_date": try date("2026-01-01")])
            let type = try lab.type("samples")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<12 {
                    group.addTask {
                        for turn in 0..<10 {
                            let end = try date("2026-\(writer < 9 ? "0" : "")\(writer + 1)-1\(turn)")
                            let outcomes = try await lab.store.update(
                                type, [RecordUpdate(key: .id(id), input: RecordInput(["end_date": end]))], options: .single, access: .test)
                            guard case .updated? = outcomes.first else {
                                Issue.record("\(String(describing: outcomes.first))")
                                return
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await lab.row("lab.sample", id)["version"] == "121")
        }
    }

    @Test("a list and its primary entry, sent together, have to mean the same entry")
    func primaryBesideList() async throws {
        try await TestStore.with { lab in
            let id = try await lab.create("samples", ["title": "A", "emails": .collection(["a@example.com", "b@example.com"])])
            let read: Value = .collection([
                .complex(["address": "a@example.com", "is_primary": true]), .complex(["address": "b@example.com", "is_primary": false]),
            ])
            #expect(try await lab.update("samples", id, ["emails": read, "primary_email": "A@example.com"]) == .unchanged(version: 1))
            for other in ["b@example.com", "new@example.com"] as [Value] {
                #expect(
                    try await lab.update("samples", id, ["emails": read, "primary_email": other]) == .failed(["records.contradiction"]))
            }
            // Where the list flags none, the entry's word counts.
            let plain: Value = .collection(["a@example.com", "b@example.com"])
            #expect(try await lab.update("samples", id, ["emails": plain, "primary_email": "b@example.com"]) == .updated(version: 2))
            #expect(try await lab.row("lab.sample", id)["primary_email"] == "b@example.com")
            #expect(
                try await lab.update("samples", id, ["emails": plain, "primary_email": "c@example.com"])
                    == .failed(["records.contradiction"]))
        }
    }

    @Test("replaces lists whole, and keeps the primary entry in step")
    func lists() async throws {
        try await TestStore.with { lab in
            let id = try await lab.create("samples", ["title": "A", "emails": .collection(["a@example.com", "b@example.com"])])
            let emails: Value = .collection([
                .complex(["address": "b@example.com"]), .complex(["address": "c@example.com", "is_primary": true]),
            ])
            #expect(try await lab.update("samples", id, ["emails": emails]) == .updated(version: 2))
            #expect(try await lab.row("lab.sample", id)["primary_email"] == "c@example.com")
            #expect(
                try await lab.text("SELECT string_agg(address, ',' ORDER BY position) FROM lab.sample__emails")
                    == "b@example.com,c@example.com")
            #expect(try await lab.text("SELECT jsonb_array_length(before->'emails')::text FROM tessera.change WHERE version = 2") == "2")
            #expect(try await lab.update("samples", id, ["primary_email": "d@example.com"]) == .updated(version: 3))
            #expect(
                try await lab.text("SELECT string_agg(address || is_primary, ',' ORDER BY position) FROM lab.sample__emails")
                    == "d@example.comtrue,b@example.comfalse,c@example.comfalse")
        }
    }

    @Test("links and unlinks, with columns on the link, and keeps the single link in step")
    func links() async throws {
        try await TestStore.with { lab in
            let oslo = try await lab.create("places", ["name": "Oslo"])
            let bergen = try await lab.create("places", ["name": "Bergen"])
            let id = try await lab.create("samples", ["title": "A"])
            let type = try lab.type("samples")
            for change in [
                LinkChange(key: .id(id), target: .id(oslo), columns: ["role": "home"]),
                LinkChange(key: .id(id), target: .unique(["name": "Bergen"]), columns: ["is_primary": true]),
            ] {
                _ = try await lab.store.changeLinks(type, field: "places", [change], options: .single, access: .test)
            }
            #expect(try await lab.row("lab.sample", id)["place_id"] == "\(bergen)")
            #expect(
                try await lab.text("SELECT string_agg(coalesce(role, '-') || is_primary, ',' ORDER BY role) FROM lab.sample__places")
                    == "homefalse,-true")
            #expect(try await lab.update("samples", id, ["place_id": .guid(oslo)]) == .updated(version: 4))
            #expect(try await lab.text("SELECT role FROM lab.sample__places WHERE is_primary") == "home")
            let unlink = LinkChange(key: .id(id), target: .id(bergen), isRemoval: true)
            _ = try await lab.store.changeLinks(type, field: "places", [unlink], options: .single, access: .test)
            #expect(try await lab.text("SELECT count(*)::text FROM lab.sample__places") == "1")
        }
    }

    @Test("makes or changes by a unique key, in the order given")
    func upsert() async throws {
        try await TestStore.with { lab in
            let inputs = [
                RecordInput(["code": "AA1", "title": "one"]), RecordInput(["code": "AA2", "title": "two"]),
                RecordInput(["code": "AA1", "title": "three"]), RecordInput(["title": "four"]),
            ]
            let outcomes = try await lab.store.upsert(lab.type("samples"), by: ["code"], inputs, options: .bulk("up"), access: .test)
            #expect(outcomes.map(Outcome.init) == [.created, .created, .updated(version: 2), .failed([])])
            #expect(try await lab.text("SELECT string_agg(title, ',' ORDER BY code) FROM lab.sample") == "three,two")
        }
    }

    @Test("makes one record when many bring the same key at once, be it unique by the type or not", arguments: ["code", "notes"])
    func upsertRace(key: String) async throws {
        try await TestStore.with { lab in
            let type = try lab.type("samples")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<16 {
                    group.addTask {
                        let input = RecordInput([key: "ZZ9", "title": "same", "amount": .integer(Int64(writer))])
                        let outcomes = try await lab.store.upsert(type, by: [key], [input], options: .single, access: .test)
                        #expect(outcomes.first?.isFailure == false)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await lab.text("SELECT count(*) || ' ' || max(version) FROM lab.sample") == "1 16")
        }
    }

    @Test("makes anew what somebody deletes between looking for it and changing it; who expects its version is told that it is gone")
    func upsertOfDeleted() async throws {
        try await TestStore.with { lab in
            let type = try lab.type("samples")
            for (code, version) in [("DD1", nil), ("DD2", 1)] as [(String, Int64?)] {
                let id = try await lab.create("samples", ["code": .string(code), "title": "old"])
                // The deleter holds the record until the upsert, which found it, waits to change it.
                let outcome = try await lab.client.transaction { deleter in
                    _ = try await deleter.query(
                        "UPDATE lab.sample SET deleted_at = now(), version = version + 1 WHERE id = \(bind: PostgresUUID(guid: id))")
                    let upsert = Task {
                        try await lab.store.upsert(
                            type, by: ["code"], [RecordInput(["code": .string(code), "title": "new"])], expecting: [version],
                            options: .single, access: .test)
                    }
                    try await lab.waitForWaiting(1)
                    return upsert
                }.value
                #expect(outcome.map(Outcome.init) == [version == nil ? .created : .failed([])])
            }
            let titles = "SELECT string_agg(code || ' ' || title, ',') FROM lab.sample WHERE deleted_at IS NULL"
            #expect(try await lab.text(titles) == "DD1 new")
        }
    }
}
