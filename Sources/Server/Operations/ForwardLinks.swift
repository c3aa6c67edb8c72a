import Catalog
import QueryLanguage
import Records

/// Finds out whether new records of a request link to others that come later in it, so that it can't be cut into steps between them.
struct ForwardLinks {
    /// The item in which a record stands whose id the client chose.
    private var places: [GUID: Int] = [:]
    private var types: Set<String> = []

    /// - Parameter trees: the items, in their order.
    init(_ trees: [RecordTree]) {
        for (place, tree) in trees.enumerated() { add(tree, place) }
    }

    private mutating func add(_ tree: RecordTree, _ place: Int) {
        places[tree.id] = place
        types.insert(tree.type.id)
        for nested in tree.nested { add(nested.tree, place) }
    }

    /// Whether an item links into a later step, or names a record by another key than its id: that may be anywhere.
    func lead(outOf place: Int, _ tree: RecordTree, itemsPerStep: Int) -> Bool {
        let own = place / itemsPerStep
        for (name, value) in tree.input.values where name != "id" {
            if leads(value, beyond: own, itemsPerStep) { return true }
            let target: String? =
                switch tree.type.field(name)?.type {
                case .link(let link): link.target
                case .links(let links): links.target
                default: nil
                }
            if let target, types.contains(target), Self.isByKey(value) { return true }
        }
        return tree.nested.contains { lead(outOf: place, $0.tree, itemsPerStep: itemsPerStep) }
    }

    private func leads(_ value: Value, beyond own: Int, _ itemsPerStep: Int) -> Bool {
        switch value {
        case .guid(let id): places[id].map { $0 / itemsPerStep > own } ?? false
        case .complex(let members): members.values.contains { leads($0, beyond: own, itemsPerStep) }
        case .collection(let items): items.contains { leads($0, beyond: own, itemsPerStep) }
        default: false
        }
    }

    private static func isByKey(_ value: Value) -> Bool {
        switch value {
        case .complex(let members): members["id"] == nil
        case .collection(let items): items.contains(where: isByKey)
        default: false
        }
    }
}
