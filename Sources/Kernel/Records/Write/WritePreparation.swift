import Catalog
import QueryLanguage

/// Brings a batch of inputs to the point where it can be stored: values read and checked, links found, numbers normalised, modules heard,
/// rules asked. Problems stay with their item.
struct WritePreparation {
    let store: RecordStore
    let catalog: Catalog
    let type: RecordType
    let access: Access
    let options: WriteOptions

    func creates(_ inputs: [RecordInput]) async throws -> [WriteDraft] {
        let reader = InputReader(type: visibleType)
        var drafts = inputs.indices.map { WriteDraft(index: $0, id: Self.id(in: inputs[$0]) ?? .version7()) }
        let today = try await today()
        for index in drafts.indices {
            reader.read(inputs[index], into: &drafts[index])
            refuseUnwritable(in: &drafts[index])
            addDefaults(to: &drafts[index], today: today)
        }
        try await complete(&drafts, stored: [:])
        refuseLoops(in: &drafts)
        veil(&drafts)
        return drafts
    }

    /// - Parameter drafts: with `id` and `expectedVersion` set. Those whose checks need stored values leave with the version that was checked.
    func updates(_ inputs: [RecordInput], into drafts: inout [WriteDraft]) async throws {
        let reader = InputReader(type: visibleType)
        let inputs = try await closingUnseen(inputs, &drafts)
        let today = try await inputs.contains { !$0.momentary.isEmpty } ? today() : nil
        for index in drafts.indices {
            let input = inputs[drafts[index].index]
            reader.read(input, into: &drafts[index])
            for field in type.fields where input.momentary.contains(field.key) {
                drafts[index].columns.merge(defaults(of: field, today: today)) { given, _ in given }
                drafts[index].fields.insert(field.key)
            }
            refuseUnwritable(in: &drafts[index])
        }
        let stored = try await judge(&drafts)
        checkReadOnly(&drafts, stored: stored)
        veil(&drafts)
    }

    /// Values that were stored before go back as they were: they are neither checked nor normalised again, and what is read-only to callers
    /// is set too. Links, modules and rules judge the record as for any write.
    func reversions(_ drafts: inout [WriteDraft]) async throws {
        let given = drafts
        _ = try await judge(&drafts, isReversion: true)
        for index in drafts.indices {
            // What a module would compute anew gives way to what was stored.
            drafts[index].columns.merge(given[index].columns) { _, stored in stored }
            drafts[index].lists.merge(given[index].lists) { _, stored in stored }
        }
        veil(&drafts, whoeverGave: true)
    }

    /// Completes changes that were read, and gives what is stored of the fields that were looked at.
    private func judge(_ drafts: inout [WriteDraft], isReversion: Bool = false) async throws -> [GUID: [String: Value]] {
        let needed = drafts.reduce(into: Set<String>()) { $0.formUnion(fieldsToLoad(for: $1)) }
        var stored: [GUID: StoredValues.Record] = [:]
        if !needed.isEmpty {
            stored = try await StoredValues(store: store, type: type, access: access).load(drafts.map(\.id), fields: needed)
            for index in drafts.indices {
                guard let record = stored[drafts[index].id] else { continue }
                drafts[index].checkedVersion = record.version
            }
        }
        let values = stored.mapValues(\.values)
        try await complete(&drafts, stored: values, isReversion: isReversion)
        return values
    }

    private static func id(in input: RecordInput) -> GUID? {
        if case .guid(let id)? = input.values["id"] { id } else { nil }
    }

    private func complete(_ drafts: inout [WriteDraft], stored: [GUID: [String: Value]], isReversion: Bool = false) async throws {
        try await LinkResolver(store: store, catalog: catalog, access: access, options: options)
            .resolve(&drafts, of: type, keepingHidden: isReversion)
        try await refuseEndedOwners(in: &drafts)
        if !isReversion { try await keepHiddenLinks(in: &drafts, stored: stored) }
        // Numbers that join others are known by their normal form.
        if drafts.contains(where: { !$0.joining.isEmpty }) { try normalisePhones(&drafts) }
        for index in drafts.indices where drafts[index].isUpdate { joinLists(of: &drafts[index], stored: stored[drafts[index].id] ?? [:]) }
        try await HookRun(store: store, type: type, access: access).run(&drafts, stored: stored)
        try normalisePhones(&drafts)
        for index in drafts.indices {
            settleRepeats(in: &drafts[index])
            keepPrimariesInStep(&drafts[index], stored: stored[drafts[index].id])
            completeMoney(&drafts[index], stored: stored[drafts[index].id])
            checkRules(&drafts[index], stored: stored[drafts[index].id])
        }
    }
}
