import Synchronization

/// The progress of one piece of work after the other, told from any task.
final class ProgressDisplay: Sendable {
    private let current = Mutex<Progress?>(nil)

    /// - Parameter total: nil when nobody knows how much there is.
    func begin(_ label: String, total: Int?, unit: String = "") {
        current.withLock { $0 = Progress(label: label, total: total, unit: unit) }
    }

    func show(_ count: Int, of total: Int? = nil) {
        current.withLock { $0?.show(count, of: total) }
    }

    /// Ends with a line that stays.
    func finish(_ count: Int) {
        current.withLock { progress in
            progress?.show(count)
            progress?.finish()
            progress = nil
        }
    }

    /// Ends without one.
    func clear() {
        current.withLock { $0 = nil }
        Console.progress("")
    }

    /// A line above the bar.
    func note(_ text: String) {
        Console.progress("")
        Console.note(text)
    }
}
