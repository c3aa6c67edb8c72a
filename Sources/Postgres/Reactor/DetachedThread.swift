// The module that includes pthread.h first.
import CLibPQ
import Glibc

/// Runs work that blocks, such as a name lookup, away from Swift's thread pool.
enum DetachedThread {
    private final class Box {
        let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }

    static func start(_ work: @escaping @Sendable () -> Void) throws {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 512 * 1024)
        let box = Unmanaged.passRetained(Box(work))
        var thread = pthread_t()
        // SAFETY: the box is retained here and released once, by the thread.
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().work() }
                return nil
            }, box.toOpaque()
        )
        if status != 0 {
            box.release()
            throw PostgresError(.connection, "Can't start a thread: error \(status).")
        }
    }
}
