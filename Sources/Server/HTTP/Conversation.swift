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

    var responder: R { channel.responder }

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
        var isLoad = true
        defer { if isLoad { channel.load.end() } }
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
                let body = try await readBody(of: request, limit: bodyLimit, admission, &parts)
                bodyIsRead = body.isAtEnd
                switch body.content {
                case .success(let content): response = await work(head.method == .GET ? .endsSoon : .ignored) { await run(content) }
                case .failure(let fault): response = responder.answer(to: fault)
                }
                withExtendedLifetime(body.held) {}
            case .transfer(let bodyLimit, let run):
                (response, bodyIsRead) = try await transfer(request, limit: bodyLimit, &parts, run)
            }
        }
        if !bodyIsRead { bodyIsRead = try await passBody(of: request, &parts) }
        var closing = !bodyIsRead || !head.isKeepAlive || watch.value.isQuiescing
        if case .stream(let stream) = response.body, head.method != .HEAD {
            // HTTP/1.0 has no chunks: there the end of the connection is the end of the answer.
            if head.version == .http1_0 { closing = true }
            if stream.lasts {
                channel.load.end()
                isLoad = false
            }
            response = try await send(stream, of: response, to: request, version: head.version, closing: closing)
        } else {
            response = Compression.applied(to: response, for: request)
            defer { withExtendedLifetime(response.held) {} }
            try await write(response, closing: closing, withoutBody: head.method == .HEAD)
        }
        responder.finished(route, request, status: Int(response.status.code), duration: ContinuousClock.now - start)
        return !closing
    }

    private func refusal(of head: HTTPRequestHead, _ request: ServerRequest) -> HTTPFault? {
        if head.uri.utf8.count > channel.limits.targetLength { return .targetTooLong }
        if request.hostCount > 1 || (request.hostCount == 0 && head.version == .http1_1) { return .noHost }
        if let coding = request.header(.transferEncoding), coding.lowercased() != "chunked" { return .unsupportedTransferCoding }
        return nil
    }

    // MARK: Work

    /// Runs the work of a request so that it can be cancelled: by time, by the client's leaving, by a shutdown that can wait no longer.
    private func work(_ inputEnd: ConnectionWatch.InputEnd, _ run: @escaping @Sendable () async -> ServerResponse) async -> ServerResponse {
        let task = Task(executorPreference: executor) { await run() }
        watch.value.beginWork(inputEnd) { task.cancel() }
        let response = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        watch.value.endWork()
        return watch.value.ranOutOfTime ? responder.answer(to: .answerTooSlow) : response
    }

    /// Takes what the client still sends, so that the answer isn't lost to a reset; the watch bounds the time.
    private func drain(_ parts: inout Inbound.AsyncIterator) async throws {
        watch.value.enter(.draining)
        while try await parts.next() != nil {}
    }

    // MARK: Writing

    /// What a connection holds of an answer beside the client's own buffers.
    static var pieceSize: Int { 65_536 }

    /// Keeps browsers from doing anything with an answer but what its reader asked for.
    private static var security: ServerResponse.Headers {
        [
            ("cache-control", "private, no-cache"), ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"), ("referrer-policy", "no-referrer"),
        ]
    }

    func head(of response: ServerResponse, version: HTTPVersion = .http1_1, closing: Bool) -> HTTPResponseHead {
        var headers = response.headers
        headers.reserveCapacity(headers.count + Self.security.count + 3)
        headers += Self.security
        headers.append(("date", channel.date.current))
        if closing { headers.append(("connection", "close")) }
        switch response.body {
        case .bytes(let bytes): headers.append(("content-length", String(bytes.readableBytes)))
        case .stream(let stream): if let length = stream.length { headers.append(("content-length", String(length))) }
        case .none: if response.status.mayHaveResponseBody { headers.append(("content-length", "0")) }
        }
        return HTTPResponseHead(version: version, status: response.status, headers: HTTPHeaders(headers))
    }

    func write(_ response: ServerResponse, closing: Bool, withoutBody: Bool) async throws {
        let head = head(of: response, closing: closing)
        switch response.body {
        case .bytes(let bytes) where !withoutBody && bytes.readableBytes > Self.pieceSize:
            // In pieces, each when the client has taken most of what came before: so it is known when an answer has gone.
            watch.value.makesProgress()
            try await outbound.write(.head(head))
            var rest = bytes
            while let piece = rest.readSlice(length: min(rest.readableBytes, Self.pieceSize)), piece.readableBytes > 0 {
                try await outbound.write(.body(.byteBuffer(piece)))
            }
            try await outbound.write(.end(nil))
        case .bytes(let bytes) where !withoutBody:
            try await outbound.write(contentsOf: [.head(head), .body(.byteBuffer(bytes)), .end(nil)])
        case .stream(let stream) where stream.length == nil:
            // The head of an answer in chunks; its end would be written as a chunk.
            try await outbound.write(.head(head))
        case .none, .bytes, .stream:
            try await outbound.write(contentsOf: [.head(head), .end(nil)])
        }
    }
}

extension HTTPResponseStatus {
    /// Whether the standard lets a response with this status have a body at all.
    var mayHaveResponseBody: Bool { code >= 200 && self != .noContent && self != .notModified }
}
