import NIOCore
import NIOHTTP1

/// The requests and answers of one connection.
struct Conversation<R: Responder>: Sendable {
    typealias Inbound = NIOAsyncChannelInboundStream<HTTPServerRequestPart>
    typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    let channel: ConnectionChannel<R>
    let outbound: Outbound
    let watch: NIOLoopBound<ConnectionWatch>
    let executor: EventLoopTaskExecutor

    private var responder: R { channel.responder }

    func run(_ inbound: Inbound) async throws {
        var parts = inbound.makeAsyncIterator()
        do {
            while let part = try await parts.next() {
                guard case .head(let head) = part, try await answer(head, &parts), !watch.value.isQuiescing else { break }
                watch.value.enter(.idle)
            }
        } catch {
            guard let fault = HTTPFault(parsing: error) else { throw error }
            watch.value.enter(.draining)
            try await write(responder.answer(to: fault), closing: true, withoutBody: false)
            outbound.finish()
            return
        }
        outbound.finish()
        try await drain(&parts)
    }

    /// Answers one request; false when it was the connection's last.
    private func answer(_ head: HTTPRequestHead, _ parts: inout Inbound.AsyncIterator) async throws -> Bool {
        let start = ContinuousClock.now
        watch.value.enter(.body)
        let request = ServerRequest(head: head)
        guard channel.load.begin() else {
            try await write(responder.answer(to: .busy), closing: true, withoutBody: head.method == .HEAD)
            return false
        }
        defer { channel.load.end() }
        var route = Route.other
        var bodyIsRead = false
        var response: ServerResponse
        if let fault = refusal(of: head, request) {
            response = responder.answer(to: fault)
        } else {
            let admission = await responder.admit(request)
            route = admission.route
            switch admission.step {
            case .answer(let finished):
                response = finished
            case .work(let bodyLimit, let run):
                let body = try await readBody(of: request, limit: bodyLimit, &parts)
                bodyIsRead = body.isAtEnd
                switch body.content {
                case .success(let content): response = await work(run, content)
                case .failure(let fault): response = responder.answer(to: fault)
                }
            }
        }
        if !bodyIsRead { bodyIsRead = try await passBody(of: request, &parts) }
        let closing = !bodyIsRead || !head.isKeepAlive || watch.value.isQuiescing
        response = Compression.applied(to: response, for: request)
        try await write(response, closing: closing, withoutBody: head.method == .HEAD)
        responder.finished(route, request, status: Int(response.status.code), duration: ContinuousClock.now - start)
        return !closing
    }

    private func refusal(of head: HTTPRequestHead, _ request: ServerRequest) -> HTTPFault? {
        if head.uri.utf8.count > channel.limits.targetLength { return .targetTooLong }
        if request.hostCount > 1 || (request.hostCount == 0 && head.version == .http1_1) { return .noHost }
        return nil
    }

    // MARK: Work

    /// Runs the work of a request so that it can be cancelled: by time, by the client's leaving, by a shutdown that can wait no longer.
    private func work(_ run: @escaping @Sendable (ByteBuffer) async -> ServerResponse, _ body: ByteBuffer) async -> ServerResponse {
        let task = Task(executorPreference: executor) { await run(body) }
        watch.value.beginWork { task.cancel() }
        let response = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        watch.value.endWork()
        return watch.value.ranOutOfTime ? responder.answer(to: .answerTooSlow) : response
    }

    // MARK: Bodies

    /// A body, or what is wrong with it, and whether the connection stands behind it.
    private struct Body {
        var content: Result<ByteBuffer, HTTPFault>
        var isAtEnd = false

        static func failure(_ fault: HTTPFault) -> Body { Body(content: .failure(fault)) }
    }

    private func readBody(of request: ServerRequest, limit: Int, _ parts: inout Inbound.AsyncIterator) async throws -> Body {
        let encoding = request.header(.contentEncoding)?.lowercased()
        guard encoding == nil || encoding == "identity" || encoding == "gzip" else { return .failure(.unsupportedEncoding) }
        if let length = request.header(.contentLength).flatMap({ Int($0) }), length > limit {
            return .failure(.bodyTooLarge(limit: limit))
        }
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
    private func promiseToRead(_ request: ServerRequest) async throws {
        guard request.hasBody, request.header(.expect)?.lowercased() == "100-continue" else { return }
        try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
    }

    /// Throws away a body that nobody wants; false when it is too long for that, so that the connection has to end.
    private func passBody(of request: ServerRequest, _ parts: inout Inbound.AsyncIterator) async throws -> Bool {
        if request.hasBody {
            guard request.header(.expect) == nil, let length = request.header(.contentLength).flatMap({ Int($0) }),
                length <= channel.limits.headerSize
            else { return false }
        }
        while let part = try await parts.next() {
            if case .end = part { return true }
        }
        return false
    }

    /// Takes what the client still sends, so that the answer isn't lost to a reset; the watch bounds the time.
    private func drain(_ parts: inout Inbound.AsyncIterator) async throws {
        watch.value.enter(.draining)
        while try await parts.next() != nil {}
    }

    // MARK: Writing

    /// Keeps browsers from doing anything with an answer but what its reader asked for.
    private static var security: ServerResponse.Headers {
        [
            ("cache-control", "private, no-cache"), ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"), ("referrer-policy", "no-referrer"),
        ]
    }

    private func write(_ response: ServerResponse, closing: Bool, withoutBody: Bool) async throws {
        var headers = response.headers
        headers.reserveCapacity(headers.count + Self.security.count + 3)
        headers += Self.security
        headers.append(("date", channel.date.current))
        if closing { headers.append(("connection", "close")) }
        if case .bytes(let bytes) = response.body {
            headers.append(("content-length", String(bytes.readableBytes)))
        } else if response.status.mayHaveResponseBody {
            headers.append(("content-length", "0"))
        }
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: HTTPHeaders(headers))
        switch response.body {
        case .none:
            try await outbound.write(contentsOf: [.head(head), .end(nil)])
        case .bytes(let bytes):
            if withoutBody {
                try await outbound.write(contentsOf: [.head(head), .end(nil)])
            } else {
                try await outbound.write(contentsOf: [.head(head), .body(.byteBuffer(bytes)), .end(nil)])
            }
        }
    }
}

extension HTTPResponseStatus {
    /// Whether the standard lets a response with this status have a body at all.
    var mayHaveResponseBody: Bool { code >= 200 && self != .noContent && self != .notModified }
}
