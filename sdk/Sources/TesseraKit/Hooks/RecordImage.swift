/// A record as it will be after the write, in the fields that a hook asked to see.
public struct RecordImage: Sendable, Hashable, Codable {
    /// Whether the record is new.
    public enum Operation: String, Sendable, Hashable, Codable {
        case create, update
    }

    /// The record's place in the call, from 0: what patches refer to.
    public let position: Int
    /// The record's id; nil where the store gives it later.
    public let id: Guid?
    /// Whether the record is new.
    public let operation: Operation
    /// The values of every field of the hook's `reads`, by the names that `FieldValue` tells: as they were, with those of the
    /// write laid over. What has no value may be missing here: the subscript gives `.null` for it.
    public let fields: [String: FieldValue]
    /// The fields, out of the hook's `reads`, that the write or an earlier hook gives a value for.
    public let changed: Set<String>

    public init(position: Int, id: Guid?, operation: Operation, fields: [String: FieldValue], changed: Set<String>) {
        self.position = position
        self.id = id
        self.operation = operation
        self.fields = fields
        self.changed = changed
    }

    /// A value by its name; `.null` when it has none or isn't among the hook's `reads`.
    public subscript(field: String) -> FieldValue {
        fields[field] ?? .null
    }

    /// A patch of this record.
    public func patch(_ values: [String: FieldValue]) -> RecordPatch {
        RecordPatch(position: position, values: values, problems: [])
    }

    /// A refusal of this record.
    public func refusal(_ problems: RecordProblem...) -> RecordPatch {
        RecordPatch(position: position, values: [:], problems: problems)
    }
}
