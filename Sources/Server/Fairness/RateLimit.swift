/// So many requests in so many seconds. Off unless an operator sets one.
package struct RateLimit: Sendable, Hashable, CustomStringConvertible {
    package var requests: Int
    package var seconds: Int

    package init?(requests: Int, seconds: Int) {
        guard (1...1_000_000).contains(requests), (1...86_400).contains(seconds) else { return nil }
        self.requests = requests
        self.seconds = seconds
    }

    /// `600/60`: 600 requests in 60 seconds.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let requests = Int(parts[0]), let seconds = Int(parts[1]) else { return nil }
        self.init(requests: requests, seconds: seconds)
    }

    package var description: String { "\(requests)/\(seconds)" }
}

/// What one principal has left of a limit: a bucket that holds as many requests as the limit allows and fills up evenly (GCRA). Pure: the time is
/// passed in.
struct RateBucket: Sendable, Hashable {
    let limit: RateLimit
    /// Requests that may come at once, with fractions.
    private(set) var tokens: Double
    private var filled: Duration

    init(_ limit: RateLimit, at now: Duration) {
        self.limit = limit
        tokens = Double(limit.requests)
        filled = now
    }

    struct Verdict: Sendable, Hashable {
        var isAllowed: Bool
        /// Requests left.
        var remaining: Int
        /// Seconds until all of the limit is there again.
        var reset: Int
        /// Seconds until the next request is allowed; 0 when it is.
        var retryAfter: Int
    }

    /// Takes what a request comes to, or nothing where there isn't as much.
    ///
    /// - Parameter requests: more than one for a batch. One that is larger than the limit takes all of it, and what is missing from later requests:
    ///   they wait until it has filled up.
    /// - Parameter taken: what was taken for it already, when it came.
    mutating func take(_ requests: Int = 1, after taken: Int = 0, at now: Duration) -> Verdict {
        fill(at: now)
        let whole = Double(min(requests + taken, limit.requests))
        let needed = whole - Double(taken)
        let isAllowed = tokens >= needed
        if isAllowed { tokens -= Double(requests) }
        let perToken = Double(limit.seconds) / Double(limit.requests)
        func seconds(until wanted: Double) -> Int { max(0, Int(((wanted - tokens) * perToken).rounded(.up))) }
        return Verdict(
            isAllowed: isAllowed, remaining: max(0, Int(tokens)), reset: seconds(until: Double(limit.requests)),
            retryAfter: isAllowed ? 0 : max(1, seconds(until: whole)))
    }

    /// Whether forgetting the bucket changes nothing.
    mutating func isFull(at now: Duration) -> Bool {
        fill(at: now)
        return tokens >= Double(limit.requests)
    }

    private mutating func fill(at now: Duration) {
        guard now > filled else { return }
        let passed = (now - filled) / .seconds(1)
        tokens = min(Double(limit.requests), tokens + passed * Double(limit.requests) / Double(limit.seconds))
        filled = now
    }
}
