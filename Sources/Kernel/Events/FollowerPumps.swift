import Synchronization

/// The pumps of what follows the log on this node.
final class FollowerPumps: Sendable {
    private let pumps = Mutex<[String: Pump]>([:])

    func has(_ id: String) -> Bool { pumps.withLock { $0[id] != nil } }

    func add(_ pump: Pump, _ id: String) { pumps.withLock { $0[id] = pump } }

    func wake() { for pump in pumps.withLock({ Array($0.values) }) { pump.wake() } }
}
