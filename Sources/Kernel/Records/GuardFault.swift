#if DEBUG
    import Synchronization

    /// A fault for tests of tests: one condition of the guard is left out of what is compiled. A test that doesn't notice wouldn't notice either if
    /// the condition were forgotten in the code. Not part of release builds.
    package final class GuardFault: Sendable {
        @TaskLocal package static var current: GuardFault?

        private let reading: Int?
        private let writing: Int?
        private let state = Mutex<(condition: String?, asked: [String])>((nil, []))

        /// - Parameter number: which of the conditions that a compiled statement asks for, in their order.
        package init(leavingOut number: Int) { (reading, writing) = (number, nil) }

        /// - Parameter number: which of the conditions that all statements of a write ask for, in their order.
        package init(leavingOutOfWrites number: Int) { (reading, writing) = (nil, number) }

        /// The condition that was left out; nil when there were not so many.
        package var condition: String? { state.withLock { $0.condition } }

        static func leavesOut(_ number: Int, _ condition: @autoclosure () -> String) -> Bool {
            guard let current, current.reading == number else { return false }
            let condition = condition()
            current.state.withLock { $0.condition = condition }
            return true
        }

        /// The same for the next condition of a write.
        static func leavesOutNext(_ condition: @autoclosure () -> String) -> Bool {
            guard let current, let writing = current.writing else { return false }
            let condition = condition()
            return current.state.withLock { state in
                defer { state.asked.append(condition) }
                guard state.asked.count == writing else { return false }
                let before = state.asked.count { $0 == condition }
                state.condition = before == 0 ? condition : "\(condition), the \(before + 1)."
                return true
            }
        }
    }
#endif
