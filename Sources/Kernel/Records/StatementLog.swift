#if DEBUG
    import Postgres
    import Synchronization

    /// The statements that the calls of a task into a store run: for tests that compare what two calls cost. Not part of release builds.
    package final class StatementLog: Sendable {
        @TaskLocal package static var current: StatementLog?

        private let texts = Mutex<[String]>([])

        package init() {}

        /// Without their parameters, in their order.
        package var statements: [String] { texts.withLock { $0 } }

        static func note(_ sql: SQL) {
            current?.texts.withLock { $0.append(sql.text) }
        }
    }
#endif
