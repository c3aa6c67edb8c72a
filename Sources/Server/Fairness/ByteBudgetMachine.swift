/// Decides whose bytes come into memory next: in the order of arrival, but nobody beyond a share of the whole, and nobody waits for another's share.
/// Pure.
struct ByteBudgetMachine<Owner: Hashable & Sendable> {
    typealias Number = UInt64

    enum Arrival: Equatable {
        case granted
        case waits
        /// The owner has enough that waits.
        case refused
    }

    private struct Waiting {
        let number: Number
        let owner: Owner
        let bytes: Int
    }

    let room: Int
    let share: Int
    /// How many of one owner wait at most.
    let longest: Int
    /// Bytes that are given out.
    private(set) var held = 0
    private var heldOf: [Owner: Int] = [:]
    private var queue: [Waiting] = []
    private var waitingOf: [Owner: Int] = [:]

    init(room: Int, share: Int, longest: Int) {
        self.room = max(1, room)
        self.share = max(1, min(share, room))
        self.longest = max(0, longest)
    }

    var waiting: Int { queue.count }

    /// What is counted for so many bytes: what is larger than a share goes alone.
    func counted(_ bytes: Int) -> Int { min(max(0, bytes), share) }

    /// - Parameter bytes: as `counted` gives them.
    mutating func arrive(_ owner: Owner, _ number: Number, bytes: Int) -> Arrival {
        if take(owner, bytes: bytes) { return .granted }
        guard waitingOf[owner, default: 0] < longest else { return .refused }
        queue.append(Waiting(number: number, owner: owner, bytes: bytes))
        waitingOf[owner, default: 0] += 1
        return .waits
    }

    /// Takes bytes if they are free and nobody waits for them; false leaves everything as it is.
    mutating func take(_ owner: Owner, bytes: Int) -> Bool {
        guard hasShare(owner, bytes), waitingOf[owner] == nil, held + bytes <= room, !isRoomAwaited else { return false }
        give(owner, bytes)
        return true
    }

    /// Gives bytes back; those whose turn it is by that.
    mutating func release(_ owner: Owner, bytes: Int) -> [Number] {
        held -= bytes
        let left = heldOf[owner, default: 0] - bytes
        heldOf[owner] = left > 0 ? left : nil
        return granted()
    }

    /// Takes back what waits, and gives those whose turn it is by that; nil when it doesn't wait any more.
    mutating func cancel(_ number: Number) -> [Number]? {
        guard let place = queue.firstIndex(where: { $0.number == number }) else { return nil }
        leave(queue.remove(at: place).owner)
        return granted()
    }

    /// Somebody whose turn it is has a share left, and waits for the room of all.
    private var isRoomAwaited: Bool {
        var passed: Set<Owner> = []
        return queue.contains { passed.insert($0.owner).inserted && hasShare($0.owner, $0.bytes) }
    }

    private func hasShare(_ owner: Owner, _ bytes: Int) -> Bool { heldOf[owner, default: 0] + bytes <= share }

    private mutating func granted() -> [Number] {
        var granted: [Number] = []
        var passed: Set<Owner> = []
        var place = queue.startIndex
        while place < queue.endIndex {
            let next = queue[place]
            guard !passed.contains(next.owner), hasShare(next.owner, next.bytes) else {
                // An owner's come in their order, and don't keep others waiting.
                passed.insert(next.owner)
                place += 1
                continue
            }
            guard held + next.bytes <= room else { break }
            queue.remove(at: place)
            leave(next.owner)
            give(next.owner, next.bytes)
            granted.append(next.number)
        }
        return granted
    }

    private mutating func give(_ owner: Owner, _ bytes: Int) {
        held += bytes
        heldOf[owner, default: 0] += bytes
    }

    private mutating func leave(_ owner: Owner) {
        let left = waitingOf[owner, default: 0] - 1
        waitingOf[owner] = left > 0 ? left : nil
    }
}
