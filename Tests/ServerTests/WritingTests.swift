import Postgres
import TestKernel
import Testing

@Suite("Writing over HTTP")
struct WritingTests {
    static let scenarios: [Scenario] = [
        Scenario(
            "creates and answers the record", "POST", "/api/samples", body: #"{"title": "Gamma", "weight": 0.1, "tags": ["x", "y"]}"#,
            status: 201,
            expects: [
                #""@context":"http://test.example:8080/api/$metadata#samples/$entity""#, #""title":"Gamma""#, #""weight":0.100"#,
                #""tags":["x","y"]"#,
            ],
            answerHeaders: ["etag": "W/\"1\""], events: 1),
        Scenario(
            "creates and keeps quiet about it", "POST", "/api/samples", ["prefer": "return=minimal"], body: #"{"title": "Delta"}"#,
            status: 204,
            answerHeaders: ["etag": "W/\"1\"", "preference-applied": "return=minimal"], events: 1),
        Scenario(
            "answers what was selected", "POST", "/api/samples?select=title", body: #"{"title": "Epsilon", "amount": 3}"#, status: 201,
            expects: [#""title":"Epsilon""#], refuses: [#""amount""#], events: 1),
        Scenario(
            "links by id", "POST", "/api/samples?expand=place(select=name)", body: #"{"title": "Z1", "place": {"id": "{oslo}"}}"#,
            status: 201,
            expects: [#""name":"Oslo""#], events: 1),
        Scenario(
            "links by a unique property", "POST", "/api/samples?expand=place(select=name)",
            body: #"{"title": "Z2", "place": {"name": "Oslo"}}"#,
            status: 201, expects: [#""name":"Oslo""#], events: 1),
        Scenario(
            "links as 4.0 does", "POST", "/api/samples?expand=place(select=name)",
            body: #"{"title": "Z3", "place@odata.bind": "places({oslo})"}"#,
            status: 201, expects: [#""name":"Oslo""#], events: 1),
        Scenario(
            "links by address", "POST", "/api/samples?expand=place(select=name)",
            body: #"{"title": "Z4", "place": {"@id": "http://test.example:8080/api/places({oslo})"}}"#, status: 201,
            expects: [#""name":"Oslo""#], events: 1),
        Scenario(
            "links to many with the link's own columns", "POST", "/api/samples?expand=places(select=name,_link)",
            body: #"{"title": "Z5", "places": [{"id": "{oslo}", "_link": {"role": "home", "is_primary": true}}]}"#, status: 201,
            expects: [#""name":"Oslo""#, #""role":"home""#], events: 1),
        Scenario(
            "refuses to make another record in a change", "PATCH", "/api/samples({b})",
            body: #"{"title": "No", "subject": null, "parent": {"title": "Other"}}"#,
            status: 400, expects: ["records.not_supported", "create the Sample first", #""target":"parent/title""#]),
        Scenario(
            "lists every mistake of a body with its place", "POST", "/api/samples",
            body: "{\"titel\": \"x\",\n \"amount\": 1.5, \"ready\": \"yes\",\n \"emails\": [{\"adress\": \"a\"}]}", status: 400,
            expects: [
                #""code":"records.invalid""#, "4 values of the body",
                #"{"code":"records.unknown_property","target":"titel","message":"Sample has no property 'titel'."#,
                #"Did you mean 'title'? (line 1, column 2)"}"#,
                #""target":"amount","message":"Expected a whole number, written without point and exponent. (line 2, column 12)""#,
                #""target":"ready""#, #""target":"emails/0/adress""#, "Did you mean 'address'?",
            ]),
        Scenario(
            "lists what the store refuses beside what can't be read", "POST", "/api/samples",
            body: #"{"title": "x", "amount": "many", "state": "rotten", "emails": [{"address": "no address"}], "site": "x y"}"#,
            status: 400,
            expects: [
                "4 values of the body", #""target":"amount""#, #""target":"state""#, #""target":"emails/0/address""#, #""target":"site""#,
            ]),
        Scenario(
            "refuses what isn't JSON", "POST", "/api/samples", body: "{\"title\": \"x\",}", status: 400,
            expects: [#""code":"json.malformed""#, "line 1, column 15", #""innererror":{"line":1,"column":15}"#]),
        Scenario(
            "refuses a key that stands twice", "POST", "/api/samples", body: #"{"title": "x", "title": "y"}"#, status: 400,
            expects: ["stands twice"]),
        Scenario(
            "refuses a body without type", "POST", "/api/samples", ["content-type": "text/plain"], body: "{}", status: 415,
            expects: ["odata.unsupported_content_type"]),
        Scenario(
            "refuses what a field doesn't take", "POST", "/api/samples",
            body: #"{"title": "x", "amount": 1001, "state": "rotten", "code": "q"}"#,
            status: 400, expects: [#""target":"amount""#, #""target":"state""#, #""target":"code""#]),
        Scenario(
            "refuses a record without what it must have", "POST", "/api/samples", body: "{}", status: 400, expects: [#""target":"title""#]),
        Scenario(
            "refuses a second record of a unique value", "POST", "/api/samples", body: #"{"title": "x", "code": "AB1"}"#, status: 409,
            expects: ["records.not_unique"]),
        Scenario(
            "refuses a link to nothing", "POST", "/api/samples",
            body: #"{"title": "x", "place_id": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}"#,
            status: 400, expects: ["records.link_target_missing"]),
        Scenario(
            "ignores what it computes itself", "POST", "/api/samples",
            body: #"{"title": "Eta", "version": 7, "number": "S-1", "@etag": "W/\"9\""}"#, status: 201,
            expects: [#""version":1"#], events: 1),
        Scenario(
            "takes an id that the client chose", "POST", "/api/places",
            body: #"{"id": "5f0c7c8e-2d1b-4c6e-9a57-000000000001", "name": "Turin"}"#, status: 201,
            expects: [#""id":"5f0c7c8e-2d1b-4c6e-9a57-000000000001""#], events: 1),
        Scenario(
            "says that it is there when the request comes again", "POST", "/api/places",
            body: #"{"id": "5f0c7c8e-2d1b-4c6e-9a57-000000000001", "name": "Milan"}"#, status: 409,
            expects: [#""code":"records.not_unique""#, #""target":"id""#]),
        Scenario(
            "makes a record of an id only if it is new", "PUT", "/api/places(5f0c7c8e-2d1b-4c6e-9a57-000000000002)",
            ["if-none-match": "*"], body: #"{"name": "Genoa"}"#, status: 204, answerHeaders: ["etag": "W/\"1\""], events: 1),
        Scenario(
            "leaves it alone the next time", "PATCH", "/api/places(5f0c7c8e-2d1b-4c6e-9a57-000000000002)", ["if-none-match": "*"],
            body: #"{"name": "Pisa"}"#, status: 412, expects: ["records.not_unique", "Another place has this id already."]),
        Scenario(
            "takes one precondition", "PUT", "/api/places(5f0c7c8e-2d1b-4c6e-9a57-000000000002)",
            ["if-none-match": "*", "if-match": "*"], body: #"{"name": "Pisa"}"#, status: 400, expects: ["odata.bad_precondition"]),
        Scenario("purges it", "POST", "/api/places(5f0c7c8e-2d1b-4c6e-9a57-000000000002)/purge", status: 204, events: 1),
        Scenario(
            "tells that the id was a purged record's", "PUT", "/api/places(5f0c7c8e-2d1b-4c6e-9a57-000000000002)",
            ["if-none-match": "*"], body: #"{"name": "Pisa"}"#, status: 412,
            expects: ["records.not_unique", "one that was purged", #""target":"If-None-Match""#]),
        Scenario(
            "changes one property", "PATCH", "/api/samples({b})", body: #"{"amount": 10}"#, status: 204, answerHeaders: ["etag": "W/\"2\""],
            events: 1),
        Scenario(
            "changes nothing when nothing differs", "PATCH", "/api/samples({b})", body: #"{"amount": 10}"#, status: 204,
            answerHeaders: ["etag": "W/\"2\""]),
        Scenario(
            "changes and answers the record", "PATCH", "/api/samples({b})", ["prefer": "return=representation", "if-match": "W/\"2\""],
            body: #"{"amount": 11}"#, status: 200, expects: [#""amount":11"#], answerHeaders: ["etag": "W/\"3\""], events: 1),
        Scenario(
            "refuses a change of an older version, and says what differs", "PATCH", "/api/samples({b})", ["if-match": "W/\"1\""],
            body: #"{"amount": 12}"#, status: 412, expects: ["records.version_conflict", "amount", #""currentVersion":3"#],
            answerHeaders: ["etag": "W/\"3\""]),
        Scenario(
            "refuses an ETag that isn't one", "PATCH", "/api/samples({b})", ["if-match": "3"], body: "{}", status: 400,
            expects: ["odata.bad_etag"]),
        Scenario(
            "changes no record that isn't there", "PATCH", "/api/samples(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)", body: "{}", status: 404,
            expects: ["records.not_found"]),
        Scenario("makes a record by its unique value", "PUT", "/api/places(name='Rome')", body: "{}", status: 204, events: 1),
        Scenario(
            "finds it the next time", "PUT", "/api/places(name='Rome')", ["prefer": "return=representation"], body: "{}", status: 200,
            expects: [#""name":"Rome""#]),
        Scenario("makes it only if it is new", "PUT", "/api/places(name='Rome')", ["if-none-match": "*"], body: "{}", status: 412),
        Scenario("changes it only if it is there", "PATCH", "/api/places(name='Paris')", ["if-match": "*"], body: "{}", status: 404),
        Scenario(
            "refuses another value than the path has", "PATCH", "/api/places(name='Rome')", body: #"{"name": "Milan"}"#, status: 400,
            expects: ["odata.key_mismatch"]),
        Scenario(
            "replaces: what is left out is emptied", "PUT", "/api/samples({b})", ["prefer": "return=representation"],
            body: #"{"title": "Beta II"}"#,
            status: 200, expects: [#""title":"Beta II""#, #""amount":null"#, #""state":"fresh""#], events: 1),
        Scenario("links through $ref", "PUT", "/api/samples({b})/place/$ref", body: #"{"@id": "places({oslo})"}"#, status: 204, events: 1),
        Scenario("sees the link", "GET", "/api/samples({b})/place/name/$value", status: 200, expects: ["Oslo"]),
        Scenario("unlinks through $ref", "DELETE", "/api/samples({b})/place/$ref", status: 204, events: 1),
        Scenario(
            "links to many through $ref", "POST", "/api/samples({b})/places/$ref", body: #"{"@id": "places({oslo})", "role": "home"}"#,
            status: 204, events: 1),
        Scenario(
            "sees the link with its role", "GET", "/api/samples({b})/places?select=name,_link", status: 200, expects: [#""role":"home""#]),
        Scenario("unlinks one of many", "DELETE", "/api/samples({b})/places({oslo})/$ref", status: 204, events: 1),
        Scenario(
            "links from the other side", "POST", "/api/places({oslo})/samples/$ref", body: #"{"@id": "samples({b})"}"#, status: 204,
            events: 1),
        Scenario("unlinks by $id", "DELETE", "/api/places({oslo})/samples/$ref?$id=samples({b})", status: 204, events: 1),
        Scenario("asks which link to remove", "DELETE", "/api/places({oslo})/samples/$ref", status: 400, expects: ["odata.no_link"]),
        Scenario(
            "refuses a version that none ever was, and says so", "PATCH", "/api/samples({b})", ["if-match": #""abc""#], body: "{}",
            status: 412,
            expects: ["records.version_conflict", "This sample has version 10, and never had the one that was asked for"], refuses: ["-1"]),
        Scenario(
            "refuses a body that says it is of another type, and names both", "PATCH", "/api/samples({b})",
            body: ##"{"@odata.type": "#lab.place", "title": "Gamma"}"##, status: 400,
            expects: ["odata.other_type", "a record of samples, whose type is '#lab.sample'", "not of the type '#lab.place'"]),
        Scenario(
            "the same of one of many", "POST", "/api/places/bulk",
            body:
                ##"{"operation": "create", "items": [{"name": "Here"}, {"@type": "http://host/api/$metadata#lab.sample", "name": "There"}]}"##,
            status: 400, expects: ["odata.other_type"]),
        Scenario(
            "takes one that says what it is", "PATCH", "/api/samples({b})",
            body: ##"{"@odata.type": "http://host/api/$metadata#lab.sample", "@context": "x", "title": "Beta II"}"##, status: 204),
        Scenario("deletes", "DELETE", "/api/samples({b})", status: 204, events: 1),
        Scenario("doesn't see what is deleted", "GET", "/api/samples({b})", status: 404),
        Scenario("sees it when asked", "GET", "/api/samples({b})?include_deleted=true", status: 200, expects: [#""title":"Beta II""#]),
        Scenario("deletes nothing twice", "DELETE", "/api/samples({b})", status: 404),
        Scenario(
            "restores", "POST", "/api/samples({b})/restore", ["prefer": "return=representation"], status: 200,
            expects: [#""deleted_at":null"#], events: 1),
        Scenario("purges, by the qualified name too", "POST", "/api/samples({b})/tessera.purge", status: 204, events: 1),
        Scenario("has purged", "GET", "/api/samples({b})?include_deleted=true", status: 404),
    ]

    @Test("does what was asked, tells what became of it, and makes one event for each change")
    func writes() async throws {
        try await TestHost.with { host in
            let names = try await ReadingTests.fill(host)
            for scenario in Self.scenarios { try await scenario.run(on: host, names) }
        }
    }

    static let bulk: [Scenario] = [
        Scenario(
            "creates many", "POST", "/api/places/bulk", body: #"{"operation": "create", "items": [{"name": "A"}, {"name": "B"}]}"#,
            status: 200,
            expects: [#""succeeded":2,"failed":0,"value":[{"status":201,"id":""#], events: 2),
        Scenario(
            "writes nothing when one item is wrong", "POST", "/api/places/bulk",
            body: #"{"operation": "create", "items": [{"name": "C"}, {"name": "A"}]}"#, status: 409,
            expects: [#""code":"bulk.failed""#, #""target":"items/1"#]),
        Scenario(
            "writes nothing when one item can't be read", "POST", "/api/places/bulk",
            body: #"{"operation": "create", "items": [{"name": "C"}, {"nam": "A"}]}"#, status: 400,
            expects: [#""target":"items/1/nam""#, "Did you mean 'name'?"]),
        Scenario(
            "lists every mistake of every item", "POST", "/api/samples/bulk",
            body: #"{"operation": "create", "items": [{"title": "x", "amount": 1001, "ready": "yes"}, {"title": "y", "amount": 1001}]}"#,
            status: 400, expects: [#""target":"items/0/ready""#, #""target":"items/0/amount""#]),
        Scenario(
            "keeps the good items when asked", "POST", "/api/places/bulk", ["prefer": "continue-on-error"],
            body: #"{"operation": "create", "items": [{"name": "C"}, {"name": "A"}, {"nam": "D"}]}"#, status: 200,
            expects: [
                #""succeeded":1,"failed":2"#, #"{"status":409,"error":{"code":"records.not_unique""#,
                #"{"status":400,"error":{"code":"records.unknown_property""#,
            ],
            answerHeaders: ["preference-applied": "continue-on-error"], events: 1),
        Scenario(
            "changes many", "POST", "/api/samples/bulk",
            body:
                #"{"operation": "update", "items": [{"id": "{a}", "@etag": "W/\"1\"", "amount": 1}, {"@id": "samples({b})","amount": 2}]}"#,
            status: 200,
            expects: [#"{"status":200,"id":"{a}","@etag":"W/\"2\""}"#, #"{"status":200,"id":"{b}","@etag":"W/\"2\""}"#], events: 2),
        Scenario(
            "refuses older versions item by item", "POST", "/api/samples/bulk", ["prefer": "continue-on-error"],
            body: #"{"operation": "update", "items": [{"id": "{a}", "@etag": "W/\"1\"", "amount": 5}, {"id": "{b}", "amount": 6}]}"#,
            status: 200,
            expects: [#"{"status":412,"error":{"code":"records.version_conflict""#, #""succeeded":1"#], events: 1),
        Scenario(
            "changes or makes by a mail address", "POST", "/api/samples/bulk",
            body: """
                {"operation": "upsert", "by": ["primary_email"], "items": [{"title": "M", "emails": [{"address": "M@example.com"}]},
                 {"title": "N", "emails": [{"address": "n@example.com"}, {"address": "m@EXAMPLE.com", "is_primary": true}]},
                 {"title": "O", "primary_email": "n@example.com"}]}
                """,
            status: 200, expects: [#"{"status":201,"#, #"},{"status":200,"#, #""@etag":"W/\"2\"""#], events: 3),
        Scenario(
            "changes or makes by a unique value", "POST", "/api/places/tessera.bulk",
            body: #"{"items": [{"name": "A"}, {"name": "E"}], "by": ["name"], "operation": "upsert"}"#, status: 200,
            expects: [#"{"status":200,"#, #"{"status":201,"#], events: 1),
        Scenario(
            "links new records to one another", "POST", "/api/samples/bulk",
            body:
                #"{"operation": "create", "items": [{"title": "Leaf", "parent": {"code": "RR1"}}, {"title": "Root", "code": "RR1"}]}"#,
            status: 200, expects: [#""succeeded":2"#], events: 2),
        Scenario(
            "links many", "POST", "/api/samples/bulk",
            body: #"""
                {"operation": "link", "link": "places", "items": [{"id": "{a}", "target": {"name": "A", "role": "home"}},
                {"@id": "samples({b})", "target": {"@id": "places({oslo})"}}]}
                """#,
            status: 200, expects: [#""succeeded":2"#, #"{"status":200,"id":"{a}""#], events: 2),
        Scenario(
            "links from the other side what is linked already, and keeps what can be kept", "POST", "/api/places/bulk",
            ["prefer": "continue-on-error"],
            body: #"""
                {"operation": "link", "items": [{"id": "{oslo}", "target": {"id": "{a}"}}, {"id": "{oslo}"},
                {"id": "{oslo}", "target": {"id": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}}], "link": "visitors"}
                """#,
            status: 200, expects: [#""succeeded":1,"failed":2"#, #"{"status":404"#, #""target":"items/1""#]),
        Scenario(
            "sees the links", "GET", "/api/samples({a})/places?select=name,_link&orderby=name", status: 200,
            expects: [#""role":"home""#, #""name":"Oslo""#]),
        Scenario(
            "takes links away", "POST", "/api/samples/bulk",
            body: #"{"operation": "unlink", "link": "places", "items": [{"id": "{a}", "target": {"name": "A"}}]}"#, status: 200,
            expects: [#""succeeded":1"#], events: 1),
        Scenario(
            "wants to know which link", "POST", "/api/samples/bulk",
            body: #"{"operation": "link", "link": "palces", "items": []}"#, status: 400, expects: ["Did you mean 'places'?"]),
        Scenario(
            "changes all that a condition selects, under a name", "PATCH",
            "/api/samples/$each?filter=amount%20lt%2010",
            ["tessera-change-set": "Spring%20cleaning"], body: #"{"notes": "seen"}"#, status: 200,
            expects: [#""succeeded":2,"failed":0"#, #""change_set":""#, #"{"status":200,"id":"{a}","@etag":"#], events: 2),
        Scenario(
            "changes nothing when one of them refuses", "PATCH", "/api/samples/$each?filter=true", body: #"{"code": "QQ1"}"#, status: 409,
            expects: [#""code":"bulk.failed""#]),
        Scenario(
            "keeps those that can be changed when asked", "PATCH", "/api/samples/$each?filter=amount%20lt%2010",
            ["prefer": "continue-on-error"], body: #"{"code": "QQ1"}"#, status: 200, expects: [#""succeeded":1,"failed":1"#], events: 1),
        Scenario(
            "deletes all that a condition selects", "DELETE", "/api/places/$each?filter=startswith(name,'C')", status: 200,
            expects: [#""succeeded":1"#], events: 1),
        Scenario(
            "wants a condition", "DELETE", "/api/places/$each", status: 400, expects: ["bulk.no_filter"]),
        Scenario(
            "refuses a name that is none", "DELETE", "/api/places/$each?filter=false", ["tessera-change-set": "%zz"], status: 400,
            expects: ["changes.bad_name"]),
        Scenario(
            "deletes many by id", "POST", "/api/samples/bulk", body: #"{"operation": "delete", "items": ["{a}", {"id": "{b}"}]}"#,
            status: 200,
            expects: [#"{"status":204,"id":"{a}"}"#], events: 2),
        Scenario(
            "restores many", "POST", "/api/samples/bulk", body: #"{"operation": "restore", "items": ["{a}", "{b}"]}"#, status: 200,
            events: 2),
        Scenario(
            "purges many", "POST", "/api/samples/bulk", body: #"{"operation": "purge", "items": ["{a}", "{b}"]}"#, status: 200, events: 2),
        Scenario(
            "knows its operations", "POST", "/api/places/bulk", body: #"{"operation": "dance", "items": []}"#, status: 400,
            expects: ["bulk.unknown_operation", "create, update, upsert, delete, restore, purge, link, unlink"]),
        Scenario(
            "wants to know what to do", "POST", "/api/places/bulk", body: #"{"items": []}"#, status: 400, expects: ["bulk.missing_member"]),
        Scenario(
            "wants to know which", "POST", "/api/places/bulk", body: #"{"operation": "update", "items": [{"name": "A"}]}"#, status: 400,
            expects: ["records.no_key", #""target":"items/0/id""#]),
    ]

    @Test("writes many records in one request")
    func bulkWrites() async throws {
        try await TestHost.with { host in
            let names = try await ReadingTests.fill(host)
            for scenario in Self.bulk { try await scenario.run(on: host, names) }
        }
    }

    @Test("PUT takes defaults of the moment for what it leaves out, and what it brings as it is")
    func momentaryDefaults() async throws {
        let diary = """
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
                  name: { type: text, label: Name, unique: true }
                  written_on: { type: date, label: Written on, default: today, required: true }
                  read_at: { type: date_time, label: Read at, default: now }
                  mood: { type: choice, label: Mood, default: good, choices: { good: {}, bad: {} } }
            """
        try await TestHost.with(["diary": diary]) { host in
            let id = try await host.create(
                "entries", #"{"name": "a", "written_on": "2001-02-03", "read_at": "2001-02-03T04:05:06Z", "mood": "bad"}"#)
            let today = try #require(
                try await host.lab.client.query("SELECT (now() AT TIME ZONE 'UTC')::date::text").first?.decode(String.self, 0))
            let scenarios = [
                Scenario(
                    "replace", "PUT", "/api/entries({id})", ["prefer": "return=representation"], body: #"{"name": "a"}"#, status: 200,
                    expects: [#""written_on":"\#(today)""#, #""mood":"good""#], refuses: [#""read_at":null"#, "2001-02-03"], events: 1),
                Scenario(
                    "bring", "PUT", "/api/entries({id})", ["prefer": "return=representation"],
                    body: #"{"name": "a", "written_on": "2002-02-03", "read_at": null}"#, status: 200,
                    expects: [#""written_on":"2002-02-03""#, #""read_at":null"#], events: 1),
                Scenario(
                    "refuse to empty", "PUT", "/api/entries({id})", body: #"{"name": "a", "written_on": null}"#, status: 400,
                    expects: ["written_on"]),
                Scenario(
                    "make by PUT", "PUT", "/api/entries(name='b')", ["prefer": "return=representation"], body: "{}", status: 201,
                    expects: [#""written_on":"\#(today)""#], refuses: [#""read_at":null"#], events: 1),
            ]
            for scenario in scenarios { try await scenario.run(on: host, ["id": id]) }
        }
    }

    @Test("demands If-Match where the type does")
    func demandsIfMatch() async throws {
        let strict = """
            manifest: 1
            id: strict
            version: "1.0.0"
            name: Strict
            platform: ">=0.1 <1.0"
            run: { mode: data }
            types:
              plan:
                collection: plans
                label: Plan
                display: name
                etag_required: true
                fields:
                  name: { type: text, label: Name, required: true }
                  code: { type: text, label: Code, unique: true }
                  next: { type: link, label: Next, to: plan, inverse: previous, on_delete: clear }
            """
        try await TestHost.with(["strict": strict]) { host in
            let id = try await host.create("plans", #"{"name": "One", "code": "A"}"#)
            let scenarios = [
                Scenario(
                    "without", "PATCH", "/api/plans({id})", body: #"{"name": "Two"}"#, status: 428,
                    expects: ["records.precondition_required"]),
                Scenario("delete without", "DELETE", "/api/plans({id})", status: 428),
                Scenario(
                    "bulk without", "POST", "/api/plans/bulk", body: #"{"operation": "update", "items": [{"id": "{id}"}]}"#, status: 428),
                Scenario("upsert without", "PATCH", "/api/plans(code='A')", body: #"{"name": "Two"}"#, status: 428),
                Scenario(
                    "bulk upsert without", "POST", "/api/plans/bulk",
                    body: #"{"operation": "upsert", "by": ["code"], "items": [{"code": "A", "name": "Two"}]}"#, status: 428,
                    expects: [#""target":"items/0/@etag""#]),
                Scenario(
                    "bulk upsert with an older one", "POST", "/api/plans/bulk",
                    body: #"{"operation": "upsert", "by": ["code"], "items": [{"code": "A", "name": "Two", "@etag": "W/\"9\""}]}"#,
                    status: 412),
                Scenario("link without", "PUT", "/api/plans({id})/next/$ref", body: #"{"@id": "plans({id})"}"#, status: 428),
                Scenario("unlink without", "DELETE", "/api/plans({id})/next/$ref", status: 428),
                Scenario(
                    "link without, from the other side", "POST", "/api/plans({id})/previous/$ref", body: #"{"@id": "plans({id})"}"#,
                    status: 428),
                Scenario(
                    "link with an older one", "PUT", "/api/plans({id})/next/$ref", ["if-match": "W/\"9\""],
                    body: #"{"@id": "plans({id})"}"#, status: 412),
                Scenario("restore without", "POST", "/api/plans({id})/restore", status: 428),
                Scenario(
                    "If-None-Match says nothing of a record that is there", "DELETE", "/api/plans({id})", ["if-none-match": "W/\"99\""],
                    status: 400, expects: ["odata.bad_precondition"]),
                Scenario(
                    "nor to a purge", "POST", "/api/plans({id})/purge", ["if-none-match": "*"], status: 400,
                    expects: ["odata.bad_precondition"]),
                Scenario(
                    "what is new has no version", "PATCH", "/api/plans(code='B')", body: #"{"name": "Other"}"#, status: 204, events: 1),
                Scenario("with", "PATCH", "/api/plans({id})", ["if-match": "W/\"1\""], body: #"{"name": "Two"}"#, status: 204, events: 1),
                Scenario("with any", "PATCH", "/api/plans({id})", ["if-match": "*"], body: #"{"name": "Three"}"#, status: 204, events: 1),
                Scenario("with an older one", "DELETE", "/api/plans({id})", ["if-match": "W/\"1\""], status: 412),
                Scenario(
                    "bulk upsert with", "POST", "/api/plans/bulk",
                    body: #"{"operation": "upsert", "by": ["code"], "items": [{"code": "A", "name": "Four", "@etag": "W/\"3\""}]}"#,
                    status: 200, expects: [#""@etag":"W/\"4\"""#], events: 1),
                Scenario(
                    "link with", "PUT", "/api/plans({id})/next/$ref", ["if-match": "W/\"4\""], body: #"{"@id": "plans({id})"}"#,
                    status: 204,
                    events: 1),
                Scenario("unlink with", "DELETE", "/api/plans({id})/next/$ref", ["if-match": "W/\"5\""], status: 204, events: 1),
                Scenario("purge with any", "POST", "/api/plans({id})/purge", ["if-match": "*"], status: 204, events: 1),
            ]
            for scenario in scenarios { try await scenario.run(on: host, ["id": id]) }
        }
    }

    @Test("finds records by a number that the store makes, and makes none by it")
    func numbered() async throws {
        let desk = """
            manifest: 1
            id: desk
            version: "1.0.0"
            name: Desk
            platform: ">=0.1 <1.0"
            run: { mode: data }
            types:
              ticket:
                collection: tickets
                label: Ticket
                display: title
                fields:
                  number: { type: auto_number, label: Number, pattern: "T-{0000}" }
                  title: { type: text, label: Title, required: true }
            """
        try await TestHost.with(["desk": desk]) { host in
            let id = try await host.create("tickets", #"{"title": "One"}"#)
            let scenarios = [
                Scenario("changes it", "PATCH", "/api/tickets(number='T-0001')", body: #"{"title": "Two"}"#, status: 204, events: 1),
                Scenario("replaces it", "PUT", "/api/tickets(number='T-0001')", body: #"{"title": "Three"}"#, status: 204, events: 1),
                Scenario(
                    "knows no other", "PATCH", "/api/tickets(number='T-0002')", body: #"{"title": "Two"}"#, status: 404,
                    expects: ["records.not_found"]),
                Scenario(
                    "finds it in bulk", "POST", "/api/tickets/bulk",
                    body: #"{"operation": "upsert", "by": ["number"], "items": [{"number": "T-0001", "title": "Four"}]}"#, status: 200,
                    expects: [#""status":200"#], events: 1),
                Scenario(
                    "makes none in bulk", "POST", "/api/tickets/bulk",
                    body: #"{"operation": "upsert", "by": ["number"], "items": [{"number": "T-0009", "title": "Five"}]}"#, status: 404,
                    expects: ["There is no ticket with that number, and none is made by it", #""target":"items/0/number""#]),
                Scenario(
                    "still tells what else is wrong", "POST", "/api/tickets/bulk",
                    body: #"{"operation": "upsert", "by": ["number"], "items": [{"number": "T-0001", "title": 5}]}"#, status: 400,
                    expects: [#""target":"items/0/title""#], refuses: ["items/0/number"]),
                Scenario(
                    "takes each property once", "POST", "/api/tickets/bulk",
                    body: #"{"operation": "upsert", "by": ["title", "title"], "items": [{"title": "Six"}]}"#, status: 400,
                    expects: ["'title' is named twice"]),
                Scenario(
                    "needs a number of every item", "POST", "/api/tickets/bulk",
                    body: #"{"operation": "upsert", "by": ["number"], "items": [{"title": "Six"}]}"#, status: 400,
                    expects: ["The key property number has no value"]),
                Scenario(
                    "finds records by id too", "POST", "/api/tickets/bulk",
                    body: #"{"operation": "upsert", "by": ["id"], "items": [{"id": "{id}", "title": "Seven"}]}"#, status: 200,
                    expects: [#""status":200"#], events: 1),
            ]
            for scenario in scenarios { try await scenario.run(on: host, ["id": id]) }
            let all = try await host.send("GET", "/api/tickets?select=id,number,title")
            #expect(all.text.hasSuffix(#""number":"T-0001","title":"Seven"}]}"#), "\(all.text)")
        }
    }
}
