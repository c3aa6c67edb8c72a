import QueryLanguage

/// What a worker decides: how much to take up, whose leases to renew, what to stop. Pure: it does nothing itself.
struct WorkerMachine {
    enum Input: Equatable {
        /// Something may have come into the queue.
        case wake
        /// Time to renew leases and to look whether there is work.
        case tick
        case claimed([GUID])
        case claimFailed
        case renewed(held: Set<GUID>, cancelled: Set<GUID>)
        case finished(GUID)
        case shutdown
    }

    enum Action: Equatable {
        case claim(Int)
        case renew([GUID])
        case start(GUID)
        case stop(GUID, Reason)
        case forgetOld
        /// Nothing runs any more and nothing will.
        case end
    }

    /// Why a job is told to stop, which decides what becomes of it.
    enum Reason: Equatable {
        case cancelled, shutdown
        /// Another worker has it: this one may not write about it any more.
        case lost
    }

    let concurrency: Int
    /// Ticks between two clearances of old jobs.
    let ticksBetweenClearances: Int

    private var running: [GUID: Reason?] = [:]
    private var isClaiming = false
    /// Work came while a claim was on its way.
    private var claimsAgain = false
    private var isShuttingDown = false
    private var ticks = 0

    init(concurrency: Int, ticksBetweenClearances: Int = 1200) {
        self.concurrency = concurrency
        self.ticksBetweenClearances = ticksBetweenClearances
    }

    mutating func handle(_ input: Input) -> [Action] {
        switch input {
        case .wake: return renewal() + claim()
        case .tick:
            ticks += 1
            let clearance: [Action] = ticks % ticksBetweenClearances == 1 ? [.forgetOld] : []
            return renewal() + claim() + clearance
        case .claimed(let ids):
            isClaiming = false
            if isShuttingDown, ids.isEmpty { return ending() }
            for id in ids { running[id] = .some(nil) }
            let starts = ids.map { Action.start($0) }
            // On the way out, what was claimed is given back at once.
            let stops = isShuttingDown ? ids.map { stop($0, .shutdown) } : []
            return starts + stops + (claimsAgain || (!ids.isEmpty && !isShuttingDown) ? claim() : [])
        case .claimFailed:
            isClaiming = false
            return ending()
        case .renewed(let held, let cancelled):
            var actions: [Action] = []
            for (id, reason) in running.sorted(by: { "\($0.key)" < "\($1.key)" }) where reason == nil {
                if !held.contains(id) {
                    actions.append(stop(id, .lost))
                } else if cancelled.contains(id) {
                    actions.append(stop(id, .cancelled))
                }
            }
            return actions
        case .finished(let id):
            running[id] = nil
            return isShuttingDown ? ending() : claim()
        case .shutdown:
            isShuttingDown = true
            let open = running.filter { $0.value == nil }.keys.sorted { "\($0)" < "\($1)" }
            return open.map { stop($0, .shutdown) } + ending()
        }
    }

    /// Why the job was told to stop, if it was.
    func reason(for id: GUID) -> Reason? { running[id] ?? nil }

    private mutating func stop(_ id: GUID, _ reason: Reason) -> Action {
        running[id] = .some(reason)
        return .stop(id, reason)
    }

    private mutating func claim() -> [Action] {
        guard !isShuttingDown, running.count < concurrency else { return [] }
        guard !isClaiming else {
            claimsAgain = true
            return []
        }
        isClaiming = true
        claimsAgain = false
        return [.claim(concurrency - running.count)]
    }

    private func renewal() -> [Action] {
        running.isEmpty ? [] : [.renew(running.keys.sorted { "\($0)" < "\($1)" })]
    }

    private func ending() -> [Action] {
        isShuttingDown && running.isEmpty && !isClaiming ? [.end] : []
    }
}
