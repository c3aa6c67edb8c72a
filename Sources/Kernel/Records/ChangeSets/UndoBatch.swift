import Catalog
import QueryLanguage

/// Takes the changes of some records of one type back, in the transaction of the store it is given.
struct UndoBatch {
    let store: RecordStore
    let changeSet: GUID
    let undo: GUID
    let type: RecordType
    let access: Access

    struct Result {
        /// Records that were put back, and those that were back already.
        var changed = 0
        var unchanged = 0
        /// Those of the latter that another undo, or the change set itself, had put back.
        var already = 0
        var refused: [(id: GUID, code: String, reason: String)] = []
    }

    /// Some records were restored, and then refused the values they had: nothing of the batch may be kept.
    struct HalfUndone: Error {
        var refused: [GUID: RecordsError]
    }

    /// - Parameter except: records that are known to be refused.
    func run(_ ids: [GUID], label: String, family: [GUID: Int], except known: [GUID: RecordsError]) async throws -> Result {
        var result = Result()
        var steps: [UndoPlan.Steps] = []
        for facts in try await UndoFacts(store: store, changeSet: changeSet, type: type, access: access).load(ids) {
            if let error = known[facts.id] {
                result.refused.append((facts.id, error.code.description, error.message))
                continue
            }
            switch UndoPlan(facts, label: type.label.lowercased(), family: family) {
            case .nothing:
                result.unchanged += 1
                if facts.since.last != undo { result.already += 1 }
            case .refuse(let code, let reason): result.refused.append((facts.id, code, reason))
            case .steps(let planned): steps.append(planned)
            }
        }
        try await delete(steps.filter(\.deletes), family, &result)
        try await putBack(steps.filter { !$0.deletes }, &result)
        return result
    }

    private var options: WriteOptions { WriteOptions(changeSet: ChangeSet(id: undo)) }

    private func delete(_ steps: [UndoPlan.Steps], _ family: [GUID: Int], _ result: inout Result) async throws {
        guard !steps.isEmpty else { return }
        let standing = try await StandingLinks(store: store, catalog: store.catalog, changeSets: [changeSet] + family.keys)
            .targets(among: steps.map(\.reversion.id), of: type)
        for step in steps where standing.contains(step.reversion.id) {
            result.refused.append((step.reversion.id, "undo.linked", "Other records link to this \(type.label.lowercased())."))
        }
        let free = steps.filter { !standing.contains($0.reversion.id) }
        let failed = failures(free, try await store.delete(type, free.map(\.reference), options: options, access: access))
        note(free, failed, &result)
    }

    private func putBack(_ steps: [UndoPlan.Steps], _ result: inout Result) async throws {
        guard !steps.isEmpty else { return }
        var open = steps
        let deleted = open.indices.filter { open[$0].restores }
        if !deleted.isEmpty {
            let restored = try await store.restore(type, deleted.map { open[$0].reference }, options: options, access: access)
            let failed = failures(deleted.map { open[$0] }, restored)
            note(deleted.map { open[$0] }.filter { failed[$0.reversion.id] != nil }, failed, &result)
            for index in deleted { open[index].reversion.version += 1 }
            open.removeAll { failed[$0.reversion.id] != nil }
        }
        let changes = open.filter { !$0.reversion.isEmpty }
        var failed = failures(changes, try await store.revert(type, changes.map(\.reversion), options: options, access: access))
        let again = open.filter { $0.deletesAfterwards && failed[$0.reversion.id] == nil }
        // Putting values back has given them another version.
        let unversioned = again.map { RecordReference(key: .id($0.reversion.id)) }
        let last = failures(again, try await store.delete(type, unversioned, options: options, access: access))
        let half = failed.filter { entry in open.contains { $0.reversion.id == entry.key && $0.restores } }.merging(last) { $1 }
        guard half.isEmpty else { throw HalfUndone(refused: half) }
        failed.merge(last) { first, _ in first }
        note(open, failed, &result)
    }

    private func failures(_ steps: [UndoPlan.Steps], _ outcomes: [WriteOutcome]) -> [GUID: RecordsError] {
        var failed: [GUID: RecordsError] = [:]
        for (step, outcome) in zip(steps, outcomes) { if case .failed(let error) = outcome { failed[step.reversion.id] = error } }
        return failed
    }

    private func note(_ steps: [UndoPlan.Steps], _ failed: [GUID: RecordsError], _ result: inout Result) {
        for step in steps {
            guard let error = failed[step.reversion.id] else {
                result.changed += 1
                continue
            }
            let details = error.details.filter { $0.code != "records.changed_since" }.map(\.message)
            let reason = details.isEmpty ? error.message : details.joined(separator: " ")
            result.refused.append((step.reversion.id, error.code.description, reason))
        }
    }
}

extension UndoPlan.Steps {
    /// The record at the version that was looked at.
    fileprivate var reference: RecordReference { RecordReference(key: .id(reversion.id), expectedVersion: reversion.version) }
}
