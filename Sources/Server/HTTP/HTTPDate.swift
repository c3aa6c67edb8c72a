import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The value of the Date header (RFC 9110 section 5.6.7), made once a second.
final class HTTPDate: Sendable {
    private struct State {
        var second: Int = -1
        var text = ""
    }

    private let state = Mutex(State())

    /// For now.
    var current: String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        let second = time.tv_sec
        return state.withLock { state in
            if state.second != second {
                state.second = second
                state.text = Self.format(second)
            }
            return state.text
        }
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` for seconds since 1970.
    static func format(_ second: Int) -> String {
        var instant = time_t(second)
        var parts = tm()
        gmtime_r(&instant, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let day = days[Int(parts.tm_wday) % 7]
        let month = months[Int(parts.tm_mon) % 12]
        let time = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return "\(day), \(two(parts.tm_mday)) \(month) \(parts.tm_year + 1900) \(time) GMT"
    }
}
