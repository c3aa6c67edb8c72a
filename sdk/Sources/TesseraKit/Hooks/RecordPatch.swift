/// A hook's answer for one record: values to write along, or reasons to refuse it.
public struct RecordPatch: Sendable, Hashable, Codable {
    /// The record's place in the call.
    public var position: Int
    /// Values for fields out of the hook's `writes`, by the names that `FieldValue` tells. A list replaces the whole list.
    public var values: [String: FieldValue]
    /// Why the record can't be written. With any, the values don't matter.
    public var problems: [RecordProblem]

    public init(position: Int, values: [String: FieldValue] = [:], problems: [RecordProblem] = []) {
        self.position = position
        self.values = values
        self.problems = problems
    }
}

/// A reason to refuse a record, for the person who wrote it.
public struct RecordProblem: Sendable, Hashable, Codable {
    /// The field that is at fault, or nil for the record as a whole.
    public var field: String?
    /// A stable word with the module before it: `contacts.domain_reserved`.
    public var code: String
    /// What is wrong and what would be right, as a sentence.
    public var message: String

    public init(field: String? = nil, code: String, message: String) {
        self.field = field
        self.code = code
        self.message = message
    }
}
