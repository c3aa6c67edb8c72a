import Catalog
import NIOHTTP1

/// What came of one request of a batch, with what later requests may ask about it.
struct BatchOutcome: Sendable {
    var response: ServerResponse
    /// The record it made, changed or read, as a path below the service root; nil when it was none.
    var entity: String?
    /// The type of that record.
    var type: ApiType?

    var succeeded: Bool { (200..<300).contains(response.status.code) }

    /// Whether it has written anything under the change set of the batch.
    var hasWritten: Bool { response.headers.contains { $0.0 == Call.changeSetHeader } }

    /// The ETag of the answer.
    var etag: String? { response.headers.first { $0.0 == "etag" }?.1 }

    init(_ response: ServerResponse, entity: String? = nil, type: ApiType? = nil) {
        self.response = response
        self.entity = entity
        self.type = type
    }

    init(_ error: APIError) {
        self.init(error.response)
    }
}

/// Outcomes that a request depends on, by the names it gives them.
struct BatchOutcomes: Sendable {
    private(set) var requests: [String: BatchOutcome] = [:]
    private var groups: [String: Bool] = [:]

    mutating func add(_ outcome: BatchOutcome, of item: BatchRequest.Item) {
        requests[item.id] = outcome
        if let group = item.group { groups[group] = (groups[group] ?? true) && outcome.succeeded }
    }

    var groupNames: [String] { groups.keys.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) } }

    /// Nil for a name that isn't done.
    func succeeded(_ name: String) -> Bool? { requests[name]?.succeeded ?? groups[name] }
}
