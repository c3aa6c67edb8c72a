import Manifests
import QueryLanguage

@testable import Catalog
@testable import SchemaPlan

/// Record types as a catalog holds them, without the manifests around them.
func type(
    _ key: String, in module: String = "shop", _ fields: [Field], indexes: [[String]] = [], uniques: [[String]] = []
) -> RecordType {
    RecordType(
        id: "\(module).\(key)", module: module, key: key, collection: "\(key)s", label: key, labelPlural: "\(key)s", description: nil,
        displayField: nil, fields: fields, indexes: indexes.map { IndexRule(fields: $0, owner: module) },
        uniques: uniques.map { UniqueRule(fields: $0, message: nil, owner: module) }, rules: [], requiresIfMatch: false)
}

func field(
    _ key: String, _ type: FieldType, required: Bool = false, unique: Bool = false, default value: FieldDefault? = nil,
    owner: String = "shop"
) -> Field {
    Field(
        key: key, label: key, description: nil, type: type, required: required, unique: unique, readOnly: false, defaultValue: value,
        requiredWhen: nil, readOnlyWhen: nil, owner: owner, location: SourceLocation(file: "test.yaml", line: 1, column: 1))
}

extension FieldType {
    static let plainText = FieldType.text(TextRules())
    static let plainLongText = FieldType.longText(TextRules())
    static let plainURL = FieldType.url(TextRules())
    static let plainInteger = FieldType.integer(ClosedBounds())
    static let plainMoney = FieldType.money(ClosedBounds())
    static let plainDate = FieldType.date(ClosedBounds())
    static let plainDateTime = FieldType.dateTime(ClosedBounds())
    static let plainDuration = FieldType.duration(ClosedBounds())
    static let colours = FieldType.choice([Choice(key: "red", label: "Red"), Choice(key: "blue", label: "Blue")])
    static let manyColours = FieldType.multiChoice([Choice(key: "red", label: "Red"), Choice(key: "blue", label: "Blue")])

    static func plainDecimal(_ precision: Int, _ scale: Int) -> FieldType { .decimal(precision: precision, scale: scale, ClosedBounds()) }

    static func sorted(_ language: String) -> FieldType { .text(TextRules(sortLanguage: language)) }

    static func link(to target: String, _ policy: DeletePolicy = .clear) -> FieldType {
        .link(Link(target: target, inverse: nil, onDelete: policy))
    }

    static func links(to target: String, _ columns: [Field] = []) -> FieldType {
        .links(Links(target: target, inverse: nil, primary: nil, columns: columns))
    }

    static func number(_ pattern: String) throws -> FieldType { .autoNumber(try AutoNumberPattern(pattern)) }

    /// One of every kind; links point at `shop.customer`.
    static func everyKind() throws -> [(String, FieldType)] {
        [
            ("text", .plainText), ("sorted", .sorted("en")), ("long", .plainLongText), ("integer", .plainInteger),
            ("decimal", .plainDecimal(18, 2)),
            ("money", .plainMoney), ("boolean", .boolean), ("date", .plainDate), ("date_time", .plainDateTime),
            ("duration", .plainDuration),
            ("choice", .colours), ("multi", .manyColours), ("emails", .emails(maxCount: 20)), ("phones", .phones(maxCount: 20)),
            ("url", .plainURL), ("address", .address), ("tags", .tags(maxCount: 100)), ("link", .link(to: "shop.customer")),
            (
                "links",
                .links(
                    to: "shop.customer",
                    [
                        field("role", .plainText), field("since", .plainDate), field("fee", .plainMoney),
                        field("inactive", .boolean, required: true, default: .value(.bool(false))),
                    ])
            ),
            ("any", .linkAny(targets: ["shop.customer", "shop.order"])), ("user", .user), ("file", .file), ("json", .json),
            ("number", try .number("P-{0000}")),
        ]
    }
}

func schema(_ types: RecordType...) -> DesiredSchema { DesiredSchema(types: types) }
