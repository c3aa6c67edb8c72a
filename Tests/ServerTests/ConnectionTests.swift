import NIOCore
import Postgres
import ServiceLifecycle
import TestKernel
import TestRandom
import Testing

@testable import Server

@Suite("Connections")
struct ConnectionTests {
    private static let request = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"

    private static func post(_ host: TestHost, length: Int) -> String {
        "POST /api/places HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \(host.token)\r\ncontent-type: application/json\r\n"
            + "content-length: \(length)\r\n\r\n"
    }

    @Test("stay open for the next request, and answer pipelined ones in order")
    func keepAlive() async throws {
        try await TestHost.with { host in
            try await TestConnection.with(port: host.port) { connection in
                try await connection.send(Self.request + "GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n" + Self.request)
                for fragment in ["ok", "ready", "ok"] {
                    let answer = try #require(try await connection.receive())
                    #expect(answer.text.contains(fragment))
                    #expect(answer.headers["connection"] == nil)
                    #expect(answer.headers["date"]?.hasSuffix(" GMT") == true)
                }
                try await connection.send("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                #expect(try await connection.receive()?.headers["connection"] == "close")
                #expect(try await connection.receive() == nil)
            }
        }
    }

    static let broken: [(String, String, Int, String)] = [
        ("no HTTP", "hello\r\n\r\n", 400, "http.malformed"),
        ("a header without colon", "GET / HTTP/1.1\r\nhost x\r\n\r\n", 400, "http.malformed"),
        ("a length that isn't one", "POST /api HTTP/1.1\r\nhost: x\r\ncontent-length: a\r\n\r\n", 400, "http.malformed"),
        ("no Host", "GET /healthz HTTP/1.1\r\n\r\n", 400, "http.no_host"),
        ("two Hosts", "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400, "http.no_host"),
        (
            "headers that are too large", "GET / HTTP/1.1\r\nhost: x\r\na: \(String(repeating: "a", count: 40_000))\r\n\r\n", 431,
            "http.headers_too_large"
        ),
        (
            "too many headers", "GET / HTTP/1.1\r\nhost: x\r\n\(String(repeating: "a: b\r\n", count: 200))\r\n", 431,
            "http.headers_too_large"
        ),
        ("a URL that is too long", "GET /\(String(repeating: "a", count: 17_000)) HTTP/1.1\r\nhost: x\r\n\r\n", 414, "http.uri_too_long"),
        (
            "a body that is too long", "POST /api/places HTTP/1.1\r\nhost: x\r\nauthorization: {t}\r\ncontent-length: 9999999\r\n\r\n", 413,
            "http.body_too_large"
        ),
        (
            "a body where none is taken",
            "POST /api/change_sets(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)/undo HTTP/1.1\r\nhost: x\r\nauthorization: {t}\r\ncontent-length: 2\r\n\r\n{}",
            400, "http.body_not_allowed"
        ),
        (
            "an encoding that isn't known",
            "POST /api/places HTTP/1.1\r\nhost: x\r\nauthorization: {t}\r\ncontent-encoding: br\r\ncontent-length: 2\r\n\r\n{}", 415,
            "http.unsupported_encoding"
        ),
        (
            "a transfer coding that isn't known",
            "POST /api/places HTTP/1.1\r\nhost: x\r\nauthorization: {t}\r\ncontent-type: application/json\r\n"
                + "transfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            501, "http.unsupported_transfer_coding"
        ),
        ("a Host that isn't one", "GET /api HTTP/1.1\r\nhost: a\"b\r\nauthorization: {t}\r\n\r\n", 400, "http.bad_host"),
        ("another method", "BREW /api HTTP/1.1\r\nhost: x\r\nauthorization: {t}\r\n\r\n", 400, "http.malformed"),
        (
            "OPTIONS, since there is no CORS", "OPTIONS /api HTTP/1.1\r\nhost: x\r\nauthorization: {t}\r\n\r\n", 405,
            "http.method_not_allowed"
        ),
    ]

    @Test("get a JSON error for whatever is wrong with a request")
    func errors() async throws {
        try await TestHost.with { host in
            for (name, text, status, code) in Self.broken {
                try await TestConnection.with(port: host.port) { connection in
                    try await connection.send(text.replacing("{t}", with: "Bearer \(host.token)"))
                    let answer = try #require(try await connection.receive(), "\(name)")
                    #expect(answer.status == status, "\(name)")
                    #expect(answer.text.hasPrefix("{\"error\":{\"code\":\"\(code)\""), "\(name): \(answer.text)")
                    #expect(answer.headers["content-type"] == "application/json", "\(name)")
                }
            }
            #expect(try await host.send("GET", "/healthz").status == 200)
        }
    }

    @Test("that chunk a body beyond its limit are told so")
    func chunkedBody() async throws {
        var limits = ServerLimits()
        limits.bodySize = 1_000
        try await TestHost.with(limits: limits) { host in
            try await TestConnection.with(port: host.port) { connection in
                try await connection.send(
                    "POST /api/places HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \(host.token)\r\ntransfer-encoding: chunked\r\n\r\n")
                try await connection.send(
                    "258\r\n\(String(repeating: " ", count: 600))\r\n258\r\n\(String(repeating: " ", count: 600))\r\n")
                #expect(try await connection.receive()?.status == 413)
                #expect(try await connection.receive() == nil)
            }
        }
    }

    @Test("that ask before they send are told to go on, or not")
    func expectContinue() async throws {
        try await TestHost.with { host in
            let head =
                "POST /api/places HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 16\r\n"
            try await TestConnection.with(port: host.port) { connection in
                try await connection.send(head + "authorization: Bearer \(host.token)\r\n\r\n")
                #expect(try await connection.receive()?.status == 100)
                try await connection.send(#"{"name": "Oslo"}"#)
                #expect(try await connection.receive()?.status == 201)
            }
            try await TestConnection.with(port: host.port) { connection in
                try await connection.send(head + "\r\n")
                let answer = try await connection.receive()
                #expect(answer?.status == 401)
                #expect(answer?.headers["connection"] == "close")
            }
        }
    }

    @Test("that are too slow with their headers get 408, those that say nothing are closed")
    func slowHeaders() async throws {
        var limits = ServerLimits()
        limits.headerTime = .milliseconds(200)
        limits.idleTime = .milliseconds(200)
        try await TestHost.with(limits: limits) { host in
            try await TestConnection.with(port: host.port) { connection in
                try await connection.send("GET /healthz HTTP/1.1\r\nho")
                let answer = try #require(try await connection.receive())
                #expect(answer.status == 408)
                #expect(answer.text.contains("http.request_timeout"))
                #expect(try await connection.receive() == nil)
            }
            try await TestConnection.with(port: host.port) { connection in
                let answer = try await connection.receive()
                #expect(answer == nil)
            }
        }
    }

    @Test("that are too slow with their body get 408, and nothing is written")
    func slowBody() async throws {
        var limits = ServerLimits()
        limits.bodyPause = .milliseconds(200)
        try await TestHost.with(limits: limits) { host in
            try await TestConnection.with(port: host.port) { connection in
                try await connection.send(
                    Self.post(host, length: 16) + "{\"name\""
                )
                #expect(try await connection.receive()?.status == 408)
            }
            #expect(try await host.outboxRows() == 0)
        }
    }

    @Test("cut within a body write nothing")
    func cutBody() async throws {
        try await TestHost.with { host in
            try await TestConnection.with(port: host.port) { connection in
                try await connection.send(
                    Self.post(host, length: 99) + "{\"name\": \"Oslo\"}"
                )
            }
            #expect(try await host.send("GET", "/api/places/$count").text == "0")
        }
    }

    @Test("get 504 when an answer takes too long, and the work ends")
    func slowAnswer() async throws {
        var limits = ServerLimits()
        limits.requestTime = .milliseconds(300)
        try await TestHost.with(
            limits: limits,
            configure: { configuration in
                configuration.readiness = {
                    // Ends with its cancellation only.
                    let (never, _) = AsyncStream.makeStream(of: Void.self)
                    for await _ in never {}
                    return []
                }
            }
        ) { host in
            let answer = try await host.send("GET", "/readyz")
            #expect(answer.status == 504)
            #expect(answer.text.contains("http.timeout"))
        }
    }

    @Test("beyond the number of requests at once get 503")
    func busy() async throws {
        var limits = ServerLimits()
        limits.concurrentRequests = 1
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let (entries, entry) = AsyncStream.makeStream(of: Void.self)
        try await TestHost.with(
            limits: limits,
            configure: { configuration in
                configuration.readiness = {
                    entry.yield()
                    for await _ in gate { break }
                    return []
                }
            }
        ) { host in
            async let held = host.send("GET", "/readyz")
            for await _ in entries { break }
            let answer = try await host.send("GET", "/healthz")
            #expect(answer.status == 503)
            #expect(answer.text.contains("http.busy"))
            opener.yield()
            let first = try await held
            #expect(first.status == 200)
            #expect(try await host.send("GET", "/healthz").status == 200)
        }
    }

    @Test("that are working finish when the server is told to stop, and no new ones are taken")
    func shutdown() async throws {
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let (entries, entry) = AsyncStream.makeStream(of: Void.self)
        try await TestHost.with(configure: { configuration in
            configuration.readiness = {
                entry.yield()
                for await _ in gate { break }
                return []
            }
        }) { host in
            try await TestConnection.with(port: host.port) { idle in
                try await idle.send(Self.request)
                #expect(try await idle.receive()?.status == 200)
                async let held = host.send("GET", "/readyz")
                for await _ in entries { break }
                await host.services.triggerGracefulShutdown()
                // An idle connection is closed at once.
                #expect(try await idle.receive() == nil)
                await #expect(throws: (any Error).self) { try await host.send("GET", "/healthz") }
                opener.yield()
                let answer = try await held
                #expect(answer.status == 200)
                #expect(answer.headers["connection"] == "close")
            }
        }
    }

    @Test("that never finish are cut off when the time to stop has passed")
    func boundedShutdown() async throws {
        var limits = ServerLimits()
        limits.shutdownTime = .milliseconds(200)
        let (entries, entry) = AsyncStream.makeStream(of: Void.self)
        try await TestHost.with(
            limits: limits,
            configure: { configuration in
                configuration.readiness = {
                    entry.yield()
                    let (never, _) = AsyncStream.makeStream(of: Void.self)
                    for await _ in never {}
                    return []
                }
            }
        ) { host in
            try await TestConnection.with(port: host.port) { connection in
                try await connection.send("GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n")
                for await _ in entries { break }
                await host.services.triggerGracefulShutdown()
                try? await connection.waitForEnd()
            }
        }
    }

    @Test("get large answers compressed when they ask, and may send compressed bodies")
    func compression() async throws {
        try await TestHost.with { host in
            let plain = try await host.send("GET", "/api/$metadata")
            #expect(plain.headers["content-encoding"] == nil)
            #expect(plain.headers["vary"]?.contains("Accept-Encoding") == true)
            let packed = try await host.send("GET", "/api/$metadata", headers: ["accept-encoding": "br, gzip;q=0.5"])
            #expect(packed.headers["content-encoding"] == "gzip")
            #expect(packed.body.count * 4 < plain.body.count)
            let unpacked = try Compression.decompressed(ByteBuffer(bytes: packed.body), limit: 1_000_000).get()
            #expect(Array(unpacked.readableBytesView) == plain.body)
            let refused = try await host.send("GET", "/api/$metadata", headers: ["accept-encoding": "gzip;q=0, *"])
            #expect(refused.headers["content-encoding"] == nil)
            let small = try await host.send("GET", "/healthz", headers: ["accept-encoding": "gzip"])
            #expect(small.headers["content-encoding"] == nil)
            let body = try #require(Compression.gzip(ByteBuffer(string: #"{"name": "Oslo"}"#)))
            let gzip = ["content-encoding": "gzip"]
            #expect(try await host.send("POST", "/api/places", headers: gzip, bytes: Array(body.readableBytesView)).status == 201)
            let broken = try await host.send("POST", "/api/places", headers: gzip, body: "no gzip")
            #expect(broken.status == 400)
            #expect(broken.text.contains("http.bad_encoding"))
            let bomb = try #require(Compression.gzip(ByteBuffer(repeating: UInt8(ascii: " "), count: 64 * 1_048_576)))
            #expect(bomb.readableBytes < 1_000_000)
            let answer = try await host.send("POST", "/api/places", headers: gzip, bytes: Array(bomb.readableBytesView))
            #expect(answer.status == 413)
        }
    }

    @Test("asking with HEAD get the head of the answer to GET")
    func head() async throws {
        try await TestHost.with { host in
            let head = try await host.send("HEAD", "/api")
            let get = try await host.send("GET", "/api")
            #expect(head.status == 200)
            #expect(head.headers["content-length"] == String(get.body.count))
        }
    }

    @Test("survive any bytes: every connection gets an answer or an end, and the server goes on")
    func anyBytes() async throws {
        var limits = ServerLimits()
        limits.headerTime = .milliseconds(100)
        limits.bodyPause = .milliseconds(100)
        try await TestHost.with(limits: limits) { host in
            var generator = SeededGenerator(seed: .random(in: .min ... .max))
            print("seed \(generator.seed)")
            let valid = Array(
                "\(Self.post(host, length: 2).replacing("places", with: "places(name='x')/y?filter=a%20eq%20'b'"))\r\n{}"
                    .utf8)
            for _ in 0..<150 {
                var bytes = valid
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    let position = Int.random(in: 0..<bytes.count, using: &generator)
                    if Bool.random(using: &generator) {
                        bytes[position] = UInt8.random(in: .min ... .max, using: &generator)
                    } else {
                        bytes.removeSubrange(position..<min(bytes.count, position + 3))
                    }
                }
                let mutated = bytes
                try await TestConnection.with(port: host.port) { connection in
                    try? await connection.send(mutated)
                    if let answer = try? await connection.receive() { #expect((200..<600).contains(answer.status)) }
                }
            }
            #expect(try await host.send("GET", "/healthz").status == 200)
        }
    }

    @Test("get 503 for writes to a database that takes none, which isn't ready meanwhile, and work again when it takes them")
    func readOnly() async throws {
        try await TestHost.with { host in
            #expect(try await host.send("POST", "/api/topics", body: #"{"name": "before"}"#).status == 201)
            func set(_ value: String) async throws {
                try await host.lab.client.withConnection { connection in
                    _ = try await connection.query("SET default_transaction_read_only = off")
                    let database = try await connection.query("SELECT current_database()").text(row: 0, column: 0)
                    _ = try await connection.execute("ALTER DATABASE \"\(database)\" SET default_transaction_read_only = \(value)")
                    _ = try await connection.query("RESET default_transaction_read_only")
                }
            }
            func write() async throws -> TestConnection.Answer { try await host.send("POST", "/api/topics", body: #"{"name": "now"}"#) }
            try await set("on")
            // Sessions that were there before go by what was said then.
            let others: SQL =
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            _ = try? await host.lab.client.query(others)
            var written = try await write()
            for _ in 0..<500 where written.status == 201 || (written.status == 503 && !written.text.contains("takes no writes")) {
                if written.status == 201 { _ = try? await host.lab.client.query(others) }
                written = try await write()
            }
            #expect(written.status == 503 && written.text.contains("takes no writes"), "\(written.text)")
            #expect(written.headers["retry-after"] == "1")
            #expect(try await host.send("GET", "/api/topics?top=1").status == 200)
            var ready = try await host.send("GET", "/readyz", headers: ["authorization": ""])
            // Its session may have been one that was ended.
            for _ in 0..<500 where ready.text.contains("doesn't answer") {
                ready = try await host.send("GET", "/readyz", headers: ["authorization": ""])
            }
            #expect(ready.status == 503 && ready.text.contains("takes no writes"), "\(ready.text)")
            // The same sessions would go on refusing: they are replaced.
            try await set("off")
            for _ in 0..<500 where written.status != 201 {
                try await Task.sleep(for: .milliseconds(20))
                written = try await write()
            }
            #expect(written.status == 201, "\(written.text)")
        }
    }

    @Test("end what they asked for when they are left, rather than let it wait for nobody")
    func left() async throws {
        var limits = ServerLimits()
        limits.requestTime = .seconds(3_600)
        try await TestHost.with(limits: limits) { host in
            let waiting: SQL = """
                SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """
            func waiters() async throws -> Int64 { try await host.lab.client.query(waiting).int64(row: 0, column: 0) }
            try await host.lab.client.transaction { transaction in
                _ = try await transaction.query("LOCK TABLE lab.topic")
                try await TestConnection.with(port: host.port) { connection in
                    try await connection.send("GET", "/api/topics", ["authorization": "Bearer \(host.token)"], nil)
                    while try await waiters() == 0 { try await Task.sleep(for: .milliseconds(5)) }
                }
                // It would wait for as long as this transaction lasts.
                for _ in 0..<6_000 where try await waiters() > 0 { try await Task.sleep(for: .milliseconds(10)) }
                #expect(try await waiters() == 0)
            }
        }
    }
}
