import NIOCore
import NIOHTTP1

/// Bodies that are read whole.
extension Conversation {
    /// A body, or what is wrong with it, and whether the connection stands behind it.
    struct Body {
        var content: Result<ByteBuffer, HTTPFault>
        var isAtEnd = false
        /// The memory that it takes up.
        var held: ByteBudget.Hold?

        static func failure(_ fault: HTTPFault) -> Body { Body(content: .failure(fault)) }
    }

    /// Reads a body; one that isn't small waits for its room in memory first, so that its client waits to send it.
    func readBody(of request: ServerRequest, limit: Int, _ admission: Admission, _ parts: inout Inbound.AsyncIterator) async throws -> Body
    {
        let encoding = request.header(.contentEncoding)?.lowercased()
        guard encoding == nil || encoding == "identity" || encoding == "gzip" else { return .failure(.unsupportedEncoding) }
        if let length = request.contentLength, length > limit { return .failure(.bodyTooLarge(limit: limit)) }
        let isCompressed = encoding == "gzip"
        let small = channel.limits.smallBodySize
        var held: ByteBudget.Hold?
        // What grows in memory takes up as much as it may.
        if limit > 0, request.hasBody, isCompressed || request.contentLength ?? 0 > small {
            let room = (request.contentLength ?? limit) + (isCompressed ? limit : 0)
            switch try await self.room(for: room, admission) {
            case .success(let room): held = room
            case .failure(let fault): return .failure(fault)
            }
        }
        try await promiseToRead(request)
        var body = ByteBuffer()
        while let part = try await parts.next() {
            switch part {
            case .head: return .failure(.malformed)
            case .body(var piece):
                guard body.readableBytes + piece.readableBytes <= limit else { return .failure(.bodyTooLarge(limit: limit)) }
                if held == nil, body.readableBytes + piece.readableBytes > small {
                    switch try await room(for: limit, admission) {
                    case .success(let room): held = room
                    case .failure(let fault): return .failure(fault)
                    }
                }
                body.writeBuffer(&piece)
            case .end:
                let content = isCompressed ? Compression.decompressed(body, limit: limit) : .success(body)
                if case .success(let content) = content { held?.shrink(to: content.readableBytes) }
                return Body(content: content, isAtEnd: true, held: held)
            }
        }
        return .failure(.malformed)
    }

    /// Waits for room for a body. Meanwhile nothing of it is taken from the connection; how long that may last is bounded as work is.
    private func room(for bytes: Int, _ admission: Admission) async throws -> Result<ByteBudget.Hold?, HTTPFault> {
        guard let room = admission.room else { return .success(nil) }
        let task = Task(executorPreference: executor) { try await room(bytes) }
        watch.value.beginWork { task.cancel() }
        let result = await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            task.cancel()
        }
        watch.value.endWork()
        if watch.value.ranOutOfTime { return .failure(.queueFull) }
        watch.value.enter(.body)
        do {
            return .success(try result.get())
        } catch let fault as HTTPFault {
            return .failure(fault)
        }
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
