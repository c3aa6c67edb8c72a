import AsyncHTTPClient
import Glibc
package import NIOCore
import NIOHTTP1

/// Contents in a bucket of an S3-compatible store, each an object named by its digest. Signed with Signature Version 4; the store checks the
/// digest of what it is sent, and keeps an object whole or not at all. Large ones are sent in parts.
package struct S3Store: ContentStore {
    /// Times and sizes; others than the standard ones are for tests.
    package struct Limits: Sendable {
        /// How long a request without content may take, each time that it is sent.
        package var patience = TimeAmount.seconds(30)
        /// The longest that an object or a part may be under way: a few gigabytes over a slow line.
        package var longestTransfer = TimeAmount.hours(2)
        /// Larger contents are sent in parts of this size. The standard's bounds are 5 MiB to 5 GiB, and 10,000 parts.
        package var partSize: Int64 = 64 * 1_048_576
        /// Waits between attempts; each may be up to half as long again, so that those who failed together don't come back together.
        package var pauses: [Duration] = [.milliseconds(200), .milliseconds(800), .seconds(3)]

        package init() {}
    }

    let settings: S3Settings
    let limits: Limits
    private let signature: SignatureV4
    private let client = HTTPClient.shared

    package init(settings: S3Settings, limits: Limits = Limits()) {
        self.settings = settings
        self.limits = limits
        signature = SignatureV4(accessKey: settings.accessKey, secretKey: settings.secretKey, region: settings.region)
    }

    package var location: String { "\(settings.endpoint)/\(settings.bucket)/\(settings.prefix)" }

    package func keep(_ staged: StagedContent) async throws {
        if try await size(of: staged.digest) == staged.size { return }
        guard let file = try await blocking({ try ReadableFile(staged.path) }) else {
            throw FilesError(.storeFailed, "The staged content is gone.")
        }
        guard staged.size <= limits.partSize else { return try await S3Parts(store: self, file: file, content: staged).send() }
        let response = try await send(within: limits.longestTransfer) {
            var request = request("PUT", key: key(of: staged.digest), payloadHash: staged.digest.hex)
            request.headers.add(name: "content-type", value: "application/octet-stream")
            request.body = .stream(FilePieces(file: file, range: 0..<staged.size), length: .known(staged.size))
            return request
        }
        try await Self.expect(200...299, response)
    }

    package func size(of digest: ContentDigest) async throws -> Int64? {
        let response = try await send(within: limits.patience) { request("HEAD", key: key(of: digest)) }
        if response.status == .notFound { return nil }
        guard (200...299).contains(response.status.code) else { throw Self.refusal(Int(response.status.code), "") }
        return response.headers.first(name: "content-length").flatMap { Int64($0) }
    }

    package func read(_ digest: ContentDigest, _ range: Range<Int64>, piece: @Sendable (ByteBuffer) async throws -> Void) async throws {
        var place = range.lowerBound
        var failures = 0
        while true {
            let begun = place
            do {
                try await readOnce(digest, begun..<range.upperBound) { bytes in
                    try await piece(bytes)
                    place += Int64(bytes.readableBytes)
                }
                return
            } catch let broken as BrokenOff {
                // The rest is asked for, as long as that brings something.
                failures = place > begun ? 0 : failures + 1
                guard failures < limits.pauses.count else {
                    throw FilesError(.storeFailed, "The file store at \(settings.endpoint) broke off: \(broken.cause)")
                }
                try await pause(failures)
            }
        }
    }

    /// The connection ended in the middle of an answer.
    private struct BrokenOff: Error {
        var cause: String
    }

    private func readOnce(_ digest: ContentDigest, _ range: Range<Int64>, _ piece: (ByteBuffer) async throws -> Void) async throws {
        let response = try await send(within: limits.longestTransfer) {
            var request = request("GET", key: key(of: digest))
            request.headers.add(name: "range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
            return request
        }
        if response.status == .notFound || response.status == .rangeNotSatisfiable {
            throw FilesError(.contentMissing, "The store doesn't have the content of this file.")
        }
        try await Self.expect(206...206, response)
        var rest = Int(range.upperBound - range.lowerBound)
        var pieces = response.body.makeAsyncIterator()
        while true {
            let bytes: ByteBuffer
            do {
                guard let next = try await pieces.next() else { break }
                bytes = next
            } catch  where Self.mayPass(error) {
                throw BrokenOff(cause: "\(error)")
            }
            rest -= bytes.readableBytes
            guard rest >= 0 else { throw FilesError(.storeFailed, "The store sent more than it was asked for.") }
            try await piece(bytes)
        }
        guard rest == 0 else { throw FilesError(.contentMissing, "The content of this file ends too early.") }
    }

    package func remove(_ digest: ContentDigest) async throws {
        let response = try await send(within: limits.patience) { request("DELETE", key: key(of: digest)) }
        if response.status != .notFound { try await Self.expect(200...299, response) }
    }

    /// Asks for an object that need not be there.
    package func probe() async throws {
        let response = try await send(within: limits.patience) { request("GET", key: "probe") }
        guard !(200...299).contains(response.status.code) else { return }
        let text = try await Self.text(of: response)
        // A bucket that is missing answers 404 as well, but says so.
        guard response.status == .notFound, !text.contains("NoSuchBucket") else { throw Self.refusal(Int(response.status.code), text) }
    }

    // MARK: Requests

    func key(of digest: ContentDigest) -> String { "\(digest.hex.prefix(2))/\(digest.hex)" }

    /// - Parameters:
    ///   - key: without the prefix; nil for the bucket.
    ///   - query: names and values, which are encoded here.
    func request(
        _ method: String, key: String?, query: [(name: String, value: String)] = [], payloadHash: String = SignatureV4.emptyHash
    ) -> HTTPClientRequest {
        // Bucket, prefix and key are made of characters that need no encoding.
        let path = key.map { "/\(settings.bucket)/\(settings.prefix)\($0)" } ?? "/\(settings.bucket)"
        let query = SignatureV4.query(query)
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let time = SignatureV4.time(now.tv_sec)
        let headers = [("host", settings.host), ("x-amz-content-sha256", payloadHash), ("x-amz-date", time)]
        let signed = SignatureV4.Request(
            method: method, path: path, query: query, headers: headers.map { (name: $0.0, value: $0.1) }, payloadHash: payloadHash)
        var request = HTTPClientRequest(url: settings.endpoint + path + (query.isEmpty ? "" : "?\(query)"))
        request.method = HTTPMethod(rawValue: method)
        request.headers = HTTPHeaders(headers)
        request.headers.add(name: "authorization", value: signature.authorization(for: signed, time: time))
        return request
    }

    /// Sends a request, and again after a while where the store is too busy, can't be reached or doesn't answer in time. Every request of ours
    /// may be repeated; each attempt is signed anew.
    func send(within time: TimeAmount, _ request: () -> HTTPClientRequest) async throws -> HTTPClientResponse {
        var attempt = 0
        while true {
            let isLast = attempt >= limits.pauses.count
            do {
                let response = try await client.execute(request(), timeout: time)
                guard !isLast, Self.passing.contains(response.status) else { return response }
            } catch let error as CancellationError {
                throw error
            } catch let error as FilesError {
                throw error
            } catch {
                guard !isLast, Self.mayPass(error), !Task.isCancelled else {
                    throw FilesError(.storeFailed, "The file store at \(settings.endpoint) can't be reached: \(error)")
                }
            }
            try await pause(attempt)
            attempt += 1
        }
    }

    private func pause(_ attempt: Int) async throws {
        guard !limits.pauses.isEmpty else { return }
        let pause = limits.pauses[min(attempt, limits.pauses.count - 1)]
        try await ContinuousClock().sleep(for: pause + pause * Double.random(in: 0...0.5))
    }

    /// What a store answers that is too busy, or whose parts are.
    private static let passing: [HTTPResponseStatus] = [
        .internalServerError, .badGateway, .serviceUnavailable, .gatewayTimeout, .tooManyRequests, .requestTimeout,
    ]

    /// Whether a failure may be gone the next time: a connection that was closed, or no answer in time. That no connection came about isn't among
    /// them, since the client has tried until the time was over.
    private static func mayPass(_ error: any Error) -> Bool {
        switch error {
        case is IOError: true
        case let error as ChannelError: error == .ioOnClosedChannel || error == .eof
        case let error as HTTPClientError:
            [.remoteConnectionClosed, .readTimeout, .writeTimeout, .deadlineExceeded].contains(error)
        case is HTTPParserError: true
        default: false
        }
    }

    static func expect(_ statuses: ClosedRange<UInt>, _ response: HTTPClientResponse) async throws {
        guard !statuses.contains(response.status.code) else { return }
        throw refusal(Int(response.status.code), try await text(of: response))
    }

    /// An answer up to so many bytes, the rest of it passed over.
    static func text(of response: HTTPClientResponse, atMost size: Int = 4_096) async throws -> String {
        var text = ByteBuffer()
        for try await var bytes in response.body where text.readableBytes < size { text.writeBuffer(&bytes) }
        return String(buffer: text)
    }

    /// What the store's error document says: its `Code`.
    static func refusal(_ status: Int, _ text: String) -> FilesError {
        let code = S3Document.elements("Code", in: text).first.map { ", \($0.prefix(60))" } ?? ""
        return FilesError(.storeFailed, "The file store refused a request (\(status)\(code)).")
    }
}

/// A part of a staged file as the body of a request.
struct FilePieces: AsyncSequence, Sendable {
    let file: ReadableFile
    let range: Range<Int64>

    func makeAsyncIterator() -> Iterator { Iterator(file: file, end: range.upperBound, offset: range.lowerBound) }

    struct Iterator: AsyncIteratorProtocol {
        let file: ReadableFile
        let end: Int64
        var offset: Int64

        mutating func next() async throws -> ByteBuffer? {
            guard offset < end else { return nil }
            let (file, start) = (file, offset)
            let rest = Int(clamping: end - offset)
            let piece = try await blocking { try file.read(at: start, atMost: rest) }
            guard piece.readableBytes > 0 else { return nil }
            offset += Int64(piece.readableBytes)
            return piece
        }
    }
}
