package import Catalog
import Permissions
import QueryLanguage

extension RecordStore {
    /// Changes the records that the key properties of each input find, and makes those that aren't there. Outcomes are in input order.
    ///
    /// Inputs with the same key meet in order: the second changes what the first made. A record that somebody else makes between looking
    /// and making, or deletes between looking and changing, is looked for once more. By a number that the store makes records are found and changed; none is made by one.
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
        for (index, property) in key.enumerated() {
            if key[..<index].contains(property) {
                throw RecordsError(.invalid, "\(property) is named twice among the properties that find a record.", target: property)
            }
            // A field that is seen on some records only would find others too.
            let field = type.fields.first { $0.key == property || $0.primaryProperty == property } ?? type.field(ofColumn: property)
            if let field, access.rights.mask(of: field.key, on: type.id) != nil {
                throw RecordsError(.unknownProperty, "\(type.label) has no property \(property) to find records by.", target: property)
            }
        }
        var outcomes = [WriteOutcome?](repeating: nil, count: inputs.count)
        let keys = try await UpsertKeys(self, type, by: key, options: options, access: access).values(of: inputs)
        let numbers = key.filter { type.isNumbered(by: CollectionOfOne($0)) }
        let inputs = inputs.map { $0.leavingOut(numbers) }
        var rounds: [[KeyedItem]] = []
        var occurrences: [[Value]: Int] = [:]
        for (index, values) in keys.enumerated() {
            switch values {
            case .failure(let error): outcomes[index] = .failed(error)
            case .success(let values):
                let round = occurrences[values, default: 0]
                occurrences[values] = round + 1
                if round == rounds.count { rounds.append([]) }
                rounds[round].append(KeyedItem(index: index, key: values))
            }
        }
        for round in rounds {
            var open = round
            for look in 1...Self.looks where !open.isEmpty {
                open = try await upsertOnce(
                    type, by: key, inputs, versions, open, into: &outcomes, isLast: look == Self.looks, options: options, access: access)
            }
        }
        return outcomes.compactMap { $0 }
    }

    /// How often a record that others keep making and deleting is looked for.
    private static let looks = 5

    /// An input by its position, with the values it is found by.
    private struct KeyedItem {
        var index: Int
        var key: [Value]
    }

    /// One look, then writes; returns the items whose record appeared or went in between.
    private func upsertOnce(
        _ type: RecordType, by key: [String], _ inputs: [RecordInput], _ versions: [Int64?]?, _ open: [KeyedItem],
        into outcomes: inout [WriteOutcome?], isLast: Bool, options: WriteOptions, access: Access
    ) async throws -> [KeyedItem] {
        let found = try await RecordKeys(store: self, type: type, access: access).resolve(
            open.map { RecordKey.unique(Dictionary(uniqueKeysWithValues: zip(key, $0.key))) })
        var updates: [(item: KeyedItem, change: RecordUpdate)] = []
        var creates: [KeyedItem] = []
        for (item, found) in zip(open, found) {
            switch found {
            case .success(let id):
                let update = RecordUpdate(key: .id(id), expectedVersion: versions?[item.index], input: inputs[item.index])
                updates.append((item, update))
            case .failure(let error) where error.code == .notFound && versions?[item.index] == nil:
                if let number = key.first(where: { type.isNumbered(by: CollectionOfOne($0)) }) {
                    outcomes[item.index] = .failed(Self.noneMade(type, by: number))
                } else {
                    creates.append(item)
                }
            case .failure(let error): outcomes[item.index] = .failed(error)
            }
        }
        var again: [KeyedItem] = []
        let updated = try await update(type, updates.map(\.change), options: options, access: access)
        for (entry, outcome) in zip(updates, updated) {
            if case .failed(let error) = outcome, error.code == .notFound, entry.change.expectedVersion == nil, !isLast {
                again.append(entry.item)
            } else {
                outcomes[entry.item.index] = outcome
            }
        }
        let turn = CreationTurn(self, type, by: key, keys: creates.map(\.key), access: access)
        let created = try await create(type, creates.map { inputs[$0.index] }, turn: turn, options: options, access: access)
        for (item, outcome) in zip(creates, created) {
            if case .failed(let error) = outcome, error.code == .notUnique, !isLast {
                again.append(item)
            } else {
                outcomes[item.index] = outcome
            }
        }
        return again
    }

    private static func noneMade(_ type: RecordType, by number: String) -> RecordsError {
        RecordsError(
            .notFound,
            "There is no \(type.label.lowercased()) with that \(number), and none is made by it: the store makes its numbers itself.",
            target: number)
    }
}

extension RecordInput {
    /// Without values that find its record and can't be written.
    fileprivate func leavingOut(_ properties: [String]) -> RecordInput {
        var input = self
        for property in properties { input.values[property] = nil }
        return input
    }
}
