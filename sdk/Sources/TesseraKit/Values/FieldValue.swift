/// One field's value as it crosses the boundary between the server and a module.
///
/// The cases are the kinds of values that the record store keeps. A field's type decides which case its value has, and some
/// fields have several values, each under a name of its own, as in the API:
/// - `money` is `.decimal` under the field's key and `.text` under `<key>_currency`;
/// - `link`, `user` and `file` are `.guid` under `<key>_id`; a link to one of several types has `<key>_type` beside it;
/// - `address` is an `.object` of `street`, `city`, `region`, `postal_code` and `country`;
/// - `emails` is a `.list` of objects with `address`, `kind`, `is_primary`, `opted_out` and `invalid`;
/// - `phones` is a `.list` of objects with `number`, `kind`, `is_primary`, `extension` and `invalid`;
/// - `tags` and `multi_choice` are a `.list` of texts; `choice` is the choice's key as `.text`.
///
/// A field without a value is `.null`.
///
/// Encoded, a value is the JSON that one expects (`null`, `true`, `12`, `"text"`, arrays, objects); the other kinds are an
/// object with one key: `{"$decimal": "1.20"}`, `{"$date": "2026-01-31"}`, `{"$date_time": "2026-01-31T10:00:00Z"}`,
/// `{"$duration": "PT5M"}`, `{"$guid": "018f…"}`. A key of an object that begins with `$` is written with one `$` more.
public enum FieldValue: Sendable, Hashable {
    /// No value.
    case null
    /// A `boolean` field.
    case boolean(Bool)
    /// An `integer` field.
    case integer(Int64)
    /// A `decimal` field or the amount of a `money` field, exact.
    case decimal(ExactDecimal)
    /// A text: `text`, `long_text`, `url`, `choice` (its id), `auto_number`.
    case text(String)
    /// A `date` field.
    case date(CalendarDate)
    /// A `date_time` field.
    case dateTime(Timestamp)
    /// A `duration` field.
    case duration(TimeSpan)
    /// An id: the record's own, a link's target, a user.
    case guid(Guid)
    /// Several values in order: `emails`, `phones`, `tags`, `multi_choice`.
    case list([FieldValue])
    /// Named values: `address`, an element of `emails` or `phones`, a `json` field that holds an object.
    case object([String: FieldValue])
}

extension FieldValue {
    /// Whether there is no value.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The text, or nil for every other kind.
    public var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    /// The truth value, or nil for every other kind.
    public var boolean: Bool? {
        if case .boolean(let boolean) = self { boolean } else { nil }
    }

    /// The whole number, or nil for every other kind.
    public var integer: Int64? {
        if case .integer(let integer) = self { integer } else { nil }
    }

    /// The elements, or nil for every other kind.
    public var list: [FieldValue]? {
        if case .list(let list) = self { list } else { nil }
    }

    /// The named values, or nil for every other kind.
    public var object: [String: FieldValue]? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The word for this kind of value in messages.
    public var kindName: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .integer: "integer"
        case .decimal: "decimal"
        case .text: "text"
        case .date: "date"
        case .dateTime: "date_time"
        case .duration: "duration"
        case .guid: "guid"
        case .list: "list"
        case .object: "object"
        }
    }
}

extension FieldValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(stringLiteral value: String) { self = .text(value) }
    public init(arrayLiteral elements: FieldValue...) { self = .list(elements) }

    /// A key given twice keeps its last value.
    public init(dictionaryLiteral elements: (String, FieldValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
}
