package import Catalog

/// What roles come to when they are united: for each record type and action the records that are covered. No entry means none.
package struct Policy: Sendable, Hashable {
    package var types: [String: TypePolicy]
    package var abilities: Set<Role.Ability>

    package init(types: [String: TypePolicy] = [:], abilities: Set<Role.Ability> = []) {
        self.types = types
        self.abilities = abilities
    }
}

/// What a policy allows on the records of one type.
package struct TypePolicy: Sendable, Hashable {
    package var actions: [RecordAction: Predicate]
    /// Records that may be given to another owner, of those that may be changed: `assign` in `actions` speaks of whom they may be given to.
    package var giving = Predicate.never
    /// Fields that are seen on fewer records than are read, by key; never seen at all with `never`.
    package var masks: [String: Predicate]
    /// Fields that are written on fewer records than are changed, and on fewer than are made.
    package var updateMasks: [String: Predicate]
    package var createMasks: [String: Predicate]

    package init(
        actions: [RecordAction: Predicate] = [:], masks: [String: Predicate] = [:], updateMasks: [String: Predicate] = [:],
        createMasks: [String: Predicate] = [:]
    ) {
        self.actions = actions
        self.masks = masks
        self.updateMasks = updateMasks
        self.createMasks = createMasks
    }
}
