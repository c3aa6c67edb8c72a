package import Catalog
import QueryLanguage

extension RecordStore {
    /// Changes the records that the key properties of each input find, and makes those that aren't there. Outcomes are in input order.
    ///
    /// Inputs with the same key meet in order: the second changes what the first made. A record that somebody else makes between looking
    /// and making is found at the next look.
    ///
    /// - Parameter key: properties that are unique together, or one whose values happen to be: a value that two records have fails its item.
    package func upsert(
        _ type: RecordType, by key: [String], _ inputs: [RecordInput], options: WriteOptions, access: Access
    ) async throws -> [WriteOutcome] {
        try await honouring(options, count: inputs.count) { try await $0.upsertEach(type, by: key, inputs, options: $1, access: access) }
    }

    private func upsertEach(
        _ type: RecordType, by key: [String], _ inputs: [RecordInput], options: WriteOptions, access: Access
    ) async throws -> [WriteOutcome] {
        var outcomes = [WriteOutcome?](repeating: nil, count: inputs.count)
        var rounds: [[Int]] = []
        var occurrences: [[Value]: Int] = [:]
        for (index, input) in inputs.enumerated() {
            if let missing = key.first(where: { (input.values[$0] ?? .null).isNull }) {
                outcomes[index] = .failed(RecordsError(.invalid, "The key property \(missing) has no value.", target: missing))
                continue
            }
            let round = occurrences[try keyValues(of: input, key, type), default: 0]
            occurrences[try keyValues(of: input, key, type)] = round + 1
            if round == rounds.count { rounds.append([]) }
            rounds[round].append(index)
        }
        for round in rounds {
            var open = round
            for look in 1...3 where !open.isEmpty {
                open = try await upsertOnce(
                    type, by: key, inputs, open, into: &outcomes, isLast: look == 3, options: options, access: access)
            }
        }
        return outcomes.compactMap { $0 }
    }

    /// One look, then writes; returns the items whose key appeared in between.
    private func upsertOnce(
        _ type: RecordType, by key: [String], _ inputs: [RecordInput], _ open: [Int], into outcomes: inout [WriteOutcome?], isLast: Bool,
        options: WriteOptions, access: Access
    ) async throws -> [Int] {
        let keys = try open.map { index in
            RecordKey.unique(Dictionary(uniqueKeysWithValues: zip(key, try keyValues(of: inputs[index], key, type))))
        }
        let found = try await RecordKeys(store: self, type: type, access: access).resolve(keys)
        var updates: [(index: Int, item: RecordUpdate)] = []
        var creates: [Int] = []
        for (index, result) in zip(open, found) {
            switch result {
            case .success(let id): updates.append((index, RecordUpdate(key: .id(id), input: inputs[index])))
            case .failure(let error) where error.code == .notFound: creates.append(index)
            case .failure(let error): outcomes[index] = .failed(error)
            }
        }
        let updated = try await update(type, updates.map(\.item), options: options, access: access)
        for (entry, outcome) in zip(updates, updated) { outcomes[entry.index] = outcome }
        var again: [Int] = []
        let created = try await create(type, creates.map { inputs[$0] }, options: options, access: access)
        for (index, outcome) in zip(creates, created) {
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
            guard case .string(let text)? = input.values[property] else { return input.values[property] ?? .null }
            let field = type.fields.first { $0.key == property || $0.primaryProperty == property }
            switch field?.type {
            case .emails: return .string(CaseMapping.lowercased(text.trimmingSpaces()))
            case .phones: return .string(try hooks.normalisePhones([text]).first?.normalised ?? text)
            default: return .string(normalizedNFC(text))
            }
        }
    }
}
