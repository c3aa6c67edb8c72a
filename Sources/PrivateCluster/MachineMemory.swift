/// How much memory there is to use.
enum MachineMemory {
    /// Mebibytes of the machine, or of the control group when that allows less. 1024 when the system does not say.
    static func mebibytes() -> Int {
        let machine = Files.readText("/proc/meminfo", limit: 4096).flatMap(total(meminfo:))
        return max(64, [machine, controlGroupLimit()].compactMap { $0 }.min() ?? 1024)
    }

    static func total(meminfo: String) -> Int? {
        for line in meminfo.split(separator: "\n") where line.hasPrefix("MemTotal:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 / 1024 }
        }
        return nil
    }

    /// The smallest `memory.max` on the way from this process's group to the root.
    private static func controlGroupLimit() -> Int? {
        guard let groups = Files.readText("/proc/self/cgroup", limit: 4096),
            let own = groups.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
        else { return nil }
        var path = String(own.dropFirst(3))
        var smallest: Int?
        while true {
            let file = "/sys/fs/cgroup\(path == "/" ? "" : path)/memory.max"
            if let bytes = Files.readText(file, limit: 64)?.split(separator: "\n").first.flatMap({ Int($0) }) {
                smallest = min(smallest ?? .max, bytes / (1 << 20))
            }
            if path == "/" || path.isEmpty { return smallest }
            path = Files.parent(of: path)
        }
    }
}
