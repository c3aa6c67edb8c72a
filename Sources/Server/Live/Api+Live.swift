import Events
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records
import Synchronization

/// `/live`: what is committed, as it is committed, for as long as the client listens.
extension Api {
    func live(_ request: ServerRequest, _ principal: GUID) throws -> ServerResponse {
        guard request.method == .GET else { throw APIError.methodNotAllowed("GET") }
        let options = try RequestOptions(request.query, version: .v4_01)
        try options.allow(["from", "topic"], of: "live")
        let topics = try (options.topic ?? "*").split(separator: ",", omittingEmptySubsequences: false).map { try TopicPattern(String($0)) }
        let audience = LiveAudience(
            principal: principal, topics: topics.contains { $0.description == "*" } ? [] : topics, source: try root(of: request))
        let place = try lastEvent(request) ?? options.from.map { $0 - 1 }
        var stream = ResponseStream { [feed] writer in
            let check = TokenCheck(self, request)
            try await feed.listen(audience, after: place) { piece in
                try await check.stillHolds()
                try await writer.write(piece)
            }
        }
        stream.lasts = true
        let headers = [("content-type", "text/event-stream"), ("x-accel-buffering", "no")]
        return ServerResponse(.ok, headers: headers, body: .stream(stream))
    }

    /// The position of the event that a client heard last, before it lost the connection.
    private func lastEvent(_ request: ServerRequest) throws(APIError) -> Int64? {
        guard let text = request.header(.lastEventID), !text.isEmpty else { return nil }
        guard let position = Int64(text), position >= 0 else {
            throw APIError(.badRequest, "events.bad_position", "Last-Event-ID is a position in the log, a number.", target: "Last-Event-ID")
        }
        return position
    }
}

/// Looks now and then whether a stream's token still opens it.
private final class TokenCheck: Sendable {
    private let api: Api
    private let request: ServerRequest
    private let checked = Mutex(ContinuousClock.now)

    init(_ api: Api, _ request: ServerRequest) { (self.api, self.request) = (api, request) }

    /// - Throws: when it doesn't any more, which cuts the stream.
    func stillHolds() async throws {
        let now = ContinuousClock.now
        let isDue = checked.withLock { last in
            guard last.duration(to: now) >= api.configuration.limits.tokenCheck else { return false }
            last = now
            return true
        }
        if isDue { _ = try await api.access(of: request) }
    }
}
