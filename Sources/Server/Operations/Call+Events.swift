import Events
import JSONReading
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records

/// The event log for those who may see everything, and the history of records for those who may read them.
extension Call {
    /// A batch of CloudEvents, from a position on; the header `Link` says where the next one begins, also when nothing is there yet.
    func events() async throws -> ServerResponse {
        guard isRead else { throw APIError.methodNotAllowed("GET") }
        try options.allow(["top", "from", "topic"], of: "events")
        let log = EventLog(store)
        let topic = try options.topic.map { try TopicPattern($0) }
        var from = options.from ?? 0
        if from == 0 { from = try await log.first() }
        let (events, next) = try await log.page(from: from, topic: topic, limit: platformPageSize)
        let json = Value.collection(events.map { $0.cloudEvent(source: root) }).json
        let condition = topic.map { "&topic=\(PercentEncoding.encode($0.description))" } ?? ""
        return ServerResponse(
            .ok,
            headers: [
                ("content-type", "application/cloudevents-batch+json; charset=utf-8"), ("odata-version", negotiation.versionHeader),
                ("link", "<\(root)/events?from=\(next)\(condition)&$top=\(platformPageSize)>; rel=\"next\""),
            ],
            body: .bytes(ByteBuffer(string: json)))
    }

    func eventStatus() async throws -> ServerResponse {
        guard isRead else { throw APIError.methodNotAllowed("GET") }
        try options.allow([], of: "The status of events")
        return response(.ok, json: Array(try await EventStatus.read(store).value.json.utf8))
    }

    /// What subscriptions have put aside, by subscription and position.
    func eventsAside() async throws -> ServerResponse {
        guard isRead else { throw APIError.methodNotAllowed("GET") }
        try options.allow(["top", "subscription", "state"], of: "aside")
        let found = try await SubscriptionDesk(store).aside(of: options.subscription, state: options.state, limit: platformPageSize)
        return list(found.map { $0.value(source: root) }, next: nil)
    }

    /// Carries out what an operator wants of a subscription, and tells how many events it concerns.
    func orderOfEvents(_ body: ByteBuffer) async throws -> ServerResponse {
        guard method == .POST else { throw APIError.methodNotAllowed("POST") }
        try options.allow([], of: "orders")
        let value: Value
        do { value = try JSONReader.value(of: Array(body.readableBytesView)) } catch {
            throw APIError(.badRequest, "json.syntax", "The body is no JSON.")
        }
        let count = try await SubscriptionDesk(store).carryOut(try SubscriptionOrder(value))
        return response(.ok, json: Array(Value.complex(["events": .integer(count)]).json.utf8))
    }

    func history(_ type: ApiType, _ key: RecordKey) async throws -> ServerResponse {
        guard isRead else { throw APIError.methodNotAllowed("GET") }
        try options.allow(["top", "skiptoken"], of: "history")
        var before: Int64?
        if let token = options.system.skipToken {
            guard let version = Int64(token) else { throw Self.badToken }
            before = version
        }
        let id = try await id(of: key, type)
        let reader = HistoryReader(store, access: access)
        guard let page = try await reader.page(of: id, type.record, limit: platformPageSize, before: before) else { throw missing(type) }
        return list(page.entries.map(\.value), next: page.next.map(String.init), ["current": page.isCurrent])
    }
}
