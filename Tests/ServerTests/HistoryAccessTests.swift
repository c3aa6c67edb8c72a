import JSONReading
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Server

@Suite("History and events over the API")
struct HistoryAccessTests {
    @Test("is read by whoever may read the record; fields that they don't see are nowhere in it")
    func rights() async throws {
        try await SalesFloor.with { floor in
            let guest = try await SalesFloor.person(floor.host, "Gus", roles: ["sales.guest"])
            try await floor.host.catchUp()
            func text(_ person: SalesFloor.Person?, _ id: String) async throws -> (status: Int, text: String) {
                let url = "/api/accounts(\(id))/history"
                let answer = if let person { try await floor.send(person, "GET", url) } else { try await floor.host.send("GET", url) }
                return (answer.status, answer.text)
            }
            let whole = try await text(nil, floor.annas)
            #expect(whole.status == 200)
            for field in ["margin", "notes", "labels", "mails", "code", "name"] {
                #expect(whole.text.contains("\"property\":\"\(field)\""), "\(field)")
            }
            #expect(whole.text.contains("\"principal\":\"Anna\"") && whole.text.contains("\"current\":true"))
            // Hidden from her always.
            let own = try await text(floor.anna, floor.annas)
            #expect(own.status == 200 && own.text.contains("quiet N1") && !own.text.contains("margin"))
            // Seen by him on his own records only, all but the name and the code.
            let strange = try await text(guest, floor.annas)
            #expect(strange.status == 200 && strange.text.contains("\"property\":\"code\""))
            #expect(!strange.text.contains("quiet"))
            for hidden in ["margin", "notes", "labels", "red", "mails", "N1@example.com", "primary_email"] {
                #expect(!strange.text.contains("\(hidden)\""), "\(hidden)")
            }
            let others = try await text(floor.anna, floor.bens)
            let missing = try await text(floor.anna, "01a20b40-d628-796b-9feb-3720c3d32cfe")
            #expect(others.status == 404 && others == missing)
            #expect(try await text(floor.mia, floor.bens).status == 200)
        }
    }

    @Test("stays with a deleted record for its readers; of a purged one administrators alone are told that it was purged")
    func removed() async throws {
        try await SalesFloor.with { floor in
            let url = "/api/accounts(\(floor.annas))/history"
            #expect(try await floor.send(floor.anna, "DELETE", "/api/accounts(\(floor.annas))").status == 204)
            try await floor.host.catchUp()
            let deleted = try await floor.send(floor.anna, "GET", url)
            #expect(deleted.status == 200 && deleted.text.contains("\"action\":\"delete\""))
            #expect(try await floor.send(floor.ben, "GET", url).status == 404)
            #expect(try await floor.host.send("POST", "/api/accounts(\(floor.annas))/purge").status == 204)
            try await floor.host.catchUp()
            #expect(try await floor.send(floor.anna, "GET", url).status == 404)
            let purged = try await floor.host.send("GET", url)
            #expect(purged.status == 200 && purged.text.contains("\"action\":\"purge\"") && !purged.text.contains("Acme"), "\(purged.text)")
        }
    }

    @Test("comes in pages, by unique keys and through links too; and takes no other options")
    func pages() async throws {
        try await SalesFloor.with { floor in
            try await floor.host.catchUp()
            let first = try JSONReader.value(of: try await floor.host.send("GET", "/api/accounts(code='N1')/history?top=1").body)
            #expect(first["value"]?.items.compactMap { $0["version"]?.asInt } == [2])
            let link = try #require(first["@nextLink"]?.asText?.split(separator: "/api").last)
            let second = try JSONReader.value(of: try await floor.host.send("GET", "/api\(link)").body)
            #expect(second["value"]?.items.compactMap { $0["version"]?.asInt } == [1] && second["@nextLink"] == nil)
            for wrong in ["filter=true", "skiptoken=x", "from=1"] {
                #expect(try await floor.host.send("GET", "/api/accounts(\(floor.annas))/history?\(wrong)").status == 400, "\(wrong)")
            }
            #expect(try await floor.host.send("POST", "/api/accounts(\(floor.annas))/history", body: "{}").status == 405)
            #expect(
                try await floor.host.send("PATCH", "/api/accounts(\(floor.annas))", body: #"{"parent_id": "\#(floor.bens)"}"#).status == 204
            )
            try await floor.host.catchUp()
            let linked = try await floor.host.send("GET", "/api/accounts(\(floor.annas))/parent/history")
            #expect(linked.status == 200 && linked.text.contains("Acme South") && !linked.text.contains("Acme North"))
        }
    }

    @Test("the log comes as batches of CloudEvents, each with a link to the next; what isn't there any more is refused")
    func events() async throws {
        try await TestHost.with { host in
            for name in ["a", "b", "c"] { _ = try await host.create("topics", #"{"name": "\#(name)"}"#) }
            #expect(try await host.send("GET", "/api/events").text == "[]")
            try await host.catchUp()
            let page = try await host.send("GET", "/api/events?top=2")
            #expect(page.headers["content-type"] == "application/cloudevents-batch+json; charset=utf-8")
            let events = try JSONReader.value(of: page.body).items
            #expect(events.map { $0["position"]?.asText } == ["1", "2"] && events[0]["type"]?.asText == "lab.topic.created")
            #expect(events[0]["source"]?.asText?.hasSuffix("/api") == true && events[1]["data"]?["new"]?["name"]?.asText == "b")
            func next(_ answer: TestConnection.Answer) throws -> String {
                let link = try #require(answer.headers["link"])
                #expect(link.hasSuffix(">; rel=\"next\""))
                return "/api" + (try #require(link.split(separator: ">").first?.split(separator: "/api").last))
            }
            let last = try await host.send("GET", try next(page))
            #expect(try JSONReader.value(of: last.body).items.map { $0["position"]?.asText } == ["3"])
            let empty = try await host.send("GET", try next(last))
            #expect(empty.text == "[]")
            #expect(try next(empty) == next(last))
            let some = try await host.send("GET", "/api/events?topic=lab.*.updated")
            #expect(some.text == "[]" && some.headers["link"]?.contains("from=4&topic=") == true)
            for wrong in ["topic=Lab", "from=x", "from=-1", "filter=true"] {
                #expect(try await host.send("GET", "/api/events?\(wrong)").status == 400, "\(wrong)")
            }
            #expect(try await host.send("GET", "/api/events", headers: ["accept": "text/csv"]).status == 406)
            #expect(try await host.send("POST", "/api/events").status == 405)
            _ = try await host.lab.client.query("DELETE FROM tessera.event WHERE position < 3")
            let gone = try await host.send("GET", "/api/events?from=1")
            #expect(gone.status == 410 && gone.text.contains("events.gone"))
            // Without a position it begins with what there is.
            #expect(try JSONReader.value(of: try await host.send("GET", "/api/events").body).items.map { $0["position"]?.asText } == ["3"])
        }
    }

    @Test("tells how the log stands, to administrators and to Prometheus")
    func status() async throws {
        try await TestHost.with { host in
            _ = try await host.create("topics", #"{"name": "a"}"#)
            try await host.catchUp()
            _ = try await host.create("topics", #"{"name": "b"}"#)
            let status = try JSONReader.value(of: try await host.send("GET", "/api/events/status").body)
            #expect(status["head"]?.asInt == 1 && status["first"]?.asInt == 1 && status["backlog"]?.asInt == 1)
            let history = try #require(status["subscriptions"]?.items.first)
            #expect(history["id"]?.asText == "tessera.history" && history["lag"]?.asInt == 0 && history["state"]?.asText == "active")
            let metrics = try await host.send("GET", "/metrics").text
            for line in [
                "tessera_events_head 1", "tessera_events_kept 1", "tessera_events_outbox_backlog 1",
                "tessera_events_subscription_lag{subscription=\"tessera.history\"} 0",
                "tessera_events_subscription_lost{subscription=\"tessera.history\"} 0",
            ] { #expect(metrics.contains("\n\(line)\n"), "\(line)") }
        }
    }

    @Test("lists what subscriptions have put aside, and carries out what is wanted of them")
    func orders() async throws {
        try await TestHost.with { host in
            _ = try await host.create("topics", #"{"name": "a"}"#)
            try await host.catchUp()
            _ = try await host.lab.client.query(
                """
                INSERT INTO tessera.delivery (position, id, at, topic, record_type, record_id, version, old, new, principal_id, on_behalf_of, channel, \
                change_set, cause, subscription, state, attempts, error) SELECT position, id, at, topic, record_type, record_id, version, old, new, \
                principal_id, on_behalf_of, channel, change_set, cause, 'tessera.history', 'parked', 3, 'No.' FROM tessera.event
                """)
            let aside = try JSONReader.value(
                of: try await host.send("GET", "/api/events/aside?state=parked&subscription=tessera.history").body)
            let delivery = try #require(aside["value"]?.items.first)
            #expect(delivery["attempts"]?.asInt == 3 && delivery["error"]?.asText == "No." && delivery["event"]?["position"]?.asText == "1")
            #expect(try await host.send("GET", "/api/events/aside?state=held").text.contains("\"value\":[]"))
            #expect(try await host.send("GET", "/api/events/aside?state=lost").status == 400)
            #expect(try await host.send("GET", "/api/topics?state=held").status == 400)
            func order(_ json: String) async throws -> TestConnection.Answer {
                try await host.send("POST", "/api/events/orders", headers: ["content-type": "application/json"], body: json)
            }
            #expect(try await order(#"{"subscription": "tessera.history", "action": "skip"}"#).text == #"{"events":1}"#)
            #expect(try await order(#"{"subscription": "tessera.history", "action": "pause"}"#).text == #"{"events":0}"#)
            #expect(try await host.send("GET", "/api/events/status").text.contains(#""state":"paused""#))
            for (json, status, code) in [
                (#"{"subscription": "a.b", "action": "pause"}"#, 404, "events.no_subscription"),
                (#"{"subscription": "tessera.history", "action": "skip", "positions": [7]}"#, 404, "events.not_aside"),
                (#"{"subscription": "tessera.history", "action": "replay", "from": 1}"#, 409, "events.not_possible"),
                (#"{"subscription": "tessera.history", "action": "stop"}"#, 400, "events.bad_order"), ("{", 400, "json.syntax"),
            ] {
                let answer = try await order(json)
                #expect(answer.status == status && answer.text.contains(code), "\(json): \(answer.text)")
            }
            #expect(try await host.send("GET", "/api/events/orders").status == 405)
            #expect(try await host.send("GET", "/api/events/nothing").status == 404)
        }
    }
}
