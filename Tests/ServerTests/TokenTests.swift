import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Server

@Suite("Tokens")
struct TokenTests {
    @Test("have a prefix, 30 random characters and a checksum")
    func form() throws {
        let tokens = try (0..<200).map { _ in try BearerToken.random().text }
        #expect(Set(tokens).count == tokens.count)
        for token in tokens {
            #expect(token.utf8.count == 40)
            #expect(token.hasPrefix("tsr_"))
            #expect(BearerToken(token)?.text == token)
        }
        // Every character of the alphabet turns up: 6,000 draws miss one of 62 with a chance of 10^-40.
        #expect(Set(tokens.joined().dropFirst(4).filter { $0 != "_" }).count >= 62)
    }

    @Test("with one wrong character are told from real ones")
    func checksum() throws {
        let text = Array(try BearerToken.random().text.utf8)
        for index in text.indices {
            var wrong = text
            wrong[index] = wrong[index] == UInt8(ascii: "x") ? UInt8(ascii: "y") : UInt8(ascii: "x")
            #expect(BearerToken(String(decoding: wrong, as: UTF8.self)) == nil)
        }
        for text in ["", "tsr_", "tsr_\(String(repeating: "é", count: 18))", String(repeating: "0", count: 40)] {
            #expect(BearerToken(text) == nil)
        }
    }

    @Test("are checked as gzip checks, and digested as SHA-256 does")
    func algorithms() throws {
        #expect(CRC32.checksum(of: Array("123456789".utf8)[...]) == 0xCBF4_3926)
        let digest = TokenDigest(of: Array("abc".utf8)).bytes.map { String($0, radix: 16) }.joined()
        #expect(digest.hasPrefix("ba7816bf8f1cfea414140de5dae2223b0361a396177a9cb410ff61f2015ad"))
    }

    @Test("never show in logs")
    func description() throws {
        let token = try BearerToken.random()
        #expect("\(token)" == "tsr_…")
        #expect(String(reflecting: token) == "tsr_…")
    }

    @Test("are remembered for a while, refused ones shorter, and no more than fit")
    func cache() throws {
        let cache = TokenCache(lifetime: .seconds(5), lifetimeOfRefusals: .seconds(1), capacity: 2)
        let start = ContinuousClock.now
        let digests = (0..<3).map { TokenDigest(of: [UInt8($0)]) }
        let someone = GUID(high: 1, low: 2)
        cache.keep(someone, for: digests[0], now: start)
        cache.keep(nil, for: digests[1], now: start)
        #expect(cache.look(up: digests[0], now: start) == .principal(someone))
        #expect(cache.look(up: digests[1], now: start) == .refused)
        #expect(cache.look(up: digests[1], now: start + .seconds(1)) == .unknown)
        #expect(cache.look(up: digests[0], now: start + .milliseconds(4_999)) == .principal(someone))
        #expect(cache.look(up: digests[0], now: start + .seconds(5)) == .unknown)
        cache.keep(someone, for: digests[2], expiresIn: .seconds(2), now: start + .seconds(2))
        #expect(cache.look(up: digests[0], now: start + .seconds(2)) == .principal(someone))
        #expect(cache.look(up: digests[2], now: start + .seconds(4)) == .unknown)
        cache.forget(digests[0])
        #expect(cache.look(up: digests[0], now: start) == .unknown)
    }

    @Test("open the API until they are revoked, and are stored as digests only")
    func life() async throws {
        try await TestHost.with { host in
            #expect(try await host.tokens.createAdministratorIfNone() == nil)
            let second = try await host.tokens.issue(for: .administrator, label: "second", lifetime: .seconds(3_600))
            let header = ["authorization": "Bearer \(second.text)"]
            #expect(try await host.send("GET", "/api", headers: header).status == 200)
            let entries = try await host.tokens.list()
            #expect(entries.map(\.label) == ["first start", "second"])
            try await host.tokens.revoke(try #require(entries.last).id)
            #expect(try await host.send("GET", "/api", headers: header).status == 401)
            let error = await #expect(throws: TokenError.self) { try await host.tokens.revoke(GUID(high: 0, low: 0)) }
            #expect(error?.code == .notFound)
            let stored = try await host.lab.client.query("SELECT count(*) FROM tessera.token WHERE encode(digest, 'escape') LIKE '%tsr%'")
            #expect(try stored.int64(row: 0, column: 0) == 0)
        }
    }

    @Test("that have ended open nothing")
    func expiry() async throws {
        try await TestHost.with { host in
            let token = try await host.tokens.issue(for: .administrator, label: "over", lifetime: .seconds(-1))
            #expect(try await host.send("GET", "/api", headers: ["authorization": "Bearer \(token.text)"]).status == 401)
            _ = try await host.lab.client.query("UPDATE tessera.principal SET disabled_at = now()")
            let other = try await host.tokens.issue(for: .administrator, label: "of nobody")
            #expect(try await host.send("GET", "/api", headers: ["authorization": "Bearer \(other.text)"]).status == 401)
        }
    }
}
