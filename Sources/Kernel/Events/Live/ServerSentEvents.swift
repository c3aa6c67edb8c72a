import QueryLanguage

/// Events as text/event-stream: https://html.spec.whatwg.org/multipage/server-sent-events.html. Each has its position as id, by which a client that lost
/// the connection says where it was.
enum ServerSentEvents {
    /// How long a client waits before it connects again, in milliseconds.
    private static let retry = 2_000

    /// The beginning of a stream: from which position on it tells.
    static func hello(at position: Int64) -> [UInt8] { Array("retry: \(retry)\n: live\nid: \(position)\n\n".utf8) }

    /// Shows that the stream is alive, and how far it has come: a client takes the id, and has no event.
    static func pulse(at position: Int64) -> [UInt8] { Array(": \nid: \(position)\n\n".utf8) }

    /// An event, on one line of data: JSON has its line breaks escaped.
    static func event(_ event: Event, source: String) -> [UInt8] {
        Array("id: \(event.position)\ndata: \(event.cloudEvent(source: source).json)\n\n".utf8)
    }

    /// Says that events were missed that can't be told any more: the client has to read anew what it shows.
    static func gap(at position: Int64) -> [UInt8] {
        Array("event: tessera.gap\nid: \(position)\ndata: {\"position\":\"\(position)\"}\n\n".utf8)
    }
}
