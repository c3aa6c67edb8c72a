package import QueryLanguage

/// How long a share has to hold to count.
package enum ShareDuration: Sendable, Hashable {
    case now
    /// From now until then.
    case until(DateTime)
    /// It has no end.
    case endless

    /// - Parameter end: nil for no end.
    package init(until end: DateTime?) { self = end.map(ShareDuration.until) ?? .endless }

    /// Over the share `s`.
    var condition: String {
        switch self {
        case .now: "(s.ends_at IS NULL OR s.ends_at > now())"
        case .until(let end): "(s.ends_at IS NULL OR (s.ends_at > now() AND s.ends_at >= '\(end)'::timestamptz))"
        case .endless: "s.ends_at IS NULL"
        }
    }
}
