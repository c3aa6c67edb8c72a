import Catalog
import QueryLanguage

/// What documents say about a property.
struct PropertyFacts {
    let property: Property
    /// The field behind it; nil for what every record has, and for links of other types.
    let field: Field?
    /// Written by the server or a module.
    let isComputed: Bool
    let label: String
    let description: String?

    init(_ property: Property, of type: ApiType, _ catalog: Catalog) {
        self.property = property
        field = Self.field(of: property, type)
        isComputed = if case .computed? = type.input.kinds[property.name] { true } else { false }
        (label, description) = Self.words(property, field, type, catalog)
    }

    static func all(of type: ApiType, _ catalog: Catalog) -> [PropertyFacts] {
        type.properties.map { PropertyFacts($0, of: type, catalog) }
    }

    // MARK: Limits

    var textRules: TextRules? {
        guard case .string = property.type else { return nil }
        switch field?.type {
        case .text(let rules)?, .longText(let rules)?, .url(let rules)?: return rules
        default: return nil
        }
    }

    var maxLength: Int? {
        if case .money? = field?.type, case .string = property.type { return 3 }
        return textRules?.maxLength
    }

    var digits: (precision: Int, scale: Int)? {
        guard case .decimal = property.type else { return nil }
        if case .decimal(let precision, let scale, _)? = field?.type { return (precision, scale) }
        return (19, 4)
    }

    /// Bounds as JSON numbers or as the text of dates.
    var bounds: (lower: String?, upper: String?) {
        switch field?.type {
        case .integer(let bounds)?: (bounds.lower.map { "\($0)" }, bounds.upper.map { "\($0)" })
        case .decimal(_, _, let bounds)?: (bounds.lower.map { "\($0)" }, bounds.upper.map { "\($0)" })
        case .money(let bounds)? where property.type == .decimal: (bounds.lower.map { "\($0)" }, bounds.upper.map { "\($0)" })
        default: (nil, nil)
        }
    }

    /// Values that new records may have.
    var choices: [Choice] {
        switch field?.type {
        case .choice(let choices)?, .multiChoice(let choices)?: choices
        default: []
        }
    }

    var isLink: Bool {
        switch property.type {
        case .entity, .entityCollection, .entityOfSeveral: true
        default: false
        }
    }

    /// Whether a new record must say it.
    var isDemanded: Bool {
        guard let field, field.required, !isComputed, field.defaultValue == nil else { return false }
        if case .money = field.type, case .string = property.type { return false }
        return true
    }

    // MARK: Words

    private static func field(of property: Property, _ type: ApiType) -> Field? {
        switch type.shape.binding(property.name) {
        case .column(_, let field), .address(let field), .file(let field), .toAny(let field, _): type.record.field(field)
        case .channels(let table), .toMany(let table, _): type.record.field(table.field)
        case .toOne: type.record.field(property.name)
        default: nil
        }
    }

    private static func words(_ property: Property, _ field: Field?, _ type: ApiType, _ catalog: Catalog) -> (String, String?) {
        if let field {
            if property.name == field.key { return (field.label, field.description) }
            if property.name == field.primaryProperty {
                return ("Primary of \(field.label)", "The entry of \(field.label) flagged as primary.")
            }
            if property.name.hasSuffix("_currency") { return ("Currency of \(field.label)", "ISO 4217 code.") }
            if property.name.hasSuffix("_type") { return ("Type of \(field.label)", "Id of the record type that is linked to.") }
            return ("Id of \(field.label)", field.description)
        }
        switch type.shape.binding(property.name) {
        case .inverseOfOne(let source, _), .inverseOfMany(let source, _):
            let label = catalog.type(id: source)?.labelPlural ?? source
            return (label, "\(label) that link here.")
        default: return systemWords[property.name] ?? (property.name, nil)
        }
    }

    private static let systemWords: [String: (String, String?)] = [
        "id": ("Id", "UUID version 7, given by the server."),
        "version": ("Version", "Rises by one with every change."),
        "created_at": ("Created at", nil),
        "created_by": ("Created by", "Id of the user or service."),
        "updated_at": ("Updated at", nil),
        "updated_by": ("Updated by", "Id of the user or service."),
        "owner_id": ("Owner", "Id of the user who owns the record."),
        "deleted_at": ("Deleted at", "Null unless the record is deleted; such records are seen with include_deleted=true."),
    ]
}
