/// What may stand behind a key. From this one description come the decoder's checks, the JSON Schema and the reference.
indirect enum ValueShape: Sendable {
    /// Free text. Numbers and booleans without quotes are taken as the text they look like.
    case text(TextShape)
    /// A text of a fixed form.
    case word(WordFormat)
    /// One of some words.
    case keyword([Keyword])
    /// A whole number, written in digits without quotes.
    case integer(ClosedRange<Int64>)
    /// A decimal number, written without quotes and exponent.
    case decimal
    /// `true` or `false`.
    case boolean
    /// Exactly this number.
    case constant(Int64)
    /// A list.
    case list(of: ValueShape, count: ClosedRange<Int>, isDistinct: Bool)
    /// A mapping whose keys are chosen by the author.
    case map(key: WordFormat, of: ValueShape, count: ClosedRange<Int>)
    /// A mapping whose keys the language knows, by the name of its shape.
    case object(ObjectShape.Name)
    /// A scalar or a mapping, told apart by how they are written.
    case either(scalar: ValueShape, object: ObjectShape.Name)
}

/// One word of a fixed choice.
struct Keyword: Sendable {
    let word: String
    let doc: String
}

/// Limits of a free text.
struct TextShape: Sendable {
    /// The length in characters, at least 1.
    let length: ClosedRange<Int>
    /// Whether line breaks may occur.
    let isMultiline: Bool

    static let label = TextShape(length: 1...100, isMultiline: false)
    static let sentence = TextShape(length: 1...300, isMultiline: false)
    static let prose = TextShape(length: 1...2000, isMultiline: true)
    static let expression = TextShape(length: 1...4000, isMultiline: true)
    static let path = TextShape(length: 1...1000, isMultiline: false)
    /// A default for a text field: may be long, may have lines.
    static let content = TextShape(length: 1...10_000, isMultiline: true)
    static let tag = TextShape(length: 1...100, isMultiline: false)
}

/// A mapping whose keys the language knows.
struct ObjectShape: Sendable {
    /// The shapes by name, so that they can refer to one another.
    enum Name: String, Sendable, CaseIterable {
        case module, deployment, overlayFile = "overlay_file", lock
        case run, setting, recordType = "record_type", field, choice, index, unique, rule
        case lengthRange = "length_range", integerRange = "integer_range", decimalRange = "decimal_range", dateRange = "date_range"
        case dateTimeRange = "date_time_range", durationRange = "duration_range", moneyDefault = "money_default"
        case linkColumn = "link_column", eventField = "event_field"
        case typeExtension = "extension", view, role, grant, event, subscription, retry
        case fieldGrant = "field_grant", allowance, onlyRule = "only_rule"
        case importMapping = "import_mapping", importColumn = "import_column"
        case moduleSelection = "module_selection", secretSource = "secret_source", overlay, lockedModule = "locked_module"
        case limits
    }

    let name: Name
    let doc: String
    /// The keys of all variants.
    let properties: [PropertyShape]
    /// When the key `type` (or another) decides about more keys.
    let variants: VariantShape?
    /// Whether at least one key must be given.
    let needsSome: Bool
    /// Whether exactly one key must be given.
    let needsExactlyOne: Bool
    /// Flags that make another key senseless while they are true.
    let contradictions: [(flag: String, key: String)]

    init(
        _ name: Name, _ doc: String, _ properties: [PropertyShape], variants: VariantShape? = nil, needsSome: Bool = false,
        needsExactlyOne: Bool = false, contradictions: [(flag: String, key: String)] = []
    ) {
        self.contradictions = contradictions
        self.name = name
        self.doc = doc
        self.properties = properties
        self.variants = variants
        self.needsSome = needsSome
        self.needsExactlyOne = needsExactlyOne
    }
}

/// A key that decides which further keys there are.
struct VariantShape: Sendable {
    let discriminator: String
    let doc: String
    let cases: [Case]

    struct Case: Sendable {
        let word: String
        let doc: String
        let properties: [PropertyShape]
        /// Keys of all variants that this one doesn't have.
        let without: Set<String>
    }
}

/// A key of a mapping.
struct PropertyShape: Sendable {
    let key: String
    let value: ValueShape
    let isRequired: Bool
    /// What holds when the key is missing, for the reference.
    let defaultText: String?
    let doc: String

    static func required(_ key: String, _ value: ValueShape, _ doc: String) -> PropertyShape {
        PropertyShape(key: key, value: value, isRequired: true, defaultText: nil, doc: doc)
    }

    static func optional(_ key: String, _ value: ValueShape, default defaultText: String? = nil, _ doc: String) -> PropertyShape {
        PropertyShape(key: key, value: value, isRequired: false, defaultText: defaultText, doc: doc)
    }
}
