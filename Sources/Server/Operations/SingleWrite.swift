import Catalog
import NIOHTTP1
import QueryLanguage
import Records

/// A write of one record on its way from a request to the store: decoded, its preconditions read, nothing done yet.
///
/// Requests of a batch that write to one type are handed to the store together, so that reading, doing and answering are apart.
struct SingleWrite: Sendable {
    enum Action: Sendable {
        case create(RecordInput)
        /// With new records in it.
        case createTree(RecordTree)
        case update(RecordUpdate)
        case upsert(by: [String], RecordInput)
        case delete(RecordReference)
        case restore(RecordReference)
        case purge(RecordReference)
    }

    var type: ApiType
    var action: Action
    /// `If-None-Match: *`: a record that is there already fails the precondition.
    var mustBeNew = false
    /// Records that the body has in its links, which have to agree with what is stored.
    var copies: [LinkedCopy] = []
}

extension SingleWrite {
    /// Writes of one kind to one type, which one call of the store can carry out.
    struct Kind: Hashable {
        enum Verb: Hashable { case create, update, delete }

        var verb: Verb
        var typeID: String
    }

    /// Nil for what the store does one by one.
    var kind: Kind? {
        guard copies.isEmpty else { return nil }
        return switch action {
        case .create: Kind(verb: .create, typeID: type.record.id)
        case .update: Kind(verb: .update, typeID: type.record.id)
        case .delete: Kind(verb: .delete, typeID: type.record.id)
        case .createTree, .upsert, .restore, .purge: nil
        }
    }

    /// Whether it makes a record, found by no key.
    var makesRecord: Bool {
        switch action {
        case .create, .createTree: true
        case .update, .upsert, .delete, .restore, .purge: false
        }
    }

    /// What its change set is called unless the client names it; nil where it is none that is listed, as that of one record.
    var label: String? {
        guard case .createTree(let tree) = action else { return nil }
        let count = tree.nestedCount
        return "create one of \(type.collection) with \(count == 1 ? "another record" : "\(count) other records")"
    }

    /// The record it changes, as the request names it; nil for a new one.
    var key: RecordKey? {
        switch action {
        case .update(let update): update.key
        case .delete(let item), .restore(let item), .purge(let item): item.key
        case .create, .createTree, .upsert: nil
        }
    }

    /// Carries out writes of one kind, or a single one of any; outcomes are in their order.
    static func perform(
        _ writes: [SingleWrite], on store: RecordStore, options: WriteOptions, access: Access
    ) async throws -> [WriteOutcome] {
        guard let first = writes.first else { return [] }
        let type = first.type.record
        switch first.action {
        case .create:
            return try await store.create(
                type, writes.compactMap { if case .create(let input) = $0.action { input } else { nil } }, options: options, access: access)
        case .createTree(let tree):
            var options = options
            options.changeSet.label = options.changeSet.label ?? first.label
            return try await store.create([tree], options: options, access: access)
        case .update:
            return try await store.update(
                type, writes.compactMap { if case .update(let item) = $0.action { item } else { nil } }, options: options, access: access)
        case .delete:
            return try await store.delete(
                type, writes.compactMap { if case .delete(let item) = $0.action { item } else { nil } }, options: options, access: access)
        case .upsert(let key, let input): return try await store.upsert(type, by: key, [input], options: options, access: access)
        case .restore(let item): return try await store.restore(type, [item], options: options, access: access)
        case .purge(let item): return try await store.purge(type, [item], options: options, access: access)
        }
    }
}
