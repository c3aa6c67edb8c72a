import Catalog
import Permissions
import QueryLanguage

/// The links that lead from the records of a list to others whose changes show in it, step by step: those that it expands, those along which it computes,
/// and those along which a search finds.
///
/// A filter over links is none of them: it is judged when a record is told.
struct TrackedLinks {
    /// A link, and the shape at its other end. A link to several types that is expanded leads to none in particular.
    struct Step: Hashable, Comparable {
        var link: String
        var target: String?

        static func < (left: Step, right: Step) -> Bool { (left.link, left.target ?? "") < (right.link, right.target ?? "") }
    }

    private var further: [Step: TrackedLinks] = [:]

    /// - Parameter isWhole: with those along which it filters and orders.
    init(of query: CheckedQuery, _ catalog: Catalog, isWhole: Bool = false) {
        add(query, catalog, isWhole: isWhole)
    }

    private init() {}

    var isEmpty: Bool { further.isEmpty }

    /// In one order for equal lists.
    var steps: [(step: Step, rest: TrackedLinks)] { further.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }

    /// - Parameter isWhole: what an expanded link shows hangs on its filter and its order too.
    private mutating func add(_ query: CheckedQuery, _ catalog: Catalog, isWhole: Bool) {
        for expression in query.computed.map(\.expression) + (isWhole ? query.conditions : []) { add(expression) }
        if query.search != nil, let type = catalog.typeShape(named: query.shape.name).flatMap({ catalog.type(id: $0.recordType) }) {
            for field in type.searchedFields {
                guard case .link(let link) = field.type else { continue }
                further[Step(link: field.key, target: link.target), default: TrackedLinks()].merge(TrackedLinks())
            }
        }
        for item in query.expand {
            let isOfSeveral = if case .entityOfSeveral = item.link.type { true } else { false }
            let step = Step(link: item.link.name, target: isOfSeveral ? nil : item.query.shape.name)
            var rest = TrackedLinks()
            rest.add(item.query, catalog, isWhole: true)
            further[step, default: TrackedLinks()].merge(rest)
        }
    }

    private mutating func add(_ expression: TypedExpression) {
        // Where the members lie that variables stand for; a collection is met before what is asked of its members.
        var roots: [Int: [Step]] = [:]
        var paths: [[Step]] = []
        func steps(along path: PropertyPath) -> [Step] {
            let start = if case .variable(let number) = path.root { roots[number] ?? [] } else { [Step]() }
            return start
                + path.segments.compactMap { segment in segment.target.map { Step(link: segment.property.name, target: $0.name) } }
        }
        expression.visit { node in
            switch node.kind {
            case .property(let path), .isInCollection(_, let path): paths.append(steps(along: path))
            case .count(let members), .any(let members), .all(let members):
                roots[members.variable] = steps(along: members.path)
                paths.append(steps(along: members.path))
            default: break
            }
        }
        for path in paths { add(path[...]) }
    }

    private mutating func add(_ path: ArraySlice<Step>) {
        guard let first = path.first else { return }
        further[first, default: TrackedLinks()].add(path.dropFirst())
    }

    private mutating func merge(_ other: TrackedLinks) {
        for (step, rest) in other.further { further[step, default: TrackedLinks()].merge(rest) }
    }
}

extension CheckedQuery {
    /// What decides which records there are, and in which order.
    fileprivate var conditions: [TypedExpression] { (filter.map { [$0] } ?? []) + orderBy.map(\.expression) }

    /// Whether what it shows changes as time goes by, with nothing being written.
    private var asksTheTime: Bool {
        (conditions + computed.map(\.expression)).contains(where: \.asksTheTime) || expand.contains(where: \.query.asksTheTime)
    }

    /// Refuses lists whose changes leave no trace, or one that its reader may not follow.
    func requireTraces(_ catalog: Catalog, access: Access) throws {
        guard !asksTheTime else {
            throw RecordsError(
                .notSupported,
                "A tracked list can't ask for now(): what it answers changes as time goes by, and no change tells. Name a moment, and track the list anew "
                    + "when it is over.")
        }
        // At the other end, what left the reader's reach would have to be told from what never was in it.
        guard access.rights.isUnlimited || TrackedLinks(of: self, catalog).isEmpty else {
            throw RecordsError(
                .notSupported,
                "A tracked list that computes or searches along links is not supported yet for principals whose roles don't allow everything: leave that out, and "
                    + "track what is linked to by itself.")
        }
    }
}
