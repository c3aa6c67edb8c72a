package import Catalog
import Permissions
import QueryLanguage

extension RecordStore {
    /// Changes the records that the key properties of each input find, and makes those that aren't there. Outcomes are in input order.
    ///
    /// Inputs with the same key meet in order: the second changes what the first made. A record that somebody else makes between looking
    /// and making is found at the next look.
    ///
    /// - Parameters:
    ///   - key: properties that are unique together, or one whose values happen to be: a value that two records have fails its item. Of emails
    ///     and phones the primary entry counts, which an input gives itself or in its list.
    ///   - versions: the version that each input expects to change, if any; an input that expects one makes no record.
    package func upsert(
        _ type: RecordType, by key: [String], _ inputs: [RecordInput], expecting versions: [Int64?]? = nil, options: WriteOptions,
        access: Access
    ) async throws -> [WriteOutcome] {
        try await honouring(options, count: inputs.count) {
            try await $0.upsertEach(type, by: key, inputs, versions, options: $1, access: access)
        }
    }

    private func upsertEach(
        _ type: RecordType, by key: [String], _ inputs: [RecordInput], _ versions: [Int64?]?, options: WriteOptions, access: Access
    ) async throws -> [WriteOutcome] {
        let type = whole(type)
        for property in key {
            // A field that is seen on some records only would find others too.
            let field = type.fields.first { $0.key == property || $0.primaryProperty == property } ?? type.field(ofColumn: property)
            if let field, access.rights.mask(of: field.key, on: type.id) != nil {
                throw RecordsError(.unknownProperty, "\(type.label) has no property \(property) to find records by.", target: property)
            }
        }
        var outcomes = [WriteOutcome?](repeating: nil, count: inputs.count)
        var rounds: [[Int]] = []
        var occurrences: [[Value]: Int] = [:]
        for (index, input) in inputs.enumerated() {
            let values = try keyValues(of: input, key, type)
            if let missing = zip(key, values).first(where: { $1.isNull })?.0 {
                outcomes[index] = .failed(RecordsError(.invalid, "The key property \(missing) has no value.", target: missing))
                continue
            }
            let round = occurrences[values, default: 0]
            occurrences[values] = round + 1
            if round == rounds.count { rounds.append([]) }
            rounds[round].append(index)
        }
        for round in rounds {
            var open = round
            for look in 1...3 where !open.isEmpty {
                open = try await upsertOnce(
                    type, by: key, inputs, versions, open, into: &outcomes, isLast: look == 3, options: options, access: access)
            }
        }
        return outcomes.compactMap { $0 }
    }

    /// One look, then writes; returns the items whose key appeared in between.
    private func upsertOnce(
        _ type: RecordType, by key: [String], _ inputs: [RecordInput], _ versions: [Int64?]?, _ open: [Int],
        into outcomes: inout [WriteOutcome?], isLast: Bool, options: WriteOptions, access: Access
    ) async throws -> [Int] {
        let keys = try open.map { try keyValues(of: inputs[$0], key, type) }
        let found = try await RecordKeys(store: self, type: type, access: access).resolve(
            keys.map { RecordKey.unique(Dictionary(uniqueKeysWithValues: zip(key, $0))) })
        var updates: [(index: Int, item: RecordUpdate)] = []
        var creates: [(index: Int, key: [Value])] = []
        for (position, index) in open.enumerated() {
            switch found[position] {
            case .success(let id):
                updates.append((index, RecordUpdate(key: .id(id), expectedVersion: versions?[index], input: inputs[index])))
            case .failure(let error) where error.code == .notFound && versions?[index] == nil: creates.append((index, keys[position]))
            case .failure(let error): outcomes[index] = .failed(error)
            }
        }
        let updated = try await update(type, updates.map(\.item), options: options, access: access)
        for (entry, outcome) in zip(updates, updated) { outcomes[entry.index] = outcome }
        var again: [Int] = []
        let turn = CreationTurn(self, type, by: key, keys: creates.map(\.key), access: access)
        let created = try await create(type, creates.map { inputs[$0.index] }, turn: turn, options: options, access: access)
        for (index, outcome) in zip(creates.map(\.index), created) {
            if case .failed(let error) = outcome, error.code == .notUnique, !isLast {
                again.append(index)
            } else {
                outcomes[index] = outcome
            }
        }
        return again
    }

    /// Key values in the form they are stored in: mail addresses are found by their lower-case form, numbers by their E.164 form.
    private func keyValues(of input: RecordInput, _ key: [String], _ type: RecordType) throws -> [Value] {
        try key.map { property in
            let field = type.fields.first { $0.key == property || $0.primaryProperty == property }
            let given = field.flatMap { Self.primaryEntry(of: $0, in: input) } ?? input.values[property] ?? .null
            guard case .string(let text) = given else { return given }
            switch field?.type {
            case .emails: return .string(CaseMapping.lowercased(text.trimmingSpaces()))
            case .phones: return .string(try hooks.normalisePhones([text]).first?.normalised ?? text)
            default: return .string(normalizedNFC(text))
            }
        }
    }

    /// The address or number by which an input with a list is found: the entry that it flags, else its first, as the list is stored.
    private static func primaryEntry(of field: Field, in input: RecordInput) -> Value? {
        guard field.primaryProperty != nil, case .collection(let items)? = input.values[field.key] else { return nil }
        let flagged = items.first { if case .complex(let members) = $0 { members["is_primary"] == .bool(true) } else { false } }
        guard case .complex(let members)? = flagged ?? items.first else { return items.first ?? .null }
        return members["address"] ?? members["number"] ?? .null
    }
}
