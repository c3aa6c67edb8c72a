import Events
import Postgres
import ServiceLifecycle
import TestKernel
import Testing

@testable import Server

@Suite("Live stream")
struct LiveTests {
    /// Opens a stream, waits for its beginning, and gives its connection.
    private static func listen<R: Sendable>(
        _ host: TestHost, _ headers: [String: String]? = nil, _ target: String = "/live", after position: Int? = nil,
        _ body: (TestConnection) async throws -> R
    ) async throws -> R {
        var headers = headers ?? ["authorization": "Bearer \(host.token)"]
        if let position { headers["last-event-id"] = "\(position)" }
        let all = headers
        return try await TestConnection.with(port: host.port) { connection in
            try await connection.send("GET", target, all, nil)
            let head = try #require(try await connection.receive(until: ": live\n"))
            #expect(head.hasPrefix("HTTP/1.1 200") && head.contains("content-type: text/event-stream"), "\(head)")
            return try await body(connection)
        }
    }

    @Test("tells each listener what they may see of it, and nothing of what they may not")
    func rights() async throws {
        try await SalesFloor.with { floor in
            try await floor.host.catchUp()
            let guest = try await SalesFloor.person(floor.host, "Gus", roles: ["sales.guest"])
            try await Self.listen(floor.host, floor.anna.headers) { anna in
                try await Self.listen(floor.host, floor.mia.headers) { mia in
                    try await Self.listen(floor.host, guest.headers) { gus in
                        try await Self.listen(floor.host) { admin in
                            _ = try await floor.host.send("PATCH", "/api/accounts(\(floor.bens))", body: #"{"size": 4711}"#)
                            _ = try await floor.host.send(
                                "PATCH", "/api/accounts(\(floor.annas))", body: #"{"size": 4712, "margin": 4713}"#)
                            _ = try await floor.host.send("POST", "/api/secrets", body: #"{"name": "4714"}"#)
                            // The last that all of them see: what comes before it has been told or isn't going to be.
                            _ = try await floor.host.send("PATCH", "/api/accounts(\(floor.annas))", body: #"{"size": 4799}"#)
                            try await floor.host.catchUp()
                            let heard = try #require(try await anna.receive(until: "4799"))
                            #expect(heard.contains("4712") && !heard.contains("4711") && !heard.contains("4714"))
                            #expect(!heard.contains("4713") && !heard.contains("margin"))
                            #expect(heard.contains(#""changed":["size"]"#))
                            let above = try #require(try await mia.receive(until: "4799"))
                            #expect(above.contains("4711") && above.contains("4713") && !above.contains("4714"))
                            // Who sees a field on their own records only.
                            let partly = try #require(try await gus.receive(until: "4799"))
                            #expect(
                                partly.contains("4711") && partly.contains("4712") && !partly.contains("4713") && !partly.contains("margin")
                            )
                            let all = try #require(try await admin.receive(until: "4799"))
                            for value in ["4711", "4712", "4713", "4714"] { #expect(all.contains(value)) }
                        }
                    }
                }
            }
        }
    }

    @Test("follows what a listener may see: what is theirs no longer isn't told any more")
    func handover() async throws {
        try await SalesFloor.with { floor in
            try await Self.listen(floor.host, floor.anna.headers) { anna in
                let given = try await floor.host.send("PATCH", "/api/accounts(\(floor.annas))", body: #"{"owner_id": "\#(floor.ben.id)"}"#)
                #expect(given.status == 204, "\(given.text)")
                _ = try await floor.host.send("PATCH", "/api/accounts(\(floor.annas))", body: #"{"size": 4711}"#)
                _ = try await SalesFloor.make(floor.host, floor.anna, #"{"name": "Acme 4712"}"#)
                try await floor.host.catchUp()
                let heard = try #require(try await anna.receive(until: "Acme 4712"))
                #expect(!heard.contains("4711") && !heard.contains(floor.annas))
            }
        }
    }

    @Test("goes on where a listener lost the connection, and says so where it can't")
    func resumption() async throws {
        try await TestHost.with { host in
            for name in ["a", "b", "c"] { _ = try await host.create("topics", #"{"name": "topic \#(name)"}"#) }
            try await host.catchUp()
            try await Self.listen(host, after: 1) { connection in
                let missed = try #require(try await connection.receive(until: "id: 3\n\n"))
                #expect(
                    missed.contains("id: 2\n") && missed.contains("topic b") && missed.contains("topic c") && !missed.contains("topic a"))
                _ = try await host.create("topics", #"{"name": "topic d"}"#)
                try await host.catchUp()
                let next = try #require(try await connection.receive(until: "topic d"))
                #expect(next.contains("id: 4\n") && !next.contains("id: 3\n"))
            }
            try await Self.listen(host, nil, "/live?from=4&topic=lab.other.*,lab.topic.*") { connection in
                let heard = try #require(try await connection.receive(until: "topic d"))
                #expect(!heard.contains("topic c"))
            }
            _ = try await host.lab.client.query("DELETE FROM tessera.event WHERE position < 3")
            try await Self.listen(host, after: 1) { connection in
                let gap = try #require(try await connection.receive(until: "data: "))
                #expect(gap.contains("event: tessera.gap\nid: 4\n"), "\(gap)")
            }
            // The log of another database: there never was such a position.
            try await Self.listen(host, after: 4_000) { connection in
                let heard = try await connection.receive(until: "tessera.gap")
                #expect(heard != nil)
            }
        }
    }

    @Test("tells the chosen topics only, and refuses what names none")
    func topics() async throws {
        try await TestHost.with { host in
            try await Self.listen(host, nil, "/live?topic=*.deleted") { connection in
                let id = try await host.create("topics", #"{"name": "a"}"#)
                #expect(try await host.send("DELETE", "/api/topics(\(id))").status == 204)
                try await host.catchUp()
                let heard = try #require(try await connection.receive(until: "lab.topic.deleted"))
                #expect(!heard.contains("created"))
            }
            #expect(try await host.send("GET", "/live?topic=a,,b").text.contains("events.bad_topic"))
            #expect(try await host.send("GET", "/live?top=1").status == 400)
            #expect(try await host.send("GET", "/live", headers: ["last-event-id": "x"]).text.contains("events.bad_position"))
            #expect(try await host.send("POST", "/live", body: "{}").status == 405)
            #expect(try await host.send("GET", "/live", headers: ["authorization": ""]).status == 401)
        }
    }

    @Test("shows that it is alive, and how far it has come, though nothing happens that concerns its listener")
    func pulse() async throws {
        try await TestHost.with(configure: { $0.live.pulse = .milliseconds(1) }) { host in
            try await Self.listen(host, nil, "/live?topic=none.*") { connection in
                _ = try await host.create("topics", #"{"name": "a"}"#)
                try await host.catchUp()
                let heard = try await connection.receive(until: ": \nid: 1\n\n")
                #expect(heard != nil)
            }
        }
    }

    @Test("ends with its token, and with the server")
    func end() async throws {
        try await TestHost.with(
            configure: {
                $0.live.pulse = .milliseconds(1)
                $0.limits.tokenCheck = .zero
            }
        ) { host in
            let user = try await SalesFloor.person(host, "Una")
            try await Self.listen(host, user.headers) { connection in
                #expect(try await host.send("POST", "/api/users(\(user.id))/deactivate", body: "{}").status == 200)
                try await connection.waitForEnd()
            }
            try await Self.listen(host) { connection in
                await host.services.triggerGracefulShutdown()
                try await connection.waitForEnd()
            }
        }
    }

    @Test("tells many changes at once to those who take them as they come")
    func flood() async throws {
        try await TestHost.with(configure: { $0.live.queue = 1_000 }) { host in
            try await Self.listen(host) { connection in
                let items = (1...1_200).map { #"{"name": "topic \#($0)"}"# }.joined(separator: ",")
                let made = try await host.send("POST", "/api/topics/bulk", body: #"{"operation": "create", "items": [\#(items)]}"#)
                #expect(made.status == 200, "\(made.text.prefix(300))")
                try await host.catchUp()
                // The first 500 are far beyond what may wait, but nothing waits before them.
                #expect(try await connection.receive(until: "id: 500\n") != nil)
            }
            try await Self.listen(host, after: 0) { connection in
                let all = try #require(try await connection.receive(until: "id: 1200\ndata"))
                for position in 1...1_200 { #expect(all.contains("id: \(position)\ndata")) }
            }
        }
    }

    @Test("is kept from one principal's flood")
    func limits() async throws {
        try await TestHost.with(configure: { $0.live.ofPrincipal = 1 }) { host in
            let user = try await SalesFloor.person(host, "Una")
            try await Self.listen(host, user.headers) { _ in
                let second = try await host.send("GET", "/live", headers: user.headers)
                #expect(second.status == 429 && second.text.contains("events.too_many_listeners"), "\(second.text)")
                try await Self.listen(host) { _ in }
            }
        }
    }
}
