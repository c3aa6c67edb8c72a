import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import TestKernel
import Testing

@testable import Files

@Suite("Large contents in S3-compatible stores")
struct S3PartsTests {
    private static let partSize = 5 * 1_048_576

    private static func limits() -> S3Store.Limits {
        var limits = S3Store.Limits()
        limits.partSize = Int64(partSize)
        limits.pauses = [.milliseconds(1), .milliseconds(1), .milliseconds(1)]
        return limits
    }

    private static func stage(_ content: [UInt8], _ staging: ContentStaging) async throws -> StagedContent {
        let file = try await staging.begin(limit: .max)
        try await file.write(ByteBuffer(bytes: content))
        return try await file.finish()
    }

    /// Two whole parts and a bit.
    private static let content = (0..<(2 * partSize + 70_001)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    private func read(_ store: S3Store, _ digest: ContentDigest, _ size: Int) async throws -> [UInt8] {
        let collected = S3Tests.Collected()
        try await store.read(digest, 0..<Int64(size)) { await collected.add($0) }
        return await collected.bytes
    }

    private func abandoned(_ store: S3Store) async throws -> Int { try await store.removeAbandoned(begunBefore: "9999-01-01T00:00:00") }

    @Test("go in parts, and come back whole, also when the store is busy, closes connections or doesn't answer in time")
    func parts() async throws {
        try await ObjectStore.with { server in
            try await server.make(bucket: "crm")
            let folder = try TestFolder.make()
            defer { TestFolder.remove(folder) }
            let staged = try await Self.stage(Self.content, ContentStaging(folder: folder))
            // HEAD, begin, three parts, complete; with each kind of failure in between.
            let plan = ["503", "pass", "503", "503", "pass", "pass", "close", "pass", "503", "pass", "503", "pass"]
            let (_, requests) = try await FlakyGateway.with(plan, before: server) { gateway in
                let store = S3Store(settings: try server.settings(bucket: "crm", port: gateway.port), limits: Self.limits())
                try await store.keep(staged)
                try await store.keep(staged)
            }
            let kinds = requests.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
            #expect(
                kinds == [
                    "503 HEAD", "pass HEAD", "503 POST", "503 POST", "pass POST", "pass PUT", "close PUT", "pass PUT", "503 PUT",
                    "pass PUT",
                    "503 POST", "pass POST", "pass HEAD",
                ], "\(requests)")
            #expect(requests.count { $0.contains("partNumber=2&") } == 2)
            let store = S3Store(settings: try server.settings(bucket: "crm"), limits: Self.limits())
            #expect(try await store.size(of: staged.digest) == Int64(Self.content.count))
            #expect(try await read(store, staged.digest, Self.content.count) == Self.content)
            #expect(try await abandoned(store) == 0)

            // A download goes on where it was cut.
            let (bytes, reads) = try await FlakyGateway.with(["cut", "503", "cut"], before: server) { gateway in
                let store = S3Store(settings: try server.settings(bucket: "crm", port: gateway.port), limits: Self.limits())
                return try await read(store, staged.digest, Self.content.count)
            }
            #expect(bytes == Self.content)
            #expect(reads.map { $0.prefix(4) } == ["cut ", "503 ", "cut ", "pass"], "\(reads)")
        }
    }

    @Test("leave no parts behind where a part is refused or the store stays away, and what killed servers left is collected")
    func aborted() async throws {
        try await ObjectStore.with { server in
            try await server.make(bucket: "crm")
            let folder = try TestFolder.make()
            defer { TestFolder.remove(folder) }
            let staging = ContentStaging(folder: folder)
            let staged = try await Self.stage(Self.content, staging)
            let store = S3Store(settings: try server.settings(bucket: "crm"), limits: Self.limits())
            // HEAD, begin, a part; then it stays busy for as long as it is asked.
            let plan = ["pass", "pass", "pass", "503", "503", "503", "503"]
            let (error, requests) = try await FlakyGateway.with(plan, before: server) { gateway in
                let store = S3Store(settings: try server.settings(bucket: "crm", port: gateway.port), limits: Self.limits())
                return await #expect(throws: FilesError.self) { try await store.keep(staged) }
            }
            #expect(error?.message == "The file store refused a request (503, SlowDown).")
            #expect(requests.last?.hasPrefix("pass DELETE /crm/files/") == true, "\(requests)")
            #expect(try await store.size(of: staged.digest) == nil)
            #expect(try await abandoned(store) == 0)
            // A content that isn't what its digest says never becomes an object.
            let other = try await Self.stage(Self.content + [1], staging)
            let forged = StagedContent(path: other.path, digest: staged.digest, size: other.size, head: [])
            let refused = await #expect(throws: FilesError.self) { try await store.keep(forged) }
            #expect(refused?.message == "The staged content isn't what its digest says.")
            #expect(try await store.size(of: staged.digest) == nil)
            #expect(try await abandoned(store) == 0)
            // An upload that nobody ended.
            let begun = try await store.send(within: .seconds(30)) {
                store.request("POST", key: store.key(of: staged.digest), query: [("uploads", "")])
            }
            #expect(begun.status == .ok)
            _ = try await S3Store.text(of: begun)
            #expect(try await store.removeAbandoned(begunBefore: "2020-01-01T00:00:00") == 0)
            #expect(try await abandoned(store) == 1)
            #expect(try await abandoned(store) == 0)
        }
    }

    @Test("a store that doesn't answer is asked again")
    func silent() async throws {
        try await ObjectStore.with { server in
            try await server.make(bucket: "crm")
            var limits = Self.limits()
            limits.patience = .seconds(5)
            let quick = limits
            let (_, requests) = try await FlakyGateway.with(["stall", "pass"], before: server) { gateway in
                try await S3Store(settings: try server.settings(bucket: "crm", port: gateway.port), limits: quick).probe()
            }
            #expect(requests.map { $0.prefix(5) } == ["stall", "pass "], "\(requests)")
        }
    }

    @Test("documents of stores are read with their entities")
    func documents() {
        let text = "<A><Code>x&amp;&quot;y</Code><Code></Code></A><Code>open"
        #expect(S3Document.elements("Code", in: text) == ["x&\"y", ""])
        #expect(S3Document.elements("A", in: text) == ["<Code>x&\"y</Code><Code></Code>"])
        #expect(S3Document.escaped("\"a<b>&\"") == "&quot;a&lt;b&gt;&amp;&quot;")
    }
}
