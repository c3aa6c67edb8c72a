import NIOCore
import NIOHTTP1

/// Bodies that are read whole.
extension Conversation {
    /// A body, or what is wrong with it, and whether the connection stands behind it.
    struct Body {
        var content: Result<ByteBuffer, HTTPFault>
        var isAtEnd = false

        static func failure(_ fault: HTTPFault) -> Body { Body(content: .failure(fault)) }
    }

    func readBody(of request: ServerRequest, limit: Int, _ parts: inout Inbound.AsyncIterator) async throws -> Body {
        let encoding = request.header(.contentEncoding)?.lowercased()
        guard encoding == nil || encoding == "identity" || encoding == "gzip" else { return .failure(.unsupportedEncoding) }
        if let length = request.contentLength, length > limit { return .failure(.bodyTooLarge(limit: limit)) }
        try await promiseToRead(request)
        var body = ByteBuffer()
        while let part = try await parts.next() {
            switch part {
            case .head: return .failure(.malformed)
            case .body(var piece):
                guard body.readableBytes + piece.readableBytes <= limit else { return .failure(.bodyTooLarge(limit: limit)) }
                body.writeBuffer(&piece)
            case .end:
                let content = encoding == "gzip" ? Compression.decompressed(body, limit: limit) : .success(body)
                return Body(content: content, isAtEnd: true)
            }
        }
        return .failure(.malformed)
    }

    /// Tells a client that asks first whether it may send its body.
    func promiseToRead(_ request: ServerRequest) async throws {
        guard request.hasBody, request.header(.expect)?.lowercased() == "100-continue" else { return }
        try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
    }

    /// Throws away a body that nobody wants; false when it is too long for that, so that the connection has to end.
    func passBody(of request: ServerRequest, _ parts: inout Inbound.AsyncIterator) async throws -> Bool {
        if request.hasBody {
            guard request.header(.expect) == nil, let length = request.contentLength, length <= channel.limits.headerSize else {
                return false
            }
        }
        while let part = try await parts.next() {
            if case .end = part { return true }
        }
        return false
    }
}
