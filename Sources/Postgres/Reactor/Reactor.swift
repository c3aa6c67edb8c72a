import CLibPQ
import Glibc
import Synchronization

/// What runs on the reactor's thread.
protocol ReactorHandler: AnyObject, SendableMetatype {
    associatedtype Job: Sendable

    /// Called first, whenever the thread wakes up.
    func turnBegan(now: ContinuousClock.Instant)
    func ready(token: Int, readable: Bool, writable: Bool)
    func handle(_ job: Job)
    /// Called once per turn, after everything that was ready and everything that was submitted. Gives the next time at which it
    /// wants to be called.
    func turnEnded() -> ContinuousClock.Instant?
    /// The last call.
    func stopped()
}

/// One thread that waits for sockets, for jobs from other threads and for the next deadline.
///
/// SAFETY: the descriptors never change, the inbox has its lock, and everything else belongs to the reactor's thread.
final class Reactor<Handler: ReactorHandler>: @unchecked Sendable {
    private struct Inbox {
        var jobs: [Handler.Job] = []
        /// The thread will look into the inbox before it sleeps, so nobody has to wake it.
        var isAwake = false
        var isStopped = false
    }

    private let poller: Int32
    private let bell: Int32
    private let inbox = Mutex(Inbox())
    private var isRunning = true
    private var draining: [Handler.Job] = []

    private static var bellToken: UInt64 { .max }

    init() {
        poller = epoll_create1(Int32(EPOLL_CLOEXEC))
        bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: Self.bellToken))
        epoll_ctl(poller, EPOLL_CTL_ADD, bell, &event)
    }

    deinit {
        if poller >= 0 { close(poller) }
        if bell >= 0 { close(bell) }
    }

    /// The thread keeps reactor and handler alive until `stop()`.
    func start(_ handler: Handler) throws {
        guard poller >= 0, bell >= 0 else {
            inbox.withLock { $0.isStopped = true }
            throw PostgresError(.connection, "The process has no file descriptors left for the PostgreSQL client.")
        }
        // SAFETY: the handler is handed over to the thread and used nowhere else.
        nonisolated(unsafe) let handler = handler
        do {
            try DetachedThread.start { [self] in loop(handler) }
        } catch {
            inbox.withLock { $0.isStopped = true }
            throw error
        }
    }

    /// Hands a job to the thread, from any thread. False after the reactor has stopped.
    func submit(_ job: Handler.Job) -> Bool {
        let mustRing = inbox.withLock { inbox -> Bool? in
            if inbox.isStopped { return nil }
            inbox.jobs.append(job)
            defer { inbox.isAwake = true }
            return !inbox.isAwake
        }
        guard let mustRing else { return false }
        if mustRing {
            var one: UInt64 = 1
            _ = write(bell, &one, 8)
        }
        return true
    }

    // MARK: On the reactor's thread

    func stop() { isRunning = false }

    func watch(_ descriptor: Int32, token: Int, readable: Bool, writable: Bool) {
        control(EPOLL_CTL_ADD, descriptor, token: token, readable: readable, writable: writable)
    }

    func change(_ descriptor: Int32, token: Int, readable: Bool, writable: Bool) {
        control(EPOLL_CTL_MOD, descriptor, token: token, readable: readable, writable: writable)
    }

    func unwatch(_ descriptor: Int32) {
        var event = epoll_event()
        epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, &event)
    }

    private func control(_ operation: Int32, _ descriptor: Int32, token: Int, readable: Bool, writable: Bool) {
        let interest = (readable ? EPOLLIN.rawValue : 0) | (writable ? EPOLLOUT.rawValue : 0)
        var event = epoll_event(events: interest, data: epoll_data_t(u64: UInt64(token)))
        epoll_ctl(poller, operation, descriptor, &event)
    }

    private func loop(_ handler: Handler) {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        var deadline: ContinuousClock.Instant?
        while isRunning {
            let count = epoll_wait(poller, &events, Int32(events.count), timeout(until: deadline))
            handler.turnBegan(now: ContinuousClock.now)
            for index in 0..<max(0, Int(count)) { dispatch(events[index], handler) }
            drainInbox(handler)
            deadline = handler.turnEnded()
        }
        finish(handler)
    }

    private func dispatch(_ event: epoll_event, _ handler: Handler) {
        if event.data.u64 == Self.bellToken {
            var count: UInt64 = 0
            _ = read(bell, &count, 8)
            return
        }
        let failed = event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        handler.ready(
            token: Int(truncatingIfNeeded: event.data.u64), readable: failed || event.events & EPOLLIN.rawValue != 0,
            writable: event.events & EPOLLOUT.rawValue != 0
        )
    }

    private func drainInbox(_ handler: Handler) {
        inbox.withLock { Swift.swap(&$0.jobs, &draining) }
        for job in draining { handler.handle(job) }
        draining.removeAll(keepingCapacity: draining.capacity <= 4096)
    }

    private func finish(_ handler: Handler) {
        inbox.withLock { $0.isStopped = true }
        drainInbox(handler)
        handler.stopped()
    }

    /// Milliseconds, rounded up, so that the deadline has passed when the wait ends.
    private func timeout(until deadline: ContinuousClock.Instant?) -> Int32 {
        // From here on submitters ring the bell, unless there is something to do already.
        let hasJobs = inbox.withLock { inbox in
            inbox.isAwake = !inbox.jobs.isEmpty
            return inbox.isAwake
        }
        if hasJobs { return 0 }
        guard let deadline else { return -1 }
        let left = ContinuousClock.now.duration(to: deadline).components
        guard left.seconds >= 0, left.attoseconds >= 0 else { return 0 }
        guard left.seconds < 3600 else { return 3_600_000 }
        return Int32(left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1)
    }
}
