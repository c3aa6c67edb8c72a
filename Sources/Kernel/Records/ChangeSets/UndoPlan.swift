import Catalog
import QueryLanguage

/// What has to be done to one record to take a change set's changes of it back.
enum UndoPlan {
    /// Nothing: it is as it was before already.
    case nothing
    case refuse(code: String, reason: String)
    case steps(Steps)

    struct Steps {
        /// It was made by the change set.
        var deletes = false
        /// It was deleted by the change set.
        var restores = false
        /// It was restored by the change set, and is deleted again after its values are put back.
        var deletesAfterwards = false
        var reversion: Reversion
    }

    /// What is known of a record that a change set changed.
    struct Facts {
        var id: GUID
        /// The first and the last version that the change set gave it, and how many.
        var first: Int64
        var last: Int64
        var count: Int64
        /// What it did, in order.
        var actions: [String]
        /// Whether there was something else between creating and deleting: the state to return to. Nil when that wasn't changed.
        var wasDeleted: Bool?
        /// The version it has now; nil when it is gone, or hidden from whoever undoes.
        var version: Int64?
        var isDeleted: Bool
        /// The change sets that changed it since, oldest first.
        var since: [GUID]
        /// Fields that the record type has no longer.
        var gone: [String]
        var columns: [String: Value]
        var lists: [String: [ListRow]]
    }

    /// The record can't be found, or not by whoever undoes.
    static let gone = "undo.gone"

    /// - Parameter family: the change sets that undo this one (1), undo that undo (2) and so on.
    init(_ facts: Facts, label: String, family: [GUID: Int]) {
        if facts.actions.contains("purge") {
            self = .refuse(code: "undo.purged", reason: "It was removed for good.")
            return
        }
        guard let version = facts.version else {
            self = .refuse(code: Self.gone, reason: "The \(label) is there no more.")
            return
        }
        guard facts.last - facts.first + 1 == facts.count, facts.since.allSatisfy({ family[$0] != nil }) else {
            self = .refuse(code: "undo.changed_since", reason: "The \(label) was changed since.")
            return
        }
        if let last = facts.since.last.flatMap({ family[$0] }), last % 2 == 1 {
            self = .nothing
            return
        }
        guard facts.gone.isEmpty else {
            let names = facts.gone.sorted().joined(separator: ", ")
            self = .refuse(code: "undo.field_gone", reason: "The \(label) has no \(names) any more.")
            return
        }
        var steps = Steps(reversion: Reversion(id: facts.id, version: version, columns: facts.columns, lists: facts.lists))
        if facts.actions.contains("create") {
            guard !facts.isDeleted else {
                self = .nothing
                return
            }
            steps.deletes = true
            steps.reversion.columns = [:]
            steps.reversion.lists = [:]
        } else if let wasDeleted = facts.wasDeleted {
            steps.restores = !wasDeleted && facts.isDeleted
            steps.deletesAfterwards = wasDeleted && !facts.isDeleted
        }
        self = steps.isEmpty ? .nothing : .steps(steps)
    }
}

extension UndoPlan.Steps {
    fileprivate var isEmpty: Bool { !deletes && !restores && !deletesAfterwards && reversion.isEmpty }
}
