import QueryLanguage

/// What of a batch is done when: units that may run side by side as far as none needs another, and the steps within each.
///
/// Pure: of requests it knows what they depend on, and which of them the store can carry out together.
struct BatchPlan: Sendable {
    struct Unit: Sendable {
        /// One after the other. A step of several requests is handed to the store as one.
        var steps: [[Int]]
        /// The unit is an atomicity group.
        var isAtomic: Bool
        /// Units that must be done before.
        var needs: Set<Int>
    }

    /// A write that the store can carry out together with others of its kind, of other records.
    struct Write {
        var kind: SingleWrite.Kind
        /// The record it changes; nil for a new one.
        var record: GUID?
    }

    private(set) var units: [Unit] = []

    /// - Parameter writes: by the position of the request.
    init(_ items: [BatchRequest.Item], writes: [Int: Write]) {
        var unitOf: [String: Int] = [:]
        var openGroup: String?
        var run: (kind: SingleWrite.Kind, records: Set<GUID>)?
        for (index, item) in items.enumerated() {
            let isInGroup = item.group != nil && item.group == openGroup
            if item.group != openGroup { run = nil }
            let write = writes[index]
            if let write, let open = run, open.kind == write.kind, write.record.map({ !open.records.contains($0) }) ?? true {
                let last = units.count - 1
                units[last].steps[units[last].steps.count - 1].append(index)
            } else {
                if isInGroup {
                    units[units.count - 1].steps.append([index])
                } else {
                    units.append(Unit(steps: [[index]], isAtomic: item.group != nil, needs: []))
                }
                run = write.map { ($0.kind, []) }
            }
            if let record = write?.record { run?.records.insert(record) }
            openGroup = item.group
            let own = units.count - 1
            units[own].needs.formUnion(item.dependsOn.compactMap { unitOf[$0] }.filter { $0 != own })
            unitOf[item.id] = own
            if let group = item.group { unitOf[group] = own }
        }
    }
}
