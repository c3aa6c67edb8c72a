import Catalog
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@Suite("Creating records")
struct CreateTests {
    @Test("links, inside a transaction, to what it has made, by id and by key")
    func insideTransaction() async throws {
        struct Undo: Error {}
        try await TestStore.with { lab in
            let (places, samples) = (try lab.type("places"), try lab.type("samples"))
            await #expect(throws: Undo.self) {
                try await lab.store.transaction { store in
                    let made = try await store.create(places, [RecordInput(["name": "Oslo"])], options: .single, access: .test)
                    let oslo = try #require(made.first?.id)
                    let inputs: [RecordInput] = [
                        RecordInput(["title": "id", "place_id": .guid(oslo)]),
                        RecordInput(["title": "key", "place": .complex(["name": "Oslo"])]),
                        RecordInput(["title": "any", "subject_type": "lab.place", "subject_id": .guid(oslo)]),
                        RecordInput(["title": "many", "places": .collection([.complex(["id": .guid(oslo)])])]),
                    ]
                    let outcomes = try await store.create(samples, inputs, options: .bulk("links"), access: .test)
                    #expect(outcomes.map(Outcome.init) == Array(repeating: .created, count: 4))
                    // Others see nothing of it yet.
                    let outside = try await lab.store.create(samples, [inputs[0]], options: .single, access: .test)
                    #expect(outside.map(Outcome.init) == [.failed(["records.link_target_missing"])])
                    throw Undo()
                }
            }
            #expect(try await lab.text("SELECT count(*)::text FROM lab.sample") == "0")
        }
    }

    @Test("stores a value of every field type, in the columns the catalog names")
    func everyField() async throws {
        try await TestStore.with { lab in
            let place = try await lab.create("places", ["name": "Oslo"])
            let file = GUID.version7()
            _ = try await lab.client.query(
                """
                WITH content AS (INSERT INTO tessera.content (digest, size) VALUES (sha256(''), 0) RETURNING digest)
                INSERT INTO tessera.file (id, name, media_type, size, digest, created_by)
                SELECT \(bind: PostgresUUID(high: file.high, low: file.low)), 'a', 'text/plain', 0, digest,
                    '00000000-0000-7000-8000-000000000001' FROM content
                """)
            let id = try await lab.create(
                "samples",
                [
                    "title": "Erste Probe", "code": "AB12", "notes": "# Heading", "amount": 7, "weight": .decimal(try decimal("1.500")),
                    "price": .decimal(try decimal("12.5")), "ready": true, "start_date": try date("2026-01-02"),
                    "end_date": try date("2026-02-01"), "measured_at": .dateTime(DateTime(microseconds: 1_700_000_000_123_456)),
                    "effort": .duration(DayTimeDuration(microseconds: 5_400_000_000)), "state": "used",
                    "hazards": .collection(["toxic", "acid"]),
                    "emails": .collection([.complex(["address": "Ann@Example.COM", "kind": "work"]), "b@example.com"]),
                    "phones": .collection([.complex(["number": "+47 22 12 34 56", "kind": "mobile"])]), "site": "example.com/a",
                    "origin": .complex(["city": "Oslo", "country": "NO"]), "tags": .collection(["red", "blue", "red"]),
                    "place_id": .guid(place), "subject_type": "lab.place", "subject_id": .guid(place), "keeper_id": .guid(.administrator),
                    "photo_id": .guid(file), "data": .complex(["a": .collection([1, "x", .null])]),
                ])
            let row = try await lab.row("lab.sample", id)
            let expected: [String: String] = [
                "version": "1", "title": "Erste Probe", "code": "AB12", "amount": "7", "weight": "1.500", "price": "12.5000",
                "price_currency": "EUR", "ready": "true", "start_date": "2026-01-02", "measured_at": "2023-11-14T22:13:20.123456+00:00",
                "effort": "PT1H30M", "state": "used", "hazards": "[\"toxic\", \"acid\"]", "primary_email": "Ann@example.com",
                "primary_phone": "+47 22 12 34 56", "site": "https://example.com/a", "origin_city": "Oslo", "origin_street": "",
                "tags": "[\"red\", \"blue\"]", "subject_type": "lab.place", "data": "{\"a\": [1, \"x\", null]}",
                "number": "S-\(try await lab.year())-0001",
            ]
            for (column, value) in expected { #expect(row[column] == value, "\(column)") }
            #expect(
                try await lab.text("SELECT string_agg(normalised || ' ' || is_primary, ', ' ORDER BY position) FROM lab.sample__emails")
                    == "ann@example.com true, b@example.com false")
            #expect(try await lab.text("SELECT normalised FROM lab.sample__phones") == "4722123456")
            // A single link that a list of links follows is in that list too.
            #expect(try await lab.text("SELECT is_primary::text FROM lab.sample__places") == "true")
        }
    }

    @Test("writes one change and one outbox row for each record, with the new values")
    func traces() async throws {
        try await TestStore.with { lab in
            let id = try await lab.create("samples", ["title": "A", "emails": .collection(["x@example.com"])])
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.change WHERE action = 'create' AND before IS NULL") == "1")
            let sql =
                "SELECT action || ' ' || version || ' ' || (new->>'title') || ' ' || (new->'emails'->0->>'address') FROM tessera.outbox"
            #expect(try await lab.text(sql) == "create 1 A x@example.com")
            #expect(try await lab.text("SELECT record_id::text FROM tessera.outbox") == "\(id)")
        }
    }

    @Test(
        "refuses a bad value and names its field, its code and what to do",
        arguments: [
            ("title", Value.null, "records.required"), ("title", "", "records.required"), ("title", " \u{A0}\t", "records.required"),
            ("title", .string(String(repeating: "x", count: 41)), "records.too_long"), ("title", 7, "records.wrong_type"),
            ("title", "a\u{0}b", "records.nul"), ("code", "ab12", "records.pattern"), ("amount", -1, "records.out_of_range"),
            ("amount", 1001, "records.out_of_range"), ("amount", "7", "records.wrong_type"), ("state", "melted", "records.unknown_choice"),
            ("state", "rotten", "records.retired_choice"), ("site", "javascript:alert(1)", "records.bad_url"),
            ("emails", .collection(["not an address"]), "records.bad_email"),
            ("emails", .collection(["a@example.com", "A@example.com"]), "records.duplicate_entry"),
            ("phones", .collection(["22 33", "23", "2233"]), "records.duplicate_entry"),
            (
                "emails",
                .collection([.complex(["address": "a@b.c", "is_primary": true]), .complex(["address": "d@b.c", "is_primary": true])]),
                "records.two_primaries"
            ),
            ("phones", .collection(["none"]), "records.bad_phone"), ("price_currency", "euro", "records.bad_currency"),
            ("price_currency", "EUR", "records.required"),
            ("place_id", .guid(GUID(high: 1, low: 2)), "records.link_target_missing"),
            ("subject_type", "lab.sample", "records.wrong_type"), ("number", "S-1", "records.read_only"),
            ("titel", "x", "records.unknown_property"), ("origin", .complex(["town": "Oslo"]), "records.unknown_property"),
        ] as [(String, Value, String)])
    func refusals(property: String, value: Value, code: String) async throws {
        try await TestStore.with { lab in
            var values: [String: Value] = ["title": "Probe"]
            values[property] = value
            let outcome = try #require(
                try await lab.store.create(lab.type("samples"), [RecordInput(values)], options: .single, access: .test).first)
            guard case .failed(let error) = outcome else {
                Issue.record("stored: \(outcome)")
                return
            }
            #expect(error.details.map(\.code) == [code])
            #expect(try await lab.text("SELECT count(*)::text FROM lab.sample") == "0")
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.outbox") == "0")
        }
    }

    @Test("reports every problem of a record at once")
    func allProblems() async throws {
        try await TestStore.with { lab in
            let input = RecordInput(["amount": 5000, "code": "x", "state": "none"])
            let outcome = try await lab.store.create(lab.type("samples"), [input], options: .single, access: .test)
            guard case .failed(let error)? = outcome.first else {
                Issue.record("stored")
                return
            }
            #expect(Set(error.details.compactMap(\.target)) == ["amount", "code", "state", "title"])
        }
    }

    @Test("says of each bad entry of a list where it stands and what would be right")
    func entries() async throws {
        try await TestStore.with { lab in
            let emails: [Value] = [
                "a@example.com", .complex(["address": "none"]), "nothing", .complex(["kind": 7, "address": "@", "colour": "red"]),
                .complex(["kind": "work"]),
            ]
            let many: [Value] = (0..<11).map { $0 == 2 || $0 == 10 ? "x" : .string("\($0)") }
            let input = RecordInput(["title": "Probe", "emails": .collection(emails), "phones": .collection(many)])
            let outcome = try await lab.store.create(lab.type("samples"), [input], options: .single, access: .test)
            guard case .failed(let error)? = outcome.first else {
                Issue.record("stored")
                return
            }
            let targets = error.details.compactMap(\.target)
            #expect(
                Set(targets) == [
                    "emails/1/address", "emails/2", "emails/3/address", "emails/3/colour", "emails/3/kind", "emails/4/address", "phones/2",
                    "phones/10",
                ])
            #expect(targets.filter { $0.hasPrefix("phones") } == ["phones/2", "phones/10"])
            #expect(error.details.first { $0.target == "emails/1/address" }?.message.hasPrefix("Entry 2 of ") == true)
            let primary = RecordInput(["title": "Probe", "primary_email": "none"])
            let single = try await lab.store.create(lab.type("samples"), [primary], options: .single, access: .test)
            guard case .failed(let refusal)? = single.first else {
                Issue.record("stored")
                return
            }
            #expect(refusal.details.map(\.target) == ["primary_email"])
        }
    }

    @Test("takes a currency for nothing where a file has it beside an empty amount, and refuses it everywhere else")
    func currencies() async throws {
        try await TestStore.with { lab in
            let samples = try lab.type("samples")
            let input = RecordInput(["title": "Probe", "price_currency": "EUR"])
            var access = Access.test
            access.channel = .importing
            let read = try await lab.store.create(samples, [input], options: .single, access: access)
            #expect(read.map(Outcome.init) == [.created])
            #expect(try await lab.text("SELECT concat(price, price_currency) FROM lab.sample") == "")
            let refused = try await lab.store.create(samples, [input], options: .single, access: .test)
            guard case .failed(let error)? = refused.first else {
                Issue.record("stored")
                return
            }
            #expect(error.details.map(\.target) == ["price_currency"])
            #expect(error.details.first?.message.contains("is missing: give price too") == true, "\(error.details)")
        }
    }

    @Test("keeps the good items of a bulk write and reports the bad ones in their places")
    func bulk() async throws {
        try await TestStore.with { lab in
            let inputs = (0..<1200).map { RecordInput(["name": .string($0 % 400 == 7 ? "same" : "place \($0)")]) }
            let outcomes = try await lab.store.create(lab.type("places"), inputs, options: .bulk("bulk"), access: .test)
            let failed = outcomes.indices.filter { outcomes[$0].isFailure }
            #expect(outcomes.count == 1200)
            #expect(failed == [407, 807])
            #expect(try await lab.text("SELECT count(*)::text FROM lab.place") == "1198")
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.outbox") == "1198")
            #expect(try await lab.text("SELECT label FROM tessera.change_set") == "bulk")
        }
    }

    @Test("undoes all of an atomic bulk write when one item fails")
    func atomic() async throws {
        try await TestStore.with { lab in
            let inputs = [RecordInput(["name": "a"]), RecordInput(["name": "b"]), RecordInput(["name": "a"])]
            let outcomes = try await lab.store.create(lab.type("places"), inputs, options: .bulk("all", .atomic), access: .test)
            #expect(outcomes.count { $0.isFailure } == 3)
            #expect(try await lab.text("SELECT count(*)::text FROM lab.place") == "0")
        }
    }

    @Test("gives automatic numbers without gaps to many writers at once")
    func numbers() async throws {
        try await TestStore.with { lab in
            let type = try lab.type("samples")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<20 {
                    group.addTask {
                        let inputs = (0..<10).map { RecordInput(["title": .string("\(writer)-\($0)")]) }
                        _ = try await lab.store.create(type, inputs, options: .single, access: .test)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await lab.text("SELECT count(DISTINCT number) || ' ' || max(right(number, 4)) FROM lab.sample") == "200 0200")
        }
    }

    @Test("finds link targets by a unique property, and says when there is none")
    func linksByKey() async throws {
        try await TestStore.with { lab in
            let place = try await lab.create("places", ["name": "Oslo"])
            let id = try await lab.create("samples", ["title": "A", "place": .complex(["name": "Oslo"])])
            #expect(try await lab.row("lab.sample", id)["place_id"] == "\(place)")
            let input = RecordInput(["title": "B", "place": .complex(["name": "Bergen"])])
            let outcome = try await lab.store.create(lab.type("samples"), [input], options: .single, access: .test)
            guard case .failed(let error)? = outcome.first else {
                Issue.record("stored")
                return
            }
            #expect(error.details.first?.message == "There is no place with the name 'Bergen'.")
        }
    }

    @Test(
        "holds the rules of the manifest",
        arguments: [("2026-02-01", "2026-01-31", false), ("2026-02-01", "2026-02-01", true), ("2026-02-01", nil, true)])
    func rules(start: String, end: String?, holds: Bool) async throws {
        try await TestStore.with { lab in
            var values: [String: Value] = ["title": "A", "start_date": try date(start)]
            if let end { values["end_date"] = try date(end) }
            let outcome = try await lab.store.create(lab.type("samples"), [RecordInput(values)], options: .single, access: .test)
            #expect(outcome.first?.isFailure == !holds)
            if case .failed(let error)? = outcome.first {
                #expect(error.details == [.init(code: "rule.dates", target: "end_date", message: "The end lies before the start.")])
            }
        }
    }

    /// At any moment it is another day than in UTC in one of them.
    @Test("the day of a default is the deployment's", arguments: ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"])
    func today(zone: String) async throws {
        let manifest = """
            manifest: 1
            id: diary
            version: "1.0.0"
            name: Diary
            platform: ">=0.1 <1.0"
            run: { mode: data }
            types:
              entry:
                collection: entries
                label: Entry
                fields:
                  day: { type: date, label: Day, default: today }
                  note: { type: text, label: Note }
            """
        try await TestStore.with(["diary": manifest], overlay: "time_zone: \(zone)\n") { diary in
            let day = "SELECT (now() AT TIME ZONE '\(zone)')::date::text"
            let before = try await diary.text(day)
            let id = try await diary.create("entries", ["note": "x"])
            let stored = try await diary.row("diary.entry", id)["day"]
            let after = try await diary.text(day)
            #expect(stored == before || stored == after)
        }
    }
}
