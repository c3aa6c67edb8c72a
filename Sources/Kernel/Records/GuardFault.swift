#if DEBUG
    import Synchronization

    /// A fault for tests of tests: one condition of the guard is left out of the statement that is compiled. A test that doesn't notice wouldn't
    /// notice either if the condition were forgotten in the code. Not part of release builds.
    package final class GuardFault: Sendable {
        @TaskLocal package static var current: GuardFault?

        /// Which of the conditions that a statement asks for, in their order.
        private let number: Int
        private let state = Mutex<String?>(nil)

        package init(leavingOut number: Int) { self.number = number }

        /// The condition that was left out; nil when no statement had so many.
        package var condition: String? { state.withLock { $0 } }

        static func leavesOut(_ number: Int, _ condition: @autoclosure () -> String) -> Bool {
            guard let current, current.number == number else { return false }
            let condition = condition()
            current.state.withLock { $0 = condition }
            return true
        }
    }
#endif
