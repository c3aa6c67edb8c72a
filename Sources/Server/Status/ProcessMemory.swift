#if canImport(Glibc)
    import Glibc
#endif

/// What the kernel says about this process's memory, in bytes.
struct ProcessMemory: Hashable {
    /// Resident: shared pages count in full.
    var resident = 0
    /// Proportional: shared pages count by their share.
    var proportional = 0

    static func current() -> ProcessMemory {
        var memory = ProcessMemory()
        for line in (read("/proc/self/smaps_rollup") ?? "").split(separator: "\n") {
            if line.hasPrefix("Rss:") { memory.resident = kilobytes(line) }
            if line.hasPrefix("Pss:") { memory.proportional = kilobytes(line) }
        }
        return memory
    }

    private static func kilobytes(_ line: Substring) -> Int {
        (Int(line.filter { $0.isNumber }) ?? 0) * 1_024
    }

    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 8_192)
        let count = Glibc.read(file, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
