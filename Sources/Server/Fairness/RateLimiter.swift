package import QueryLanguage
import Synchronization

/// Holds each principal to its limit, and says in every answer what is left (draft-ietf-httpapi-ratelimit-headers-10).
final class RateLimiter: Sendable {
    private struct State {
        var buckets: [GUID: RateBucket] = [:]
        var refused = 0
    }

    private let limits: RateLimits
    private let state = Mutex(State())
    private let start = ContinuousClock.now

    /// Principals that are kept in mind at most; those with a full bucket are forgotten first.
    private static let most = 10_000

    init(_ limits: RateLimits) { self.limits = limits }

    /// Nil when the principal has no limit.
    ///
    /// - Parameters:
    ///   - requests: how many it is: those of a batch.
    ///   - taken: how many were taken for it before.
    func take(_ principal: GUID, requests: Int = 1, after taken: Int = 0) -> (limit: RateLimit, verdict: RateBucket.Verdict)? {
        guard let limit = limits[principal] else { return nil }
        let now = ContinuousClock.now - start
        let verdict = state.withLock { state in
            if state.buckets[principal] == nil, state.buckets.count >= Self.most {
                state.buckets = state.buckets.filter { entry in
                    var bucket = entry.value
                    return !bucket.isFull(at: now)
                }
            }
            var bucket = state.buckets[principal] ?? RateBucket(limit, at: now)
            let verdict = bucket.take(requests, after: taken, at: now)
            state.buckets[principal] = bucket
            if !verdict.isAllowed { state.refused += 1 }
            return verdict
        }
        return (limit, verdict)
    }

    /// Requests refused since the start.
    var refused: Int { state.withLock { $0.refused } }

    static func headers(_ limit: RateLimit, _ verdict: RateBucket.Verdict) -> ServerResponse.Headers {
        [
            ("ratelimit-policy", "\"principal\";q=\(limit.requests);w=\(limit.seconds)"),
            ("ratelimit", "\"principal\";r=\(verdict.remaining);t=\(verdict.reset)"),
        ]
    }
}

/// The limits of a server: one for each principal, and others for some.
package struct RateLimits: Sendable, Hashable {
    package var standard: RateLimit?
    package var own: [GUID: RateLimit]

    package init(standard: RateLimit? = nil, own: [GUID: RateLimit] = [:]) {
        self.standard = standard
        self.own = own
    }

    package subscript(_ principal: GUID) -> RateLimit? { own[principal] ?? standard }
}
