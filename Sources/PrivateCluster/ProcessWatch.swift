import Dispatch
import Glibc
import Synchronization

/// Tells when a process ends, whether it is our child or one that an earlier Tessera left behind.
///
/// A thread of its own waits on the process's descriptor (pidfd), which works for any process and cannot mistake a process that
/// got the same id later. Our own children are reaped here, and nowhere else.
final class ProcessWatch: Sendable {
    private struct State {
        var end: ProcessEnd?
        var waiters: [UInt64: CheckedContinuation<ProcessEnd?, Never>] = [:]
        var nextWaiter: UInt64 = 0
    }

    let pid: pid_t
    private let state = Mutex(State())

    init(pid: pid_t) {
        self.pid = pid
        let descriptor = GNUFunctions.pidfdOpen?(pid, 0) ?? -1
        DispatchQueue(label: "tessera.cluster.watch").async { [self] in
            Self.waitForEnd(of: pid, descriptor)
            if descriptor >= 0 { close(descriptor) }
            finish()
        }
    }

    /// How the process ended, or nil while it runs.
    var end: ProcessEnd? { state.withLock { $0.end } }

    /// Sends a signal unless the process has ended.
    func send(_ signal: Int32) {
        state.withLock { state in
            if state.end == nil { _ = kill(pid, signal) }
        }
    }

    /// Returns when the process has ended, or nil when the calling task is cancelled first.
    func waitUntilEnded() async -> ProcessEnd? {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: ProcessEnd?? = state.withLock { state in
                    if let end = state.end { return .some(end) }
                    if Task.isCancelled { return .some(nil) }
                    state.waiters[waiter] = continuation
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume(returning: nil)
        }
    }

    /// Returns how the process ended, or nil when it still runs after the given time.
    func waitUntilEnded(within limit: Duration) async -> ProcessEnd? {
        await withTaskGroup(of: ProcessEnd?.self) { group in
            group.addTask { await self.waitUntilEnded() }
            group.addTask {
                try? await ContinuousClock().sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    private func finish() {
        let (end, waiters) = state.withLock { state in
            // Reaping inside the lock: until then the id cannot belong to anybody else, so `send` never hits a stranger.
            var status: Int32 = 0
            var result = waitpid(pid, &status, 0)
            while result < 0 && errno == EINTR { result = waitpid(pid, &status, 0) }
            let end: ProcessEnd = result == pid ? ProcessEnd(status: status) : .unknown
            state.end = end
            defer { state.waiters = [:] }
            return (end, Array(state.waiters.values))
        }
        for waiter in waiters { waiter.resume(returning: end) }
    }

    private static func waitForEnd(of pid: pid_t, _ descriptor: Int32) {
        guard descriptor >= 0 else {
            // No descriptors for processes here (kernel before 5.3 or C library before 2.36): look every tenth of a second.
            while ProcessTable.isRunning(pid) { _ = poll(nil, 0, 100) }
            return
        }
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&wait, 1, -1) < 0 && errno == EINTR {}
    }
}
