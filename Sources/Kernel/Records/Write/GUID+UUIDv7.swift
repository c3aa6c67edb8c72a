package import QueryLanguage
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

extension GUID {
    /// A new id as RFC 9562 version 7: milliseconds since 1970, then random bits. Within one millisecond ids still rise, so that rows made
    /// in one batch lie in one place of an index.
    package static func version7() -> GUID {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let milliseconds = UInt64(now.tv_sec) &* 1000 &+ UInt64(now.tv_nsec) / 1_000_000
        // 12 bits below the millisecond: its fraction, in steps of 1/4096 (RFC 9562, method 3).
        let fraction = (UInt64(now.tv_nsec) % 1_000_000) &* 4096 / 1_000_000
        let clock = (milliseconds << 12) | fraction
        let stamp = lastStamp.withLock { last in
            last = max(clock, last &+ 1)
            return last
        }
        let high = ((stamp >> 12) << 16) | 0x7000 | (stamp & 0xFFF)
        let low = (UInt64.random(in: .min ... .max) & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        return GUID(high: high, low: low)
    }

    private static let lastStamp = Mutex<UInt64>(0)
}

extension DateTime {
    /// This moment, by the system's clock.
    package static var now: DateTime {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return DateTime(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)
    }
}
