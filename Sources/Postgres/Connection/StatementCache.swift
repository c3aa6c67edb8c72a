/// The prepared statements of one connection, at most `limit`; the one used longest ago makes room.
struct StatementCache {
    struct Entry: Equatable {
        /// Never used twice on a connection.
        let id: Int
        let name: String
    }

    struct Use: Equatable {
        let entry: Entry
        /// The caller has to prepare the statement under this name.
        let isNew: Bool
    }

    private struct Slot {
        let text: String
        let types: [PostgresType]
        let fingerprint: Int
        let entry: Entry
        var newer: Int
        var older: Int
    }

    private let limit: Int
    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var slotOfFingerprint: [Int: Int] = [:]
    private var slotOfID: [Int: Int] = [:]
    private var newest = -1
    private var oldest = -1
    private var lastID = 0
    /// Names the server still knows and nobody will use again.
    private(set) var discarded: [String] = []

    init(limit: Int) { self.limit = max(1, limit) }

    var count: Int { slotOfFingerprint.count }

    /// Finds the statement or makes a name for it.
    mutating func use(_ key: StatementKey) -> Use {
        if let slot = slotOfFingerprint[key.fingerprint] {
            guard key.matches(text: slots[slot].text, types: slots[slot].types) else {
                // Two statements with one fingerprint, which hardly ever happens, take turns.
                remove(slot, isKnownToServer: true)
                return use(key)
            }
            if slot != newest {
                unlink(slot)
                link(slot)
            }
            return Use(entry: slots[slot].entry, isNew: false)
        }
        if slotOfFingerprint.count >= limit, oldest >= 0 { remove(oldest, isKnownToServer: true) }
        lastID += 1
        let entry = Entry(id: lastID, name: "t\(lastID)")
        let slot = place(
            Slot(text: key.text, types: key.types, fingerprint: key.fingerprint, entry: entry, newer: -1, older: -1)
        )
        slotOfFingerprint[key.fingerprint] = slot
        slotOfID[entry.id] = slot
        link(slot)
        return Use(entry: entry, isNew: true)
    }

    /// The server doesn't know the statement, or its plan has become useless: the next use prepares it under a new name.
    mutating func forget(_ id: Int, isKnownToServer: Bool) {
        guard let slot = slotOfID[id] else { return }
        remove(slot, isKnownToServer: isKnownToServer)
    }

    mutating func forget(_ key: StatementKey) {
        guard let slot = slotOfFingerprint[key.fingerprint], key.matches(text: slots[slot].text, types: slots[slot].types) else { return }
        remove(slot, isKnownToServer: true)
    }

    mutating func takeDiscarded() -> String? { discarded.popLast() }

    private mutating func place(_ slot: Slot) -> Int {
        if let free = freeSlots.popLast() {
            slots[free] = slot
            return free
        }
        slots.append(slot)
        return slots.count - 1
    }

    private mutating func remove(_ slot: Int, isKnownToServer: Bool) {
        unlink(slot)
        let removed = slots[slot]
        slotOfFingerprint[removed.fingerprint] = nil
        slotOfID[removed.entry.id] = nil
        freeSlots.append(slot)
        if isKnownToServer { discarded.append(removed.entry.name) }
    }

    private mutating func link(_ slot: Int) {
        slots[slot].newer = -1
        slots[slot].older = newest
        if newest >= 0 { slots[newest].newer = slot }
        newest = slot
        if oldest < 0 { oldest = slot }
    }

    private mutating func unlink(_ slot: Int) {
        let (newer, older) = (slots[slot].newer, slots[slot].older)
        if newer >= 0 { slots[newer].older = older } else { newest = older }
        if older >= 0 { slots[older].newer = newer } else { oldest = newer }
    }
}
