import Synchronization

/// Tells who listens that this store has committed something, whatever it was. Telling costs a writer next to nothing: listeners only note it.
final class CommitSignal: Sendable {
    private let listeners = Mutex<[@Sendable () -> Void]>([])

    func listen(_ listener: @escaping @Sendable () -> Void) { listeners.withLock { $0.append(listener) } }

    func tell() { for listener in listeners.withLock({ $0 }) { listener() } }
}
