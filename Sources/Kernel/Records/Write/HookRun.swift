import Catalog
import QueryLanguage

/// Shows records to the modules before they are written, and takes over what these answer.
struct HookRun {
    let store: RecordStore
    let type: RecordType
    let access: Access

    /// - Parameter stored: what is stored of the records that change, by property name.
    func run(_ drafts: inout [WriteDraft], stored: [GUID: [String: Value]]) async throws {
        guard let interest = store.hooks.interest(in: type.id) else { return }
        let concerned = drafts.indices.filter { index in
            drafts[index].problems.isEmpty && (!drafts[index].isUpdate || !drafts[index].fields.isDisjoint(with: interest.reads))
        }
        guard !concerned.isEmpty else { return }
        let seen = Set(type.fields.filter { interest.reads.contains($0.key) }.flatMap(\.hookProperties))
        let images = concerned.map { index -> HookImage in
            let draft = drafts[index]
            let image = AfterImage(stored: stored[draft.id] ?? [:], draft: draft, type: type).values
            return HookImage(
                id: draft.id, isNew: !draft.isUpdate, values: image.filter { seen.contains($0.key) }, changed: draft.fields)
        }
        let choices = type.hookChoices(of: interest.reads.union(interest.writes))
        let results = try await store.hooks.beforeWrite(recordType: type.id, choices: choices, images: images, access: access)
        guard results.count == images.count else {
            throw RecordsError(.moduleFailed, "The modules of \(type.id) answered for \(results.count) of \(images.count) records.")
        }
        let reader = InputReader(type: type, isModule: true)
        for (index, result) in zip(concerned, results) {
            switch result {
            case .patch(let values): reader.read(RecordInput(values), into: &drafts[index])
            case .refuse(let details): drafts[index].problems += details
            }
        }
    }
}
