import NIOCore
import NIOHTTP1

/// Bodies and answers that are longer than memory: handed on piece by piece, however long the whole takes.
extension Conversation {
    // MARK: Requests

    /// Runs work that reads the body while it arrives. The second value says whether the connection stands behind the body.
    func transfer(
        _ request: ServerRequest, limit: Int, _ parts: inout Inbound.AsyncIterator,
        _ run: @escaping @Sendable (IncomingBody) async -> ServerResponse
    ) async throws -> (ServerResponse, bodyIsRead: Bool) {
        let encoding = request.header(.contentEncoding)?.lowercased()
        guard encoding == nil || encoding == "identity" else { return (responder.answer(to: .encodedTransfer), false) }
        if let length = request.contentLength, length > limit { return (responder.answer(to: .bodyTooLarge(limit: limit)), false) }
        let body = IncomingBody(length: request.contentLength)
        let exchange = body.exchange
        let task = Task(executorPreference: executor) {
            defer { exchange.finish() }
            return await run(body)
        }
        watch.value.beginWork { task.cancel() }
        defer { watch.value.endWork() }
        return try await withTaskCancellationHandler {
            let end: BodyEnd
            do {
                end = try await feed(exchange, from: request, limit: limit, &parts)
            } catch {
                // Whoever reads must let go before the connection ends.
                exchange.finish(.failure(error))
                _ = await task.value
                throw error
            }
            if case .fault(let fault) = end { exchange.finish(.failure(fault)) }
            let response = await task.value
            if watch.value.ranOutOfTime { return (responder.answer(to: .answerTooSlow), false) }
            if case .fault(let fault) = end { return (responder.answer(to: fault), false) }
            return (response, end == .read)
        } onCancel: {
            task.cancel()
        }
    }

    private enum BodyEnd: Equatable {
        /// To its end.
        case read
        /// The reader wants no more.
        case left
        case fault(HTTPFault)
    }

    /// Takes pieces from the connection as they are asked for.
    private func feed(
        _ exchange: BodyExchange, from request: ServerRequest, limit: Int, _ parts: inout Inbound.AsyncIterator
    ) async throws -> BodyEnd {
        var total = 0
        var hasPromised = false
        while await exchange.isWanted() {
            if !hasPromised {
                try await promiseToRead(request)
                hasPromised = true
            }
            watch.value.enter(.piece)
            let part = try await parts.next()
            watch.value.enter(.work)
            switch part {
            case .body(let piece):
                total += piece.readableBytes
                guard total <= limit else { return .fault(.bodyTooLarge(limit: limit)) }
                exchange.supply(piece)
            case .end:
                watch.value.enter(.keeping)
                exchange.finish()
                return .read
            case .head, nil: return .fault(.malformed)
            }
        }
        return .left
    }

    // MARK: Answers

    /// Sends an answer while it is made, and gives what was sent: another one if it failed before its first piece.
    func send(
        _ stream: ResponseStream, of response: ServerResponse, to request: ServerRequest, version: HTTPVersion, closing: Bool
    ) async throws -> ServerResponse {
        let head = head(of: response, version: version, closing: closing)
        let advance = { @Sendable [executor, watch] in executor.run { watch.value.makesProgress() } }
        let writer = ResponseWriter(length: stream.length, advance: advance) { [outbound] piece, isFirst in
            if isFirst {
                try await outbound.write(contentsOf: [.head(head), .body(.byteBuffer(piece))])
            } else {
                try await outbound.write(.body(.byteBuffer(piece)))
            }
            // The time for the next piece begins.
            advance()
        }
        let task = Task(executorPreference: executor) {
            try await stream.write(writer)
            try await writer.finish()
        }
        watch.value.beginWork(.ends) { task.cancel() }
        let result = await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            task.cancel()
        }
        watch.value.endWork()
        switch result {
        case .success:
            try await outbound.write(.end(nil))
            return response
        case .failure(let error):
            guard !writer.hasStarted else { throw BrokenAnswer(cause: error) }
            let failure = watch.value.ranOutOfTime ? responder.answer(to: .answerTooSlow) : responder.answer(to: error, request)
            try await write(failure, closing: closing, withoutBody: false)
            return failure
        }
    }
}

/// An answer that can't be finished. The connection ends, so that its client knows that it hasn't all.
struct BrokenAnswer: Error {
    var cause: any Error
}
