import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// A large content on its way to a store, part by part ("Uploading and copying objects using multipart upload" in the Amazon S3 User Guide).
///
/// Each part is checked by its own digest, and all of them together by the content's before they become an object. What fails is aborted, so
/// that no parts are left; those of a server that was killed are collected later (`S3Store.removeAbandoned`).
struct S3Parts {
    let store: S3Store
    let file: ReadableFile
    let content: StagedContent

    private var key: String { store.key(of: content.digest) }

    func send() async throws {
        let upload = try await begin()
        do {
            try await complete(upload, try await parts(upload))
        } catch {
            // Also where the task was cancelled: in one of its own.
            let (store, key) = (store, key)
            await Task { try? await store.abort(upload, of: key) }.value
            throw error
        }
    }

    private func begin() async throws -> String {
        let response = try await store.send(within: store.limits.patience) {
            var request = store.request("POST", key: key, query: [("uploads", "")])
            request.headers.add(name: "content-type", value: "application/octet-stream")
            return request
        }
        try await S3Store.expect(200...299, response)
        guard let upload = S3Document.elements("UploadId", in: try await S3Store.text(of: response)).first, !upload.isEmpty else {
            throw FilesError(.storeFailed, "The file store named no upload to send parts to.")
        }
        return upload
    }

    /// The tags of the parts, in their order.
    private func parts(_ upload: String) async throws -> [String] {
        // No more parts than the standard has room for.
        let size = max(store.limits.partSize, (content.size + 9_999) / 10_000)
        var whole = ContentHasher()
        var tags: [String] = []
        for start in stride(from: 0, to: content.size, by: Int64.Stride(size)) {
            try Task.checkCancellation()
            let range = start..<min(start + size, content.size)
            let digest = try await digest(of: range, adding: &whole)
            let response = try await store.send(within: store.limits.longestTransfer) {
                var request = store.request(
                    "PUT", key: key, query: [("partNumber", "\(tags.count + 1)"), ("uploadId", upload)], payloadHash: digest.hex)
                request.body = .stream(FilePieces(file: file, range: range), length: .known(range.upperBound - range.lowerBound))
                return request
            }
            try await S3Store.expect(200...299, response)
            guard let tag = response.headers.first(name: "etag") else {
                throw FilesError(.storeFailed, "The file store gave a part no tag.")
            }
            tags.append(tag)
        }
        guard whole.finish() == content.digest else {
            throw FilesError(.storeFailed, "The staged content isn't what its digest says.")
        }
        return tags
    }

    private func digest(of range: Range<Int64>, adding whole: inout ContentHasher) async throws -> ContentDigest {
        var part = ContentHasher()
        var place = range.lowerBound
        while place < range.upperBound {
            let (file, start, rest) = (file, place, Int(range.upperBound - place))
            let piece = try await blocking { try file.read(at: start, atMost: rest) }
            guard piece.readableBytes > 0 else { throw FilesError(.storeFailed, "The staged content ends too early.") }
            piece.withUnsafeReadableBytes { bytes in
                part.update(bytes)
                whole.update(bytes)
            }
            place += Int64(piece.readableBytes)
        }
        guard let digest = part.finish() else { throw FilesError(.storeFailed, "The digest of a part can't be computed.") }
        return digest
    }

    private func complete(_ upload: String, _ tags: [String]) async throws {
        let parts = tags.enumerated().map { index, tag in
            "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(S3Document.escaped(tag))</ETag></Part>"
        }
        let document =
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(parts.joined())</CompleteMultipartUpload>"
        let hash = SignatureV4.hash(document)
        let response = try await store.send(within: store.limits.longestTransfer) {
            var request = store.request("POST", key: key, query: [("uploadId", upload)], payloadHash: hash)
            request.headers.add(name: "content-type", value: "application/xml")
            request.body = .bytes(ByteBuffer(string: document))
            return request
        }
        let status = Int(response.status.code)
        let text = try await S3Store.text(of: response)
        // The answer begins before the parts are put together: that it failed may stand in a body with status 200. An attempt whose answer was
        // lost has used the upload up, so that what counts is the object.
        if (200...299).contains(status), !text.contains("<Error>") { return }
        if try await store.size(of: content.digest) == content.size { return }
        throw S3Store.refusal(status, text)
    }
}

extension S3Store {
    /// Gives up an upload in parts, with the parts that were sent.
    func abort(_ upload: String, of key: String) async throws {
        let response = try await send(within: limits.patience) { request("DELETE", key: key, query: [("uploadId", upload)]) }
        if response.status != .notFound { try await Self.expect(200...299, response) }
    }

    /// Gives up uploads in parts that servers began and didn't live to end.
    package func removeAbandoned(begunBefore time: String) async throws -> Int {
        let response = try await send(within: limits.patience) {
            request("GET", key: nil, query: [("max-uploads", "1000"), ("prefix", settings.prefix), ("uploads", "")])
        }
        try await Self.expect(200...299, response)
        var count = 0
        for upload in S3Document.elements("Upload", in: try await Self.text(of: response, atMost: 2_097_152)) {
            guard let key = S3Document.elements("Key", in: upload).first, key.hasPrefix(settings.prefix),
                let id = S3Document.elements("UploadId", in: upload).first,
                let begun = S3Document.elements("Initiated", in: upload).first, begun.prefix(19) < time.prefix(19)
            else { continue }
            let own = String(key.dropFirst(settings.prefix.utf8.count))
            // Nothing but contents is ours, whatever else is in the bucket.
            guard own.utf8.count == 67, own.utf8.allSatisfy({ $0 == UInt8(ascii: "/") || Self.isHexadecimal($0) }) else { continue }
            try await abort(id, of: own)
            count += 1
        }
        return count
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool { byte &- 48 < 10 || byte &- 97 < 6 }
}
