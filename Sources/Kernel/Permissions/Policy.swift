package import Catalog

/// What roles come to when they are united: for each record type and action the records that are covered. No entry means none.
package struct Policy: Sendable, Hashable {
    package var types: [String: TypePolicy]

    package init(types: [String: TypePolicy] = [:]) { self.types = types }
}

/// What a policy allows on the records of one type.
package struct TypePolicy: Sendable, Hashable {
    package var actions: [RecordAction: Predicate]

    package init(actions: [RecordAction: Predicate] = [:]) { self.actions = actions }
}
