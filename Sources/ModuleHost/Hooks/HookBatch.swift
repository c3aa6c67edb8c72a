import QueryLanguage
import Records
import TesseraKit

/// The records of one write on their way through the hooks: each hook sees what those before it have patched.
struct HookBatch {
    private let recordType: String
    private let images: [HookImage]
    /// The values that hooks see, by record.
    private var fields: [[String: FieldValue]]
    /// The fields that the write or a hook has given values for, by record.
    private var changed: [Set<String>]
    private var patches: [[String: Value]]
    private var refusals: [[RecordsError.Detail]]

    /// Whether there is but one hook, which then reads every value.
    private let isForOneHook: Bool

    init(recordType: String, images: [HookImage], hooks: [LoadedModules.OwnedHook]) throws(RecordsError) {
        self.recordType = recordType
        self.images = images
        patches = Array(repeating: [:], count: images.count)
        refusals = Array(repeating: [], count: images.count)
        changed = images.map(\.changed)
        isForOneHook = hooks.count == 1
        let reads = hooks.reduce(into: Set()) { $0.formUnion($1.reads) }
        fields = []
        fields.reserveCapacity(images.count)
        for image in images {
            let seen = image.values.keys.allSatisfy(reads.contains) ? image.values : image.values.filter { reads.contains($0.key) }
            guard let values = seen.allConverted({ FieldValue($0) }) else {
                throw RecordsError(.internalFault, "A value of a record of type '\(recordType)' is of a kind that modules can't be shown.")
            }
            fields.append(values)
        }
    }

    /// The records that a hook is to see: those that are new or change what it reads, and that no hook has refused.
    func records(for owned: LoadedModules.OwnedHook) -> [RecordImage] {
        let reads = Set(owned.hook.reads)
        return images.indices.compactMap { position in
            let image = images[position]
            guard refusals[position].isEmpty, image.isNew || !changed[position].isDisjoint(with: reads) else { return nil }
            let seen = isForOneHook ? fields[position] : fields[position].filter { owned.reads.contains($0.key) }
            return RecordImage(
                position: position, id: image.id.map { Guid($0) }, operation: image.isNew ? .create : .update, fields: seen,
                changed: changed[position].intersection(reads))
        }
    }

    /// Takes over a hook's answer, after holding it against what the hook has declared.
    mutating func apply(_ answer: [RecordPatch], of owned: LoadedModules.OwnedHook, to records: [RecordImage]) throws(RecordsError) {
        var open = Set(records.map(\.position))
        for patch in answer {
            guard open.remove(patch.position) != nil else {
                throw Self.fault(in: owned, "patches a record twice, or one that it wasn't given.")
            }
            for problem in patch.problems {
                refusals[patch.position].append(RecordsError.Detail(code: problem.code, target: problem.field, message: problem.message))
            }
            guard patch.problems.isEmpty else { continue }
            for (name, fieldValue) in patch.values {
                guard let field = owned.writes[name] else {
                    throw Self.fault(in: owned, "patches '\(name)', which it didn't declare among its `writes`.")
                }
                guard let value = Value(fieldValue) else {
                    throw Self.fault(in: owned, "gives '\(name)' a value that no record can hold.")
                }
                patches[patch.position][name] = value
                fields[patch.position][name] = fieldValue
                changed[patch.position].insert(field)
            }
        }
    }

    /// One result per image, in their order.
    var results: [HookResult] {
        images.indices.map { refusals[$0].isEmpty ? .patch(patches[$0]) : .refuse(refusals[$0]) }
    }

    /// A module that doesn't keep to its declaration, or fails.
    static func fault(in owned: LoadedModules.OwnedHook, _ what: String) -> RecordsError {
        RecordsError(.moduleFailed, "The hook of the module '\(owned.module)' on '\(owned.hook.recordType)' \(what)")
    }
}
