/// What keeps a piece of repeated work going: one run at a time, another when something came meanwhile, and none between a failure and the next
/// tick. Pure: it does nothing itself.
struct PumpMachine {
    enum Input: Equatable {
        /// There may be something to do.
        case wake
        /// Time to look, even if nobody said that there is something to do.
        case tick
        case ended(hasMore: Bool)
        case failed
        case shutdown
    }

    enum Action: Equatable {
        case run
        /// Nothing runs any more and nothing will.
        case end
    }

    private var isRunning = false
    /// Something came while a run was under way, which may not have seen it.
    private var runsAgain = false
    /// The last run failed, so that the next tick is waited for.
    private var rests = false
    private var isShuttingDown = false

    mutating func handle(_ input: Input) -> [Action] {
        switch input {
        case .wake: return rests ? [] : run()
        case .tick:
            rests = false
            return run()
        case .ended(let hasMore):
            isRunning = false
            return isShuttingDown ? [.end] : hasMore || runsAgain ? run() : []
        case .failed:
            (isRunning, rests) = (false, true)
            return isShuttingDown ? [.end] : []
        case .shutdown:
            isShuttingDown = true
            return isRunning ? [] : [.end]
        }
    }

    private mutating func run() -> [Action] {
        guard !isShuttingDown else { return [] }
        guard !isRunning else {
            runsAgain = true
            return []
        }
        (isRunning, runsAgain) = (true, false)
        return [.run]
    }
}
