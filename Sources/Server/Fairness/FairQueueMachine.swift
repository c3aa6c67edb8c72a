/// Decides whose request is worked on next: as long as there is room, each at once; else in turns, so that who sends many waits for the own ones
/// (start-time fair queueing, all owners of the same weight). A batch costs as many turns as it has requests. Pure.
///
/// Nobody has more than a share of the places: while all that somebody has are slow, there is one for who comes next.
struct FairQueueMachine<Owner: Hashable & Sendable> {
    typealias Number = UInt64

    enum Arrival: Equatable {
        case runs
        case waits
        /// There is no room left to wait, and nobody waits with more requests than this owner.
        case refused
        /// It waits in the place of the youngest request of the owner that has most of them, which is refused.
        case waitsInsteadOf(Number)
    }

    private struct Waiting {
        let number: Number
        let owner: Owner
        /// When its turn is, in requests of its owner.
        let turn: UInt64
    }

    let room: Int
    let longest: Int
    /// Places that one owner has at most.
    let share: Int
    private(set) var running = 0
    /// In the order of turns; of the same turn, as they came.
    private var queue: [Waiting] = []
    private var clock: UInt64 = 0
    private var lastTurn: [Owner: UInt64] = [:]
    private var waitingOf: [Owner: Int] = [:]
    private var runningOf: [Owner: Int] = [:]

    init(room: Int, longest: Int, share: Int = .max) {
        self.room = max(1, room)
        self.share = max(1, share)
        self.longest = max(0, longest)
    }

    var waiting: Int { queue.count }

    /// - Parameter requests: turns that it costs.
    mutating func arrive(_ owner: Owner, _ number: Number, requests: Int = 1) -> Arrival {
        let more = UInt64(max(0, requests - 1))
        // INVARIANT: as long as there is room, those who wait have their share already.
        if running < room, hasPlace(owner) {
            running += 1
            runningOf[owner, default: 0] += 1
            // Later ones wait for what it gets beyond a turn of its own.
            if more > 0 { lastTurn[owner] = max(clock, lastTurn[owner] ?? 0) + more }
            return .runs
        }
        guard queue.count < longest else { return arriveInFullQueue(owner, number, more) }
        enqueue(owner, number, more)
        return .waits
    }

    /// The request that is worked on in the place of one of this owner's that ended; nil when none waits that may be.
    mutating func finish(_ owner: Owner) -> Number? {
        let left = (runningOf[owner] ?? 1) - 1
        runningOf[owner] = left > 0 ? left : nil
        guard let place = queue.firstIndex(where: { hasPlace($0.owner) }) else {
            running -= 1
            if running == 0 { lastTurn.removeAll() }
            return nil
        }
        let next = queue.remove(at: place)
        runningOf[next.owner, default: 0] += 1
        clock = max(clock, next.turn)
        leave(next.owner)
        return next.number
    }

    /// Takes back a request that waits; false when it doesn't any more.
    mutating func cancel(_ number: Number) -> Bool {
        guard let index = queue.firstIndex(where: { $0.number == number }) else { return false }
        leave(queue.remove(at: index).owner)
        return true
    }

    private func hasPlace(_ owner: Owner) -> Bool { (runningOf[owner] ?? 0) < share }

    private mutating func arriveInFullQueue(_ owner: Owner, _ number: Number, _ more: UInt64) -> Arrival {
        guard let most = waitingOf.max(by: { $0.value < $1.value }), most.value > (waitingOf[owner] ?? 0) + 1,
            let victim = queue.lastIndex(where: { $0.owner == most.key })
        else { return .refused }
        let refused = queue.remove(at: victim)
        leave(refused.owner)
        // Its turn was its owner's last, and is free again.
        lastTurn[refused.owner] = refused.turn - 1
        enqueue(owner, number, more)
        return .waitsInsteadOf(refused.number)
    }

    private mutating func enqueue(_ owner: Owner, _ number: Number, _ more: UInt64) {
        let turn = max(clock, lastTurn[owner] ?? 0) + 1
        lastTurn[owner] = turn + more
        waitingOf[owner, default: 0] += 1
        let place = queue.firstIndex { $0.turn > turn } ?? queue.endIndex
        queue.insert(Waiting(number: number, owner: owner, turn: turn), at: place)
    }

    private mutating func leave(_ owner: Owner) {
        let left = (waitingOf[owner] ?? 1) - 1
        waitingOf[owner] = left > 0 ? left : nil
        if left == 0, let turn = lastTurn[owner], turn <= clock { lastTurn[owner] = nil }
    }
}
