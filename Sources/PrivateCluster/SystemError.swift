import Glibc

/// The system's own words for an error number.
enum SystemError {
    static func text(_ number: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            buffer.initialize(repeating: 0)
            // SAFETY: the buffer outlives the call and its size is passed; the POSIX variant ends it with a zero byte.
            guard let start = buffer.baseAddress, strerror_r(number, start, buffer.count) == 0 else { return "error \(number)" }
            return String(cString: start)
        }
    }
}
