package import Events

/// Where the server listens and what it takes.
package struct ServerConfiguration: Sendable {
    package enum Listen: Sendable, Hashable, CustomStringConvertible {
        case tcp(host: String, port: Int)
        case unixSocket(path: String)

        package var description: String {
            switch self {
            case .tcp(let host, let port): "\(host.contains(":") ? "[\(host)]" : host):\(port)"
            case .unixSocket(let path): path
            }
        }
    }

    package var listen: Listen
    package var limits: ServerLimits
    /// Requests that a principal may send; none are refused unless limits are set.
    package var rateLimits: RateLimits
    /// Of the streams at `/live`.
    package var live = LiveFeed.Limits()
    /// `https://crm.example.org`: what links in answers begin with. Without it, the Host header of each request says.
    package var publicAddress: String?
    /// X-Forwarded-Proto and X-Forwarded-Host are believed: only behind a proxy that sets them.
    package var trustsForwardedHeaders: Bool
    /// `/metrics` needs no token: only where nobody else can reach the port.
    package var openMetrics: Bool
    /// Told to whoever asks who they are; nothing is told while it is empty.
    package var version = ""
    /// Asked by `/readyz` beside the database itself: whether its schema is the one in force.
    package var readiness: @Sendable () async -> [ReadinessProblem]

    package init(
        listen: Listen, limits: ServerLimits = ServerLimits(), rateLimits: RateLimits = RateLimits(), publicAddress: String? = nil,
        trustsForwardedHeaders: Bool = false,
        openMetrics: Bool = false, readiness: @escaping @Sendable () async -> [ReadinessProblem] = { [] }
    ) {
        self.listen = listen
        self.limits = limits
        self.rateLimits = rateLimits
        self.publicAddress = publicAddress
        self.trustsForwardedHeaders = trustsForwardedHeaders
        self.openMetrics = openMetrics
        self.readiness = readiness
    }
}
