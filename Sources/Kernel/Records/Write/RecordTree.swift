package import Catalog
package import QueryLanguage

/// A new record, and new records that are linked to it and stored with it (OData Protocol 4.01 section 11.4.2.2).
package struct RecordTree: Sendable {
    /// How a nested record and the one around it are linked.
    package enum Link: Sendable, Hashable {
        /// The outer record's field of one link.
        case toOne(field: String)
        /// The outer record's field of many links: the entry at this position of its list, which holds null.
        case toMany(field: String, position: Int)
        /// The nested record's field of one link.
        case inverseOfOne(field: String)
        /// The nested record's field of many links.
        case inverseOfMany(field: String)
    }

    package struct Nested: Sendable {
        /// Where it stands in the outer record: `affiliations/0`.
        package var path: String
        package var link: Link
        /// What a link to many holds of its own.
        package var columns: [String: Value]
        package var tree: RecordTree

        package init(path: String, link: Link, columns: [String: Value] = [:], tree: RecordTree) {
            self.path = path
            self.link = link
            self.columns = columns
            self.tree = tree
        }
    }

    package let type: RecordType
    package let id: GUID
    package let input: RecordInput
    package let nested: [Nested]

    /// - Parameter input: with `id` where the caller chooses it.
    package init(type: RecordType, input: RecordInput, nested: [Nested] = []) {
        self.type = type
        self.nested = nested
        if case .guid(let id)? = input.values["id"] { self.id = id } else { id = .version7() }
        var input = input
        input.values["id"] = .guid(id)
        self.input = input
    }

    /// The ids of all of its records, its own first.
    package var ids: [GUID] { [id] + nested.flatMap(\.tree.ids) }

    /// The records below this one.
    package var nestedCount: Int { nested.reduce(nested.count) { $0 + $1.tree.nestedCount } }
}

// MARK: Order

extension RecordTree {
    /// One record of a tree as the store creates it, with its links by id.
    struct Node {
        var path: String
        var type: RecordType
        var input: RecordInput
        /// Records of lower levels are created first: what a record links to lies one below it, what links to it one above.
        var level: Int
    }

    /// All records, the tree's own at level 0.
    var nodes: [Node] {
        var nodes: [Node] = []
        collect(into: &nodes, path: "", level: 0, within: nil)
        return nodes
    }

    private func collect(into nodes: inout [Node], path: String, level: Int, within outer: (id: GUID, nested: Nested)?) {
        var values = input.values
        for item in nested {
            let inner = path.isEmpty ? item.path : "\(path)/\(item.path)"
            switch item.link {
            case .toOne(let field):
                values[field] = .guid(item.tree.id)
                item.tree.collect(into: &nodes, path: inner, level: level - 1, within: nil)
            case .toMany(let field, let position):
                guard case .collection(var entries)? = values[field], entries.indices.contains(position) else { continue }
                entries[position] = Self.entry(item.tree.id, item.columns)
                values[field] = .collection(entries)
                item.tree.collect(into: &nodes, path: inner, level: level - 1, within: nil)
            case .inverseOfOne, .inverseOfMany:
                item.tree.collect(into: &nodes, path: inner, level: level + 1, within: (id, item))
            }
        }
        switch outer?.nested.link {
        case .inverseOfOne(let field): values["\(field)_id"] = outer.map { .guid($0.id) }
        case .inverseOfMany(let field):
            guard let outer else { break }
            var entries: [Value] = []
            if case .collection(let given)? = values[field] { entries = given }
            // First, so that it is the primary one unless another says that it is.
            values[field] = .collection([Self.entry(outer.id, outer.nested.columns)] + entries)
        default: break
        }
        nodes.append(Node(path: path, type: type, input: RecordInput(values), level: level))
    }

    private static func entry(_ id: GUID, _ columns: [String: Value]) -> Value {
        .complex(["id": .guid(id), TypeShape.linkMember: .complex(columns)])
    }
}
