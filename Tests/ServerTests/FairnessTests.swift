import NIOHTTP1
import Postgres
import QueryLanguage
import TestKernel
import Testing

@testable import Server

@Suite("Rate limits and fair shares")
struct FairnessTests {
    @Test("a bucket gives what the limit allows, then one request after the other")
    func bucket() throws {
        var bucket = RateBucket(try #require(RateLimit("3/60")), at: .seconds(100))
        // Time, allowed, left, seconds until all is there, seconds to wait.
        let steps: [(Duration, Bool, Int, Int, Int)] = [
            (.seconds(100), true, 2, 20, 0), (.seconds(100), true, 1, 40, 0), (.seconds(100), true, 0, 60, 0),
            (.seconds(100), false, 0, 60, 20),
            (.seconds(110), false, 0, 50, 10), (.seconds(120), true, 0, 60, 0), (.seconds(119), false, 0, 60, 20),
            (.seconds(1_000), true, 2, 20, 0),
        ]
        for (now, isAllowed, remaining, reset, wait) in steps {
            let verdict = bucket.take(at: now)
            #expect(verdict == .init(isAllowed: isAllowed, remaining: remaining, reset: reset, retryAfter: wait), "\(now)")
        }
    }

    @Test("a batch takes as much as it has requests: all of it or nothing, and beyond the limit from what comes later")
    func batchBucket() throws {
        var bucket = RateBucket(try #require(RateLimit("10/100")), at: .seconds(0))
        // Time, requests, allowed, left, seconds until all is there, seconds to wait.
        let steps: [(Duration, Int, Bool, Int, Int, Int)] = [
            (.seconds(0), 4, true, 6, 40, 0), (.seconds(0), 7, false, 6, 40, 10), (.seconds(10), 7, true, 0, 100, 0),
            (.seconds(60), 25, false, 5, 50, 50), (.seconds(110), 25, true, 0, 250, 0), (.seconds(250), 1, false, 0, 110, 20),
            (.seconds(270), 1, true, 0, 100, 0),
        ]
        for (now, requests, isAllowed, remaining, reset, wait) in steps {
            let verdict = bucket.take(requests, at: now)
            #expect(verdict == .init(isAllowed: isAllowed, remaining: remaining, reset: reset, retryAfter: wait), "\(now)")
        }
    }

    @Test("a batch of more requests than the limit is carried out when all of it is there")
    func largeBatch() async throws {
        var bucket = RateBucket(try #require(RateLimit("10/100")), at: .seconds(0))
        #expect(bucket.take(at: .seconds(0)).isAllowed)
        #expect(bucket.take(24, after: 1, at: .seconds(0)) == .init(isAllowed: true, remaining: 0, reset: 250, retryAfter: 0))
        #expect(bucket.take(at: .seconds(200)).isAllowed)
        // What it waits for is all of it, since it takes the first one again when it comes.
        #expect(bucket.take(24, after: 1, at: .seconds(200)) == .init(isAllowed: false, remaining: 4, reset: 60, retryAfter: 60))
        try await TestHost.with(configure: { $0.rateLimits = RateLimits(standard: RateLimit("5/3600")) }) { host in
            let requests = (1...6).map { #"{"id": "\#($0)", "method": "get", "url": "topics"}"# }.joined(separator: ",")
            let answer = try await host.send("POST", "/api/$batch", body: "{\"requests\": [\(requests)]}")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try await host.send("GET", "/api/topics").status == 429)
        }
    }

    @Test("the requests of a batch are counted whatever it looks like")
    func batchCount() {
        let counts: [(String, Int)] = [
            (#"{"requests": [{"id": "1"}, {"id": "2", "body": {"requests": [1, 2, 3]}}]}"#, 2),
            (#"{"a": [1], "requests": [1, [2, 3], 4]}"#, 3),
            (#"{"requests": []}"#, 1), ("[]", 1), (#"{"requests": 5}"#, 1), (#"{"requests": [1, 2"#, 1), ("", 1),
            (#"{"requests": [1, 2, 3, 4, 5, 6, 7, 8, 9]}"#, 5),
        ]
        for (body, count) in counts { #expect(BatchRequest.count(Array(body.utf8), most: 5) == count, "\(body)") }
    }

    @Test("a batch counts as the requests in it, for all tokens of its principal")
    func batchLimit() async throws {
        try await TestHost.with(configure: { $0.rateLimits = RateLimits(standard: RateLimit("10/3600")) }) { host in
            func batch(_ count: Int) async throws -> TestConnection.Answer {
                let requests = (1...count).map { #"{"id": "\#($0)", "method": "post", "url": "topics", "body": {"name": "a"}}"# }
                return try await host.send("POST", "/api/$batch", body: "{\"requests\": [\(requests.joined(separator: ","))]}")
            }
            let first = try await batch(6)
            #expect(first.status == 200 && first.headers["ratelimit"]?.hasPrefix("\"principal\";r=4;t=") == true, "\(first.headers)")
            let second = try await batch(5)
            #expect(
                second.status == 429 && second.headers["retry-after"] == "720" && second.text.contains("this batch is 5"), "\(second.text)")
            // The one that was refused counted as one.
            let third = try await batch(3)
            #expect(third.status == 200 && third.headers["ratelimit"]?.hasPrefix("\"principal\";r=0;t=") == true, "\(third.headers)")
            #expect(try await host.send("GET", "/api/topics").status == 429)
            #expect(try await host.outboxRows() == 9)
        }
    }

    @Test("a batch costs as many turns as it has requests")
    func batchTurns() {
        let queue = Queue(room: 1, longest: 100)
        _ = queue.arrive("flood", 0, requests: 3)
        #expect(queue.arrive("flood", 1, requests: 4) == .waits)
        for number in UInt64(10)...17 { _ = queue.arrive("small", number) }
        #expect(queue.arrive("flood", 2) == .waits)
        #expect((0..<11).map { _ in queue.finish() } == [10, 11, 1, 12, 13, 14, 15, 16, 2, 17, nil])
    }

    @Test(
        "takes limits as people write them",
        arguments: [
            ("600/60", "600/60"), ("1/1", "1/1"), ("0/60", nil), ("5/0", nil), ("5", nil), ("5/6/7", nil), ("-1/5", nil), ("a/b", nil),
            ("9999999/1", nil),
        ])
    func limits(text: String, expected: String?) { #expect(RateLimit(text)?.description == expected) }

    @Test("a principal's second request waits until others had their first")
    func turns() {
        let queue = Queue(room: 1, longest: 100)
        #expect(queue.arrive("flood", 0) == .runs)
        for number in UInt64(1)...5 { #expect(queue.arrive("flood", number) == .waits) }
        #expect(queue.arrive("small", 10) == .waits)
        #expect(queue.arrive("other", 20) == .waits)
        #expect(queue.arrive("small", 11) == .waits)
        #expect((0..<9).map { _ in queue.finish() } == [1, 10, 20, 2, 11, 3, 4, 5, nil])
        #expect(queue.running == 0)
        #expect(queue.arrive("flood", 30) == .runs)
    }

    @Test("who waits for long gains no head start, and who comes late none either")
    func lateComer() {
        let queue = Queue(room: 1, longest: 100)
        _ = queue.arrive("flood", 0)
        for number in UInt64(1)...4 { _ = queue.arrive("flood", number) }
        #expect([queue.finish(), queue.finish()] == [1, 2])
        for number in UInt64(10)...12 { _ = queue.arrive("late", number) }
        #expect((0..<5).map { _ in queue.finish() } == [3, 10, 4, 11, 12])
    }

    @Test("a full queue refuses those who have most in it")
    func fullQueue() {
        let queue = Queue(room: 1, longest: 3)
        _ = queue.arrive("flood", 0)
        for number in UInt64(1)...3 { _ = queue.arrive("flood", number) }
        #expect(queue.arrive("flood", 4) == .refused)
        #expect(queue.arrive("small", 10) == .waitsInsteadOf(3))
        #expect(queue.arrive("flood", 5) == .refused)
        #expect(queue.arrive("small", 11) == .refused, "both would wait with as many")
        #expect(queue.waiting == 3)
        #expect(queue.cancel(10))
        #expect(!queue.cancel(10))
        #expect((0..<3).map { _ in queue.finish() } == [1, 2, nil])
    }

    @Test("nobody has more than a share of the places, also where others are free")
    func shares() {
        let queue = Queue(room: 3, longest: 100, share: 2)
        #expect([queue.arrive("flood", 0), queue.arrive("flood", 1), queue.arrive("flood", 2)] == [.runs, .runs, .waits])
        #expect(queue.arrive("small", 10) == .runs)
        #expect(queue.arrive("other", 20) == .waits)
        // The flood's next has to wait until one of its own ends.
        #expect(queue.finish(10) == 20)
        #expect(queue.finish(20) == nil && queue.running == 2)
        #expect(queue.arrive("small", 11) == .runs)
        #expect(queue.finish(0) == 2)
        #expect([queue.finish(1), queue.finish(2), queue.finish(11)] == [nil, nil, nil] && queue.running == 0)
    }

    @Test("what one client has under way that takes long leaves connections for others, as the server is shipped")
    func slowWork() async throws {
        try await TestHost.with { host in
            let token = try await Self.otherToken(host)
            let other = ["authorization": "Bearer \(token)", "content-type": "application/json"]
            try await withThrowingTaskGroup(of: Int.self) { group in
                try await host.lab.client.transaction { transaction in
                    _ = try await transaction.query("LOCK TABLE lab.place IN ACCESS EXCLUSIVE MODE")
                    for _ in 0..<60 { group.addTask { try await host.send("GET", "/api/places?top=1").status } }
                    try await Self.wait(host, until: 60 - ServerLimits().principalRequests)
                    for _ in 0..<5 {
                        #expect(try await host.send("GET", "/api/topics?top=5", headers: other).status == 200)
                        #expect(try await host.send("POST", "/api/topics", headers: other, body: #"{"name":"T"}"#).status == 201)
                    }
                }
                for try await status in group { #expect(status == 200) }
            }
        }
    }

    @Test("exports that are read slowly hold places, and no more than one client's share")
    func slowReaders() async throws {
        var limits = ServerLimits()
        // However long it takes here until all of them wait.
        limits.writeTime = .seconds(3_600)
        limits.requestTime = .seconds(3_600)
        try await TestHost.with(limits: limits) { host in
            let token = try await Self.otherToken(host)
            let fill = """
                INSERT INTO lab.topic (id, version, created_at, updated_at, created_by, updated_by, owner_id, name) SELECT gen_random_uuid(), 1, now(), now(), p.id, p.id, p.id, \
                repeat('long name ', 20) FROM generate_series(1, 60000), tessera.principal p WHERE p.name = 'Administrator'
                """
            _ = try await host.lab.client.query(SQL(verbatim: fill))
            let headers = ["authorization": "Bearer \(host.token)"]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await TestConnection.with(port: host.port) { connection in
                            try await connection.send("GET", "/api/topics?format=csv", headers, nil)
                            try await Task.sleep(for: .seconds(600))
                        }
                    }
                }
                try await Self.wait(host, until: 40 - ServerLimits().principalRequests)
                for _ in 0..<5 {
                    #expect(try await host.send("GET", "/api/places?top=5", headers: ["authorization": "Bearer \(token)"]).status == 200)
                }
                group.cancelAll()
                while await group.nextResult() != nil {}
            }
            try await Self.wait(host, until: 0)
            #expect(try await host.send("GET", "/api/places?top=5").status == 200)
        }
    }

    @Test("uploads that arrive slowly, and those that are put away, hold one principal's share and nobody else's")
    func slowUploads() async throws {
        var limits = ServerLimits()
        limits.principalUploads = 5
        limits.principalRequests = 2
        limits.bodyPause = .seconds(3_600)
        limits.requestTime = .seconds(3_600)
        try await TestHost.with(limits: limits) { host in
            let token = try await Self.otherToken(host)
            let other = ["authorization": "Bearer \(token)", "content-type": "application/json"]
            func othersAreServed() async throws {
                let file = ["authorization": "Bearer \(token)", "content-type": "text/plain"]
                #expect(try await host.send("POST", "/api/topics", headers: other, body: #"{"name":"T"}"#).status == 201)
                #expect(try await host.send("GET", "/api/topics?top=5", headers: other).status == 200)
                // Its body is read, however many of another's wait.
                #expect(try await host.send("POST", "/api/files", headers: file, body: "").status == 201)
            }
            let head =
                "POST /api/files HTTP/1.1\r\nhost: test.example\r\nauthorization: Bearer \(host.token)\r\ncontent-type: text/plain\r\n"
                + "content-length: 10\r\n\r\n12345"
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<12 {
                    group.addTask {
                        try await TestConnection.with(port: host.port) { connection in
                            try await connection.send(head)
                            try await Task.sleep(for: .seconds(600))
                        }
                    }
                }
                try await Self.wait(host, until: 7)
                try await othersAreServed()
                // What isn't an upload goes on for the flood's sender too.
                #expect(try await host.send("GET", "/api/topics?top=5").status == 200)
                group.cancelAll()
                while await group.nextResult() != nil {}
            }
            try await Self.wait(host, until: 0)
            // Bodies that are there wait for a place before they are put away.
            try await withThrowingTaskGroup(of: Int.self) { group in
                try await host.lab.client.transaction { transaction in
                    _ = try await transaction.query("LOCK TABLE tessera.file IN SHARE ROW EXCLUSIVE MODE")
                    for number in 0..<5 {
                        group.addTask {
                            try await host.send("POST", "/api/files", headers: ["content-type": "text/plain"], body: "text \(number)")
                                .status
                        }
                    }
                    try await Self.wait(host, until: 3)
                    #expect(try await host.send("GET", "/api/topics?top=5", headers: other).status == 200)
                }
                for try await status in group { #expect(status == 201) }
            }
        }
    }

    @Test("each principal has a limit of its own, and is told of it")
    func rateLimits() async throws {
        let limits = RateLimits(standard: RateLimit("3/3600"), own: [Self.other: RateLimit("1/3600")!])
        try await TestHost.with(configure: { $0.rateLimits = limits }) { host in
            for left in [2, 1, 0] {
                let answer = try await host.send("GET", "/api/places")
                #expect(answer.status == 200)
                #expect(answer.headers["ratelimit-policy"] == "\"principal\";q=3;w=3600")
                #expect(answer.headers["ratelimit"]?.hasPrefix("\"principal\";r=\(left);t=") == true)
            }
            let refused = try await host.send("GET", "/api/places")
            #expect(refused.status == 429)
            #expect(refused.text.contains("http.rate_limited"))
            #expect(refused.headers["retry-after"] == "1200")
            #expect(refused.headers["ratelimit"]?.hasPrefix("\"principal\";r=0;t=") == true)
            let token = try await Self.otherToken(host)
            #expect(try await host.send("GET", "/api/places", headers: ["authorization": "Bearer \(token)"]).status == 200)
            #expect(try await host.send("GET", "/api/places", headers: ["authorization": "Bearer \(token)"]).status == 429)
            let metrics = try await host.send("GET", "/metrics")
            #expect(metrics.text.contains("tessera_http_requests_rate_limited_total 2"))
        }
    }

    @Test("bytes are given in the order of arrival, to nobody beyond a share, and nobody waits for another's share")
    func bytes() {
        let budget = Budget(room: 100, share: 60, longest: 2)
        #expect(budget.arrive("flood", 1, 40) == .granted)
        #expect([budget.arrive("flood", 2, 30), budget.arrive("flood", 3, 1), budget.arrive("flood", 4, 1)] == [.waits, .waits, .refused])
        #expect(!budget.take("flood", 1), "the flood's own come in their order")
        #expect(budget.arrive("small", 10, 50) == .granted)
        // Room for all is what this one waits for, so that others wait behind it; more than a share is counted as one.
        #expect(budget.arrive("large", 20, 500) == .waits)
        #expect(budget.arrive("other", 30, 10) == .waits)
        #expect(!budget.take("more", 5))
        #expect(budget.release("small", 50) == [20])
        #expect(budget.held == 100)
        #expect(budget.release("flood", 40) == [2, 3])
        #expect(budget.held == 91)
        #expect(budget.cancel(30) == [] && budget.cancel(30) == nil)
        #expect(budget.take("more", 9) && !budget.take("more", 1))
        #expect(budget.release("large", 60) == [] && budget.waiting == 0)
        // Who gives up lets those behind go on.
        #expect(budget.arrive("a", 40, 60) == .granted)
        #expect(budget.arrive("b", 50, 60) == .waits)
        #expect(budget.arrive("c", 60, 0) == .waits)
        #expect(budget.cancel(50) == [60])
    }

    @Test("bodies are read when there is room for them: those of one principal keep nobody else's waiting, and are given up in the end")
    func bodies() async throws {
        var limits = ServerLimits()
        limits.principalBodiesSize = 100_000
        limits.bodiesSize = 250_000
        limits.smallBodySize = 1_000
        limits.bodyPause = .seconds(3_600)
        try await TestHost.with(limits: limits) { host in
            let token = try await Self.otherToken(host)
            func head(_ token: String, _ length: String) -> String {
                "POST /api/topics HTTP/1.1\r\nhost: test.example\r\nauthorization: Bearer \(token)\r\ncontent-type: application/json\r\n"
                    + "expect: 100-continue\r\n\(length)\r\n\r\n"
            }
            let body = #"{"name": "T"}"# + String(repeating: " ", count: 60_000 - 13)
            try await TestConnection.with(port: host.port) { first in
                try await first.send(head(host.token, "content-length: 60000"))
                #expect(try await first.receive()?.status == 100)
                try await TestConnection.with(port: host.port) { second in
                    // Its length isn't known, so that it counts as the longest, once it turns out to be no small one.
                    try await second.send(head(host.token, "transfer-encoding: chunked"))
                    #expect(try await second.receive()?.status == 100)
                    try await second.send("7d0\r\n\(body.prefix(2_000))\r\n")
                    try await Self.wait(host, for: "tessera_http_bodies_waiting 1")
                    try await TestConnection.with(port: host.port) { other in
                        try await other.send(head(token, "content-length: 60000"))
                        #expect(try await other.receive()?.status == 100)
                        try await other.send(body)
                        #expect(try await other.receive()?.status == 201)
                    }
                    // Small ones don't wait.
                    #expect(try await host.send("POST", "/api/topics", body: #"{"name": "small"}"#).status == 201)
                    let metrics = try await host.send("GET", "/metrics").text
                    #expect(metrics.contains("tessera_http_body_bytes 60000\n") && metrics.contains("tessera_http_bodies_waiting 1\n"))
                    try await first.send(body)
                    #expect(try await first.receive()?.status == 201)
                    try await second.send("0\r\n\r\n")
                    #expect(try await second.receive()?.status == 201)
                }
            }
            try await Self.wait(host, for: "tessera_http_body_bytes 0")
        }
        limits.requestTime = .milliseconds(200)
        try await TestHost.with(limits: limits) { host in
            let head =
                "POST /api/topics HTTP/1.1\r\nhost: test.example\r\nauthorization: Bearer \(host.token)\r\ncontent-type: application/json\r\n"
                + "content-length: 90000\r\n\r\n"
            try await TestConnection.with(port: host.port) { first in
                try await first.send(head)
                try await Self.wait(host, for: "tessera_http_body_bytes 90000")
                try await TestConnection.with(port: host.port) { second in
                    try await second.send(head)
                    let answer = try await second.receive()
                    #expect(answer?.status == 503 && answer?.headers["retry-after"] == "1")
                }
            }
        }
    }

    @Test("answers that nobody takes hold their requests' places beyond a principal's part of the memory")
    func answers() async throws {
        var limits = ServerLimits()
        limits.principalAnswersSize = 24 * 1_048_576
        limits.principalRequests = 2
        limits.writeTime = .seconds(3_600)
        limits.requestTime = .seconds(3_600)
        try await TestHost.with(limits: limits) { host in
            let token = try await Self.otherToken(host)
            // Some 17 MB, which no socket takes.
            let fill = """
                INSERT INTO lab.topic (id, version, created_at, updated_at, created_by, updated_by, owner_id, name) SELECT gen_random_uuid(), 1, now(), now(), p.id, p.id, p.id, \
                repeat('long name ', 300) FROM generate_series(1, 5000), tessera.principal p WHERE p.name = 'Administrator'
                """
            _ = try await host.lab.client.query(SQL(verbatim: fill))
            let headers = ["authorization": "Bearer \(host.token)", "prefer": "maxpagesize=5000"]
            try await withThrowingTaskGroup(of: Void.self) { group in
                // One is within the part; two keep their places, so that the others aren't made.
                for _ in 0..<6 {
                    group.addTask {
                        try await TestConnection.with(port: host.port) { connection in
                            try await connection.send("GET", "/api/topics", headers, nil)
                            try await Task.sleep(for: .seconds(600))
                        }
                    }
                }
                func isAsExpected() async throws -> Bool {
                    let lines = try await host.send("GET", "/metrics").text.split(separator: "\n")
                    let held = lines.first { $0.hasPrefix("tessera_http_answer_bytes ") }.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
                    return held > 15_000_000 && lines.contains("tessera_http_requests_waiting 3")
                }
                for _ in 0..<6_000 {
                    if try await isAsExpected() { break }
                    try await Task.sleep(for: .milliseconds(10))
                }
                // Another's are made and taken meanwhile.
                #expect(try await host.send("GET", "/api/topics?top=50", headers: ["authorization": "Bearer \(token)"]).status == 200)
                #expect(try await isAsExpected())
                group.cancelAll()
                while await group.nextResult() != nil {}
            }
            try await Self.wait(host, for: "tessera_http_answer_bytes 0")
            #expect(try await host.send("GET", "/api/topics?top=5").status == 200)
        }
    }

    @Test("one client's flood doesn't keep another from being answered")
    func flood() async throws {
        var limits = ServerLimits()
        limits.workingRequests = 1
        limits.waitingRequests = 4
        try await TestHost.with(limits: limits) { host in
            let token = try await Self.otherToken(host)
            try await withThrowingTaskGroup(of: (String, Int, String?).self) { group in
                // Nobody gets at places until the transaction ends.
                try await host.lab.client.transaction { transaction in
                    _ = try await transaction.query("LOCK TABLE lab.place IN ACCESS EXCLUSIVE MODE")
                    for number in 0..<5 {
                        group.addTask {
                            let answer = try await host.send("GET", "/api/places?top=1")
                            return ("flood", answer.status, answer.headers["retry-after"])
                        }
                        try await Self.wait(host, until: number)
                    }
                    group.addTask {
                        let answer = try await host.send("GET", "/api/topics", headers: ["authorization": "Bearer \(token)"])
                        return ("small", answer.status, nil)
                    }
                    // The newcomer takes the place of the flood's youngest.
                    let refused = try await group.next()
                    #expect(refused.map { "\($0.0) \($0.1) \($0.2 ?? "")" } == "flood 503 1")
                }
                var order: [String] = []
                for try await (name, status, _) in group {
                    #expect(status == 200)
                    order.append(name)
                }
                #expect(order.sorted() == ["flood", "flood", "flood", "flood", "small"])
            }
            #expect(try await host.send("GET", "/metrics").text.contains("tessera_http_requests_refused_total 1"))
        }
    }

    /// The machine as a reference, so that expectations may change it.
    private final class Queue {
        private var machine: FairQueueMachine<String>

        private var owners: [UInt64: String] = [:]
        private var runners: [UInt64] = []

        init(room: Int, longest: Int, share: Int = .max) { machine = FairQueueMachine(room: room, longest: longest, share: share) }

        var running: Int { machine.running }
        var waiting: Int { machine.waiting }
        func arrive(_ owner: String, _ number: UInt64, requests: Int = 1) -> FairQueueMachine<String>.Arrival {
            owners[number] = owner
            let arrival = machine.arrive(owner, number, requests: requests)
            if arrival == .runs { runners.append(number) }
            return arrival
        }
        /// Ends the one that began first, or one of them.
        func finish(_ number: UInt64? = nil) -> UInt64? {
            let ended = number ?? runners[0]
            runners.removeAll { $0 == ended }
            let next = machine.finish(owners[ended] ?? "")
            if let next { runners.append(next) }
            return next
        }
        func cancel(_ number: UInt64) -> Bool { machine.cancel(number) }
    }

    private final class Budget {
        private var machine: ByteBudgetMachine<String>

        init(room: Int, share: Int, longest: Int) { machine = ByteBudgetMachine(room: room, share: share, longest: longest) }

        var held: Int { machine.held }
        var waiting: Int { machine.waiting }
        func arrive(_ owner: String, _ number: UInt64, _ bytes: Int) -> ByteBudgetMachine<String>.Arrival {
            machine.arrive(owner, number, bytes: machine.counted(bytes))
        }
        func take(_ owner: String, _ bytes: Int) -> Bool { machine.take(owner, bytes: bytes) }
        func release(_ owner: String, _ bytes: Int) -> [UInt64] { machine.release(owner, bytes: bytes) }
        func cancel(_ number: UInt64) -> [UInt64]? { machine.cancel(number) }
    }

    // MARK: -

    private static let other = GUID("00000000-0000-7000-8000-0000000000aa")!

    private static func otherToken(_ host: TestHost) async throws -> String {
        _ = try await host.lab.client.query(
            "INSERT INTO tessera.principal (id, kind, name) VALUES (\(bind: PostgresUUID(high: other.high, low: other.low)), 'service', 'other')"
        )
        _ = try await host.lab.client.query(
            "INSERT INTO tessera.role_assignment (principal_id, role) VALUES (\(bind: PostgresUUID(high: other.high, low: other.low)), 'administrator')"
        )
        return try await host.tokens.issue(for: other, label: "other").text
    }

    private static func wait(_ host: TestHost, until waiting: Int) async throws {
        try await wait(host, for: "tessera_http_requests_waiting \(waiting)")
    }

    private static func wait(_ host: TestHost, for line: String) async throws {
        while try await !host.send("GET", "/metrics").text.contains("\(line)\n") { await Task.yield() }
    }
}
