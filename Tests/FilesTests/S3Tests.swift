import NIOCore
import TestKernel
import Testing

@testable import Files

@Suite("S3-compatible stores")
struct S3Tests {
    @Test("are signed as Amazon's own example has it")
    func signature() {
        // "GET Object" in "Authenticating Requests: Using the Authorization Header" of the Amazon S3 API Reference.
        let signature = SignatureV4(
            accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region: "us-east-1")
        let request = SignatureV4.Request(
            method: "GET", path: "/test.txt",
            headers: [
                ("x-amz-date", "20130524T000000Z"), ("host", "examplebucket.s3.amazonaws.com"), ("range", "bytes=0-9"),
                ("x-amz-content-sha256", SignatureV4.emptyHash),
            ], payloadHash: SignatureV4.emptyHash)
        #expect(
            signature.authorization(for: request, time: "20130524T000000Z")
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        #expect(
            SignatureV4.query([("uploads", ""), ("prefix", "a/b"), ("partNumber", "1"), ("max-uploads", "ä")])
                == "max-uploads=%C3%A4&partNumber=1&prefix=a%2Fb&uploads=")
        #expect(SignatureV4.time(1_369_353_600) == "20130524T000000Z")
    }

    @Test("have addresses that are checked")
    func settings() throws {
        func settings(_ address: String, _ endpoint: String? = nil) throws -> S3Settings {
            try S3Settings(address: address, endpoint: endpoint, region: "eu-central-1", accessKey: "a", secretKey: "b")
        }
        #expect(try settings("s3://crm").endpoint == "https://s3.eu-central-1.amazonaws.com")
        #expect(try settings("s3://crm/a/b").prefix == "a/b/")
        #expect(try settings("s3://crm", "http://127.0.0.1:9000/").host == "127.0.0.1:9000")
        for (address, endpoint) in [
            ("crm", nil), ("s3://", nil), ("s3://Crm", nil), ("s3://c?x", nil), ("s3://crm/ä", nil), ("s3://crm", "ftp://x"),
            ("s3://crm", "https://x/y"),
        ] {
            let error = #expect(throws: FilesError.self, "\(address)") { _ = try settings(address, endpoint) }
            #expect(error?.code == .badSettings)
        }
    }

    actor Collected {
        var bytes: [UInt8] = []
        func add(_ piece: ByteBuffer) { bytes += Array(piece.readableBytesView) }
    }

    private static func stage(_ content: [UInt8], _ staging: ContentStaging) async throws -> StagedContent {
        let file = try await staging.begin(limit: .max)
        try await file.write(ByteBuffer(bytes: content))
        return try await file.finish()
    }

    @Test("keep contents, give them back in ranges, and forget them")
    func objects() async throws {
        try await ObjectStore.with { server in
            try await server.make(bucket: "crm")
            let folder = try TestFolder.make()
            defer { TestFolder.remove(folder) }
            let staging = ContentStaging(folder: folder)
            let store = S3Store(settings: try server.settings(bucket: "crm"))
            try await store.probe()
            let content = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let staged = try await Self.stage(content, staging)
            #expect(try await store.size(of: staged.digest) == nil)
            try await store.keep(staged)
            try await store.keep(staged)
            #expect(try await store.size(of: staged.digest) == 700_000)
            for range in [0..<700_000, 0..<1, 699_999..<700_000, 300_000..<600_000] {
                let collected = Collected()
                try await store.read(staged.digest, Int64(range.lowerBound)..<Int64(range.upperBound)) { await collected.add($0) }
                #expect(await collected.bytes == Array(content[range]))
            }
            let empty = try await Self.stage([], staging)
            try await store.keep(empty)
            #expect(try await store.size(of: empty.digest) == 0)
            try await store.remove(staged.digest)
            try await store.remove(staged.digest)
            #expect(try await store.size(of: staged.digest) == nil)
            let error = await #expect(throws: FilesError.self) { try await store.read(staged.digest, 0..<1) { _ in } }
            #expect(error?.code == .contentMissing)
            // A content that isn't what its digest says is refused by the store itself.
            let other = try await Self.stage([1, 2, 3], staging)
            let forged = StagedContent(path: other.path, digest: staged.digest, size: 3, head: [])
            let refused = await #expect(throws: FilesError.self) { try await store.keep(forged) }
            // It may close the connection before its reason can be read.
            #expect(refused?.code == .storeFailed)
            #expect(try await store.size(of: staged.digest) == nil)
            // Who has no key, or no bucket, is told.
            let locked = S3Store(settings: try server.settings(bucket: "crm", secret: "wrong"))
            let refusal = await #expect(throws: FilesError.self) { try await locked.probe() }
            #expect(refusal?.message == "The file store refused a request (403, SignatureDoesNotMatch).")
            let elsewhere = S3Store(settings: try server.settings(bucket: "nobody"))
            let missing = await #expect(throws: FilesError.self) { try await elsewhere.probe() }
            #expect(missing?.message == "The file store refused a request (404, NoSuchBucket).")
        }
    }

    @Test("that can't be reached say so")
    func unreachable() async throws {
        let settings = try S3Settings(address: "s3://crm", endpoint: "http://127.0.0.1:1", region: nil, accessKey: "a", secretKey: "b")
        var limits = S3Store.Limits()
        limits.patience = .seconds(1)
        let store = S3Store(settings: settings, limits: limits)
        let error = await #expect(throws: FilesError.self) { try await store.probe() }
        #expect(error?.code == .storeFailed)
    }
}
