import AsyncHTTPClient
import Glibc
package import NIOCore
import NIOHTTP1

/// Contents in a bucket of an S3-compatible store, each an object named by its digest. Signed with Signature Version 4; the store checks the
/// digest of what it is sent, and keeps an object whole or not at all.
package struct S3Store: ContentStore {
    /// How long a request without content may take.
    static let patience = TimeAmount.seconds(30)
    /// The longest that an object may be under way: a few gigabytes over a slow line.
    private static let longestTransfer = TimeAmount.hours(2)

    let settings: S3Settings
    private let signature: SignatureV4
    private let client = HTTPClient.shared

    package init(settings: S3Settings) {
        self.settings = settings
        signature = SignatureV4(accessKey: settings.accessKey, secretKey: settings.secretKey, region: settings.region)
    }

    package var location: String { "\(settings.endpoint)/\(settings.bucket)/\(settings.prefix)" }

    package func keep(_ staged: StagedContent) async throws {
        if try await size(of: staged.digest) == staged.size { return }
        guard let file = try await blocking({ try ReadableFile(staged.path) }) else {
            throw FilesError(.storeFailed, "The staged content is gone.")
        }
        var request = request("PUT", staged.digest, payloadHash: staged.digest.hex)
        request.headers.add(name: "content-type", value: "application/octet-stream")
        request.body = .stream(FilePieces(file: file, size: staged.size), length: .known(staged.size))
        let response = try await send(request, within: Self.longestTransfer)
        try await Self.expect(200...299, response)
    }

    package func size(of digest: ContentDigest) async throws -> Int64? {
        let response = try await send(request("HEAD", digest), within: Self.patience)
        if response.status == .notFound { return nil }
        guard (200...299).contains(response.status.code) else { throw Self.refusal(Int(response.status.code), "") }
        return response.headers.first(name: "content-length").flatMap { Int64($0) }
    }

    package func read(_ digest: ContentDigest, _ range: Range<Int64>, piece: @Sendable (ByteBuffer) async throws -> Void) async throws {
        var request = request("GET", digest)
        request.headers.add(name: "range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
        let response = try await send(request, within: Self.longestTransfer)
        if response.status == .notFound || response.status == .rangeNotSatisfiable {
            throw FilesError(.contentMissing, "The store doesn't have the content of this file.")
        }
        try await Self.expect(206...206, response)
        var rest = Int(range.upperBound - range.lowerBound)
        for try await bytes in response.body {
            rest -= bytes.readableBytes
            guard rest >= 0 else { throw FilesError(.storeFailed, "The store sent more than it was asked for.") }
            try await piece(bytes)
        }
        guard rest == 0 else { throw FilesError(.contentMissing, "The content of this file ends too early.") }
    }

    package func remove(_ digest: ContentDigest) async throws {
        let response = try await send(request("DELETE", digest), within: Self.patience)
        if response.status != .notFound { try await Self.expect(200...299, response) }
    }

    /// Asks for an object that need not be there.
    package func probe() async throws {
        let response = try await send(request("GET", key: "probe"), within: Self.patience)
        guard !(200...299).contains(response.status.code) else { return }
        let text = try await Self.text(of: response)
        // A bucket that is missing answers 404 as well, but says so.
        guard response.status == .notFound, !text.contains("NoSuchBucket") else { throw Self.refusal(Int(response.status.code), text) }
    }

    // MARK: Requests

    private func request(_ method: String, _ digest: ContentDigest, payloadHash: String = SignatureV4.emptyHash) -> HTTPClientRequest {
        request(method, key: "\(digest.hex.prefix(2))/\(digest.hex)", payloadHash: payloadHash)
    }

    func request(_ method: String, key: String, payloadHash: String = SignatureV4.emptyHash) -> HTTPClientRequest {
        // Bucket, prefix and key are made of characters that need no encoding.
        let path = "/\(settings.bucket)/\(settings.prefix)\(key)"
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let time = SignatureV4.time(now.tv_sec)
        let headers = [("host", settings.host), ("x-amz-content-sha256", payloadHash), ("x-amz-date", time)]
        let signed = SignatureV4.Request(
            method: method, path: path, headers: headers.map { (name: $0.0, value: $0.1) }, payloadHash: payloadHash)
        var request = HTTPClientRequest(url: settings.endpoint + path)
        request.method = HTTPMethod(rawValue: method)
        request.headers = HTTPHeaders(headers)
        request.headers.add(name: "authorization", value: signature.authorization(for: signed, time: time))
        return request
    }

    /// Waits between attempts at a store that says it is too busy (500, 503 SlowDown). Every request of ours may be repeated.
    private static let pauses: [Duration] = [.milliseconds(200), .milliseconds(800), .seconds(3)]

    func send(_ request: HTTPClientRequest, within time: TimeAmount) async throws -> HTTPClientResponse {
        for pause in Self.pauses {
            do {
                let response = try await attempt(request, within: time)
                guard response.status == .serviceUnavailable || response.status == .internalServerError else { return response }
            } catch  where Self.wasClosed(error) {
                // The store closed a connection that was kept open, just when it was to be used again.
            }
            try await ContinuousClock().sleep(for: pause)
        }
        return try await attempt(request, within: time, isLast: true)
    }

    private func attempt(_ request: HTTPClientRequest, within time: TimeAmount, isLast: Bool = false) async throws -> HTTPClientResponse {
        do {
            return try await client.execute(request, timeout: time)
        } catch let error as CancellationError {
            throw error
        } catch let error as FilesError {
            throw error
        } catch let error where !isLast && Self.wasClosed(error) {
            throw error
        } catch {
            throw FilesError(.storeFailed, "The file store at \(settings.endpoint) can't be reached: \(error)")
        }
    }

    private static func wasClosed(_ error: any Error) -> Bool {
        error as? ChannelError == .ioOnClosedChannel || error as? HTTPClientError == .remoteConnectionClosed
    }

    private static func expect(_ statuses: ClosedRange<UInt>, _ response: HTTPClientResponse) async throws {
        guard !statuses.contains(response.status.code) else { return }
        throw refusal(Int(response.status.code), try await text(of: response))
    }

    /// The beginning of an answer.
    private static func text(of response: HTTPClientResponse) async throws -> String {
        var text = ""
        for try await bytes in response.body where text.utf8.count < 4_096 { text += String(buffer: bytes) }
        return text
    }

    /// What the store's error document says: its `Code`.
    private static func refusal(_ status: Int, _ text: String) -> FilesError {
        var code = ""
        if let start = text.firstRange(of: "<Code>"), let end = text[start.upperBound...].firstRange(of: "</Code>") {
            code = ", " + text[start.upperBound..<end.lowerBound].prefix(60)
        }
        return FilesError(.storeFailed, "The file store refused a request (\(status)\(code)).")
    }
}

/// A staged file as the body of a request.
private struct FilePieces: AsyncSequence, Sendable {
    let file: ReadableFile
    let size: Int64

    func makeAsyncIterator() -> Iterator { Iterator(file: file, size: size) }

    struct Iterator: AsyncIteratorProtocol {
        let file: ReadableFile
        let size: Int64
        var offset: Int64 = 0

        mutating func next() async throws -> ByteBuffer? {
            guard offset < size else { return nil }
            let (file, start) = (file, offset)
            let rest = Int(clamping: size - offset)
            let piece = try await blocking { try file.read(at: start, atMost: rest) }
            guard piece.readableBytes > 0 else { return nil }
            offset += Int64(piece.readableBytes)
            return piece
        }
    }
}
