import NIOHTTP1
import Synchronization

/// Counts requests and how long they take, per route. A route is a template, so that the number of series is bounded.
final class RequestMetrics: Sendable {
    /// Upper bounds in seconds of the buckets of a histogram.
    static let bounds: [Double] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private static let boundsInNanoseconds: [Int64] = bounds.map { Int64($0 * 1_000_000_000) }

    enum Method: Int {
        case get, head, post, patch, put, delete, options
        /// Methods that nobody uses share a name, so that a client can't make up series.
        case other

        var name: String {
            switch self {
            case .get: "GET"
            case .head: "HEAD"
            case .post: "POST"
            case .patch: "PATCH"
            case .put: "PUT"
            case .delete: "DELETE"
            case .options: "OPTIONS"
            case .other: "other"
            }
        }

        init(_ method: HTTPMethod) {
            switch method {
            case .GET: self = .get
            case .HEAD: self = .head
            case .POST: self = .post
            case .PATCH: self = .patch
            case .PUT: self = .put
            case .DELETE: self = .delete
            case .OPTIONS: self = .options
            default: self = .other
            }
        }
    }

    struct Key: Hashable {
        var method: Method
        var status: Int
    }

    struct Series {
        var counts: [Key: Int] = [:]
        var buckets = [Int](repeating: 0, count: RequestMetrics.bounds.count + 1)
        var sum: Int64 = 0
    }

    private let series: [LockedBox<Series>] = Route.allCases.map { _ in LockedBox(Series()) }

    func record(_ route: Route, _ method: HTTPMethod, status: Int, duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        series[route.rawValue].withLock { series in
            series.counts[Key(method: Method(method), status: status), default: 0] += 1
            series.buckets[Self.boundsInNanoseconds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count] += 1
            series.sum += nanoseconds
        }
    }

    func snapshot(_ route: Route) -> Series { series[route.rawValue].withLock { $0 } }
}

/// A lock that arrays can hold.
final class LockedBox<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) { mutex = Mutex(value) }

    func withLock<R: Sendable>(_ body: (inout Value) -> R) -> R { mutex.withLock { body(&$0) } }
}
