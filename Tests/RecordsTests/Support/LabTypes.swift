import Manifests
import QueryLanguage

@testable import Catalog

/// Two record types with a field of every kind and links of every kind between them.
enum LabTypes {
    static let thing = RecordType(
        id: "lab.thing", module: "lab", key: "thing", collection: "things", label: "Thing", labelPlural: "Things", description: nil,
        displayField: "name",
        fields: [
            field("name", .text(TextRules())),
            field("title", .text(TextRules(sortLanguage: "en"))),
            field("note", .longText(TextRules())),
            field("count", .integer(ClosedBounds())),
            field("ratio", .decimal(precision: 18, scale: 4, ClosedBounds())),
            field("amount", .money(ClosedBounds())),
            field("active", .boolean),
            field("day", .date(ClosedBounds())),
            field("moment", .dateTime(ClosedBounds())),
            field("span", .duration(ClosedBounds())),
            field("colour", .choice(colours)),
            field("colours", .multiChoice(colours)),
            field("tags", .tags(maxCount: 20)),
            field("emails", .emails(maxCount: 20)),
            field("phones", .phones(maxCount: 20)),
            field("homepage", .url(TextRules())),
            field("place", .address),
            field("parent", .link(Link(target: "lab.thing", inverse: "children", onDelete: .clear))),
            field("group", .link(Link(target: "lab.group", inverse: "things", onDelete: .clear))),
            field(
                "groups",
                .links(
                    Links(
                        target: "lab.group", inverse: "members", primary: nil,
                        columns: [
                            field("role", .text(TextRules())), field("since", .date(ClosedBounds())), field("fee", .money(ClosedBounds())),
                        ]))),
            field("subject", .linkAny(targets: ["lab.thing", "lab.group"])),
            field("keeper", .user),
            field("attachment", .file),
            field("extra", .json),
            field("code", .text(TextRules()), unique: true),
        ],
        indexes: [
            IndexRule(fields: ["name"], owner: "lab"), IndexRule(fields: ["count", "name"], owner: "lab"),
            IndexRule(fields: ["tags"], owner: "lab"),
        ],
        uniques: [], rules: [], requiresIfMatch: false)

    static let group = RecordType(
        id: "lab.group", module: "lab", key: "group", collection: "groups", label: "Group", labelPlural: "Groups", description: nil,
        displayField: "label",
        fields: [
            field("label", .text(TextRules())),
            field("size", .integer(ClosedBounds())),
            field("head", .link(Link(target: "lab.thing", inverse: nil, onDelete: .clear))),
        ],
        indexes: [], uniques: [], rules: [], requiresIfMatch: false)

    static let catalog = Catalog(deployment: "lab", currency: "EUR", timeZone: "UTC", modules: [], types: [thing, group])

    private static let colours = [("red", "warm"), ("green", nil), ("blue", "cold")].map { Choice(key: $0, label: $0, category: $1) }

    private static func field(_ key: String, _ type: FieldType, unique: Bool = false) -> Field {
        Field(
            key: key, label: key, description: nil, type: type, required: false, unique: unique, readOnly: false, defaultValue: nil,
            requiredWhen: nil, readOnlyWhen: nil, owner: "lab", location: SourceLocation(file: "lab.yaml", line: 1, column: 1))
    }
}
