package import QueryLanguage

/// What an undo did, or would do.
package struct UndoReport: Sendable, Equatable {
    /// How many refusals are told one by one.
    package static let listedRefusals = 1000

    /// The change set that was taken back.
    package var changeSet: GUID
    /// The change set of the undo itself; nil when nothing was taken back, or kept.
    package var undo: GUID?
    /// Records that are as they were before, those included that an earlier undo had put back.
    package var undone: Int
    /// Those of them that were so before: an earlier undo had put them back, or the change set itself, as it deleted what it had made.
    package var alreadyUndone: Int
    package var refused: [UndoRefusal]
    package var refusedCount: Int

    package init(changeSet: GUID, undo: GUID?, undone: Int = 0, alreadyUndone: Int = 0, refused: [UndoRefusal] = [], refusedCount: Int = 0)
    {
        self.changeSet = changeSet
        self.undo = undo
        self.undone = undone
        self.alreadyUndone = alreadyUndone
        self.refused = refused
        self.refusedCount = refusedCount
    }

    package var value: Value {
        .complex([
            "change_set": .guid(changeSet), "undo": undo.map(Value.guid) ?? .null, "undone": .integer(Int64(undone)),
            "already_undone": .integer(Int64(alreadyUndone)),
            "refused_count": .integer(Int64(refusedCount)), "refused": .collection(refused.map(\.value)),
        ])
    }

    package init?(_ value: Value) {
        guard let changeSet = value["change_set"]?.asGUID, let undone = value["undone"]?.asInt, let count = value["refused_count"]?.asInt
        else { return nil }
        self.init(
            changeSet: changeSet, undo: value["undo"]?.asGUID, undone: undone,
            alreadyUndone: value["already_undone"]?.asInt ?? 0, refused: value["refused"]?.items.compactMap(UndoRefusal.init) ?? [],
            refusedCount: count)
    }

    /// - Parameter isNamed: false for records that whoever undoes may not know of, which are counted alone.
    mutating func add(_ refusal: UndoRefusal, isNamed: Bool = true) {
        refusedCount += 1
        if isNamed, refused.count < Self.listedRefusals { refused.append(refusal) }
    }
}
