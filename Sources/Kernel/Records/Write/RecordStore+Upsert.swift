package import Catalog
import QueryLanguage

extension RecordStore {
    /// Changes the records that the key properties of each input find, and makes those that aren't there. Outcomes are in input order.
    ///
    /// Two inputs with the same key in one batch meet in order: the second changes what the first made. A record that appears between
    /// looking and making is found at the second look.
    ///
    /// - Parameter key: properties that are unique together, or one whose values happen to be: a value that two records have fails its item.
    package func upsert(
        _ type: RecordType, by key: [String], _ inputs: [RecordInput], options: WriteOptions, access: Access
    ) async throws -> [WriteOutcome] {
        var outcomes = [WriteOutcome?](repeating: nil, count: inputs.count)
        var open: [Int] = []
        for (index, input) in inputs.enumerated() {
            if let missing = key.first(where: { (input.values[$0] ?? .null).isNull }) {
                outcomes[index] = .failed(RecordsError(.invalid, "The key property \(missing) has no value.", target: missing))
            } else {
                open.append(index)
            }
        }
        // The last look reports what it finds instead of looking again.
        for look in 1...3 where !open.isEmpty {
            var later: [Int] = []
            var seen: Set<[Value]> = []
            let now = open.filter { index in
                let isFirst = seen.insert(key.map { keyValue(inputs[index].values[$0], $0, of: type) }).inserted
                if !isFirst { later.append(index) }
                return isFirst
            }
            let missed = try await upsertOnce(type, by: key, inputs, now, into: &outcomes, isLast: look == 3, options: options, access: access)
            // Repeated keys don't use up looks.
            var repeated = later
            while !repeated.isEmpty {
                var rest: [Int] = []
                seen = []
                let turn = repeated.filter { index in
                    let isFirst = seen.insert(key.map { keyValue(inputs[index].values[$0], $0, of: type) }).inserted
                    if !isFirst { rest.append(index) }
                    return isFirst
                }
                _ = try await upsertOnce(type, by: key, inputs, turn, into: &outcomes, isLast: true, options: options, access: access)
                repeated = rest
            }
            open = missed
        }
        return outcomes.compactMap { $0 }
    }

    private func upsertOnce(
        _ type: RecordType, by key: [String], _ inputs: [RecordInput], _ open: [Int], into outcomes: inout [WriteOutcome?], isLast: Bool,
        options: WriteOptions, access: Access
    ) async throws -> [Int] {
        let keys = open.map { index in
            RecordKey.unique(Dictionary(uniqueKeysWithValues: key.map { ($0, keyValue(inputs[index].values[$0], $0, of: type)) }))
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
            if case .failed(let error) = outcome, error.code == .notUnique, !isLast { again.append(index) } else { outcomes[index] = outcome }
        }
        return again
    }

    /// A key value in the form it is stored in: mail addresses are found by their lower-case form, numbers by their E.164 form.
    private func keyValue(_ value: Value?, _ property: String, of type: RecordType) -> Value {
        guard case .string(let text)? = value else { return value ?? .null }
        for field in type.fields where field.key == property || field.primaryKey == property {
            switch field.type {
            case .emails: return .string(CaseMapping.lowercased(text.trimmingSpaces()))
            case .phones: return (try? hooks.normalisePhones([text]).first).map { .string($0.normalised) } ?? value ?? .null
            default: break
            }
        }
        return .string(normalizedNFC(text))
    }
}
