import NIOCore
import ServiceLifecycle
import Synchronization
import Testing

@testable import Server

@Suite("Streams")
struct StreamTests {
    static let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 10_000)

    // MARK: Requests

    @Test("of a request reach their reader whole, announced or in chunks, and the connection goes on")
    func upload() async throws {
        try await StreamHost.with { host in
            try await TestConnection.with(port: host.port) { connection in
                let body = [UInt8](repeating: 7, count: 300_000)
                try await connection.send("POST", "/count", [:], body)
                #expect(try await connection.receive()?.text == "300000")
                try await connection.send(
                    "POST /count HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
                #expect(try await connection.receive()?.text == "5")
                try await connection.send("POST", "/count", ["content-length": "0"], nil)
                #expect(try await connection.receive()?.text == "0")
                // A reader that has enough: what is left of a short body is passed over.
                try await connection.send("POST", "/ignore", [:], [UInt8](repeating: 7, count: 20_000))
                #expect(try await connection.receive()?.text == "ignored")
                try await connection.send("POST", "/count", [:], [1, 2, 3])
                #expect(try await connection.receive()?.text == "3")
            }
        }
    }

    @Test("of a request are asked for only when they are read")
    func expectContinue() async throws {
        try await StreamHost.with { host in
            try await TestConnection.with(port: host.port) { connection in
                let head = "HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n"
                try await connection.send("POST /count \(head)")
                #expect(try await connection.receive()?.status == 100)
                try await connection.send("abc")
                #expect(try await connection.receive()?.text == "3")
                try await connection.send("POST /ignore \(head)")
                let answer = try #require(try await connection.receive())
                #expect(answer.status == 200)
                #expect(answer.headers["connection"] == "close")
            }
        }
    }

    struct Fault: CustomTestStringConvertible {
        var testDescription: String
        var rest: String
        var status: Int
        var code: String
    }

    static let faults = [
        Fault(testDescription: "too long, announced", rest: "content-length: 2000000\r\n\r\n", status: 413, code: "http.body_too_large"),
        Fault(
            testDescription: "too long, in chunks",
            rest: "transfer-encoding: chunked\r\n\r\nf4241\r\n\(String(repeating: "a", count: 1_000_001))", status: 413,
            code: "http.body_too_large"),
        Fault(
            testDescription: "encoded", rest: "content-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc", status: 415,
            code: "http.unsupported_encoding"),
        Fault(testDescription: "too slow", rest: "content-length: 9\r\n\r\nabc", status: 408, code: "http.request_timeout"),
        Fault(testDescription: "broken", rest: "transfer-encoding: chunked\r\n\r\nxyz\r\n", status: 400, code: "http.malformed"),
    ]

    @Test("of a request that can't be taken end with an error, for the client and for the reader", arguments: faults)
    func refusedUpload(fault: Fault) async throws {
        var limits = ServerLimits()
        limits.bodyPause = .milliseconds(200)
        try await StreamHost.with(limits) { host in
            try await TestConnection.with(port: host.port) { connection in
                try await connection.send("POST /count HTTP/1.1\r\nhost: x\r\n" + fault.rest)
                let answer = try #require(try await connection.receive())
                #expect(answer.status == fault.status)
                #expect(answer.text.contains(fault.code))
            }
            #expect(host.responder.wholeBodies.load(ordering: .relaxed) == 0)
        }
    }

    @Test("of a request that is cut off end with an error for the reader")
    func cutUpload() async throws {
        try await StreamHost.with { host in
            try await TestConnection.with(port: host.port) { connection in
                try await connection.send("POST /count HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc")
            }
            await host.responder.ended()
            #expect(host.responder.wholeBodies.load(ordering: .relaxed) == 0)
        }
    }

    @Test("of a request are taken from the connection one by one, as they are asked for")
    func backPressure() async throws {
        let body = IncomingBody(length: nil)
        let source = Task {
            var supplied = 0
            while await body.exchange.isWanted() {
                supplied += 1
                body.exchange.supply(ByteBuffer(integer: UInt8(supplied)))
            }
            return supplied
        }
        var received: [UInt8] = []
        for try await piece in body {
            received += Array(piece.readableBytesView)
            if received.count == 3 { break }
        }
        body.exchange.finish()
        #expect(received == [1, 2, 3])
        #expect(await source.value == 3)
    }

    // MARK: Answers

    @Test("of an answer come in chunks, or with their length, never compressed")
    func download() async throws {
        try await StreamHost.with { host in
            try await TestConnection.with(port: host.port) { connection in
                for (path, length) in [("/chunks", nil), ("/sized", "50000")] {
                    try await connection.send("GET", path, ["accept-encoding": "gzip"], nil)
                    let answer = try #require(try await connection.receive())
                    #expect(answer.body.count == 50_000)
                    #expect(answer.isWhole)
                    #expect(answer.headers["content-length"] == length)
                    #expect(answer.headers["content-encoding"] == nil)
                    try await connection.send("HEAD", path, [:], nil)
                    let head = try #require(try await connection.receive(withoutBody: true))
                    #expect(head.status == 200)
                    #expect(head.headers["content-length"] == length)
                }
                try await connection.send("GET", "/empty", [:], nil)
                #expect(try await connection.receive()?.body == [])
                try await connection.send("GET /chunks HTTP/1.0\r\nhost: x\r\n\r\n")
                let old = try #require(try await connection.receive(withoutBody: true))
                #expect(old.headers["transfer-encoding"] == nil)
                #expect(old.headers["connection"] == "close")
                #expect(try await connection.receiveAll().count == 50_000)
            }
        }
    }

    @Test("of an answer that fail before their first piece are answered as errors, later ones cut the connection")
    func failures() async throws {
        var limits = ServerLimits()
        limits.requestTime = .milliseconds(300)
        try await StreamHost.with(limits) { host in
            for (path, status) in [("/fails", 500), ("/hangs", 504)] {
                let answer = try await host.get(path)
                #expect(answer.status == status, "\(path)")
                #expect(answer.isWhole)
            }
            for path in ["/breaks", "/stalls", "/short", "/long"] {
                let answer = try await host.get(path)
                #expect(answer.status == 200, "\(path)")
                #expect(!answer.isWhole, "\(path)")
            }
        }
    }

    @Test("of an answer end when their client goes", .timeLimit(.minutes(1)))
    func clientGone() async throws {
        var limits = ServerLimits()
        limits.requestTime = .seconds(600)
        try await StreamHost.with(limits) { host in
            try await TestConnection.with(port: host.port) { connection in
                try await connection.send("GET /endless HTTP/1.1\r\nhost: x\r\n\r\n")
            }
            await host.responder.ended()
            try await TestConnection.with(port: host.port) { connection in
                try await connection.send("GET /waits HTTP/1.1\r\nhost: x\r\n\r\n")
                await host.responder.began()
            }
            await host.responder.ended()
        }
    }

    @Test("of an answer are finished by a server that is told to stop")
    func shutdown() async throws {
        try await StreamHost.with { host in
            try await TestConnection.with(port: host.port) { connection in
                try await connection.send("GET /waits HTTP/1.1\r\nhost: x\r\n\r\n")
                await host.responder.began()
                await host.services.triggerGracefulShutdown()
                host.responder.gate.continuation.yield()
                let answer = try #require(try await connection.receive())
                #expect(answer.text == "one two")
                #expect(answer.isWhole)
                try await connection.waitForEnd()
            }
        }
    }

    // MARK: Time

    @Test("may last as long as they move: only a pause ends them")
    func pace() {
        let start = ContinuousClock.now
        var limits = ServerLimits()
        limits.bodyPause = .seconds(10)
        limits.bodyTime = .seconds(20)
        limits.requestTime = .seconds(10)
        limits.writeTime = .seconds(30)
        var phase = ConnectionPhase(now: start)
        for hour in 1...24 {
            let now = start + .seconds(3_600 * hour)
            phase.enter(.piece, now: now)
            #expect(phase.verdict(limits, now: now + .seconds(9)) == .goOn)
            phase.receivedBytes(now: now + .seconds(9))
            #expect(phase.verdict(limits, now: now + .seconds(18)) == .goOn)
            #expect(phase.verdict(limits, now: now + .seconds(19)) == .requestTooSlow)
            phase.enter(.work, now: now + .seconds(18))
            #expect(phase.verdict(limits, now: now + .seconds(27)) == .goOn)
            #expect(phase.verdict(limits, now: now + .seconds(28)) == .answerTooSlow)
            // A client that takes its time isn't the work's fault, until it takes nothing at all.
            phase.writability(false, now: now + .seconds(20))
            #expect(phase.verdict(limits, now: now + .seconds(49)) == .goOn)
            #expect(phase.verdict(limits, now: now + .seconds(50)) == .cut)
            phase.writability(true, now: now + .seconds(49))
            #expect(phase.verdict(limits, now: now + .seconds(58)) == .goOn)
            phase.enter(.keeping, now: now + .seconds(58))
            #expect(phase.verdict(limits, now: now + .seconds(3_657)) == .goOn)
            #expect(phase.verdict(limits, now: now + .seconds(3_658)) == .answerTooSlow)
        }
    }
}
