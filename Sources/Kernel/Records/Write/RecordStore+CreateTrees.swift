import Catalog

extension RecordStore {
    /// Stores new records of one type together with the new records nested in them: a tree is stored whole or not at all, with one outcome for
    /// each in their order, that of its outermost record.
    ///
    /// Errors name the nested record by its path: the target `affiliations/0/name` is the name of the first record in `affiliations`. With
    /// `.atomic`, one failed tree undoes all.
    ///
    /// - Throws: as `create(_:_:options:access:)`.
    package func create(_ trees: [RecordTree], options: WriteOptions, access: Access) async throws -> [WriteOutcome] {
        var outcomes = [WriteOutcome?](repeating: nil, count: trees.count)
        var open = Array(trees.indices)
        // What failed is left out and the rest done anew, since records of a failed tree may be stored already, and others may link to them.
        while !open.isEmpty {
            let places = open
            do {
                let made = try await transaction { store in
                    try await TreeWriter(store: store, options: options, access: access).write(places.map { trees[$0] })
                }
                for (place, outcome) in zip(places, made) { outcomes[place] = outcome }
                open = []
            } catch let failed as TreesFailed {
                for (position, error) in failed.errors { outcomes[places[position]] = .failed(error) }
                if options.mode == .atomic {
                    for place in places where outcomes[place] == nil { outcomes[place] = .failed(.undone) }
                    open = []
                } else {
                    open = places.filter { outcomes[$0] == nil }
                }
            }
        }
        return outcomes.compactMap { $0 }
    }
}

/// Rolls the trees back, with what is wrong with some of them, by position.
private struct TreesFailed: Error {
    var errors: [Int: RecordsError]
}

/// Stores trees level by level, all records of a level and type at once.
private struct TreeWriter {
    let store: RecordStore
    let options: WriteOptions
    let access: Access

    /// The outcomes of the outermost records. Throws when one of all records fails.
    func write(_ trees: [RecordTree]) async throws -> [WriteOutcome] {
        var outcomes: [WriteOutcome?] = Array(repeating: nil, count: trees.count)
        var failures: [Int: [(path: String, error: RecordsError)]] = [:]
        var perItem = options
        perItem.mode = .perItem
        for group in groups(trees) {
            // What a failed record brings with it, or is brought by, is judged by its values alone.
            let tried = group.filter { failures[$0.tree] == nil }
            for item in group where failures[item.tree] != nil {
                let refusals = item.node.type.refusals(of: item.node.input)
                guard let first = refusals.first else { continue }
                let error = RecordsError(.invalid, first.message, target: first.target, details: refusals)
                failures[item.tree, default: []].append((item.node.path, error))
            }
            guard let type = tried.first?.node.type else { continue }
            let made: [WriteOutcome]
            do {
                made = try await store.create(type, tried.map(\.node.input), options: perItem, access: access)
            } catch let error as RecordsError where error.code == .forbidden {
                // Of none of this type, which a tree with others of its own may bring along.
                made = tried.map { _ in .failed(error) }
            }
            guard made.count == tried.count else {
                throw RecordsError(.internalFault, "The store answered \(made.count) outcomes to \(tried.count) writes.")
            }
            for (item, outcome) in zip(tried, made) {
                if case .failed(let error) = outcome { failures[item.tree, default: []].append((item.node.path, error)) }
                if item.node.path.isEmpty { outcomes[item.tree] = outcome }
            }
        }
        guard failures.isEmpty else { throw TreesFailed(errors: failures.mapValues(Self.joined)) }
        return outcomes.compactMap { $0 }
    }

    private typealias Placed = (tree: Int, node: RecordTree.Node)

    /// Records by level and type, in the order in which they can be created.
    private func groups(_ trees: [RecordTree]) -> [[Placed]] {
        struct Key: Hashable {
            var level: Int
            var type: String
        }
        var groups: [Key: [Placed]] = [:]
        for (index, tree) in trees.enumerated() {
            for node in tree.nodes { groups[Key(level: node.level, type: node.type.id), default: []].append((index, node)) }
        }
        return groups.sorted { ($0.key.level, $0.key.type) < ($1.key.level, $1.key.type) }.map(\.value)
    }

    /// One error for a tree, its targets as paths from the outermost record.
    private static func joined(_ failures: [(path: String, error: RecordsError)]) -> RecordsError {
        let placed = failures.map { failure in
            var error = failure.error
            guard !failure.path.isEmpty else { return error }
            error.target = error.target.map { "\(failure.path)/\($0)" } ?? failure.path
            error.details = error.details.map { detail in
                RecordsError.Detail(
                    code: detail.code, target: detail.target.map { "\(failure.path)/\($0)" } ?? failure.path, message: detail.message)
            }
            return error
        }
        guard placed.count > 1 else { return placed[0] }
        let details = placed.flatMap { error in
            error.details.isEmpty
                ? [RecordsError.Detail(code: error.code.description, target: error.target, message: error.message)] : error.details
        }
        return RecordsError(.invalid, "\(placed.count) of these records can't be stored; see details.", details: details)
    }
}
