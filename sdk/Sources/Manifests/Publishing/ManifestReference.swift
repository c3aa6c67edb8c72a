/// The reference of the manifest language for people, made from the description that the parser itself reads.
public enum ManifestReference {
    /// The lines between which ``markdown()`` stands in `docs/manifests.md`.
    public static let markers = (start: "<!-- reference: generated, do not edit -->", end: "<!-- end of reference -->")

    /// The reference in Markdown: every kind of mapping with its keys, values, defaults and ranges.
    public static func markdown() -> String {
        var text = ""
        for section in sections {
            text += "## \(section.title)\n\n"
            for name in section.shapes { text += ReferenceWriter.section(Language.shape(name)) }
        }
        text += "## Forms of values\n\n"
        text += "| form | what it is | regular expression |\n|---|---|---|\n"
        for format in WordFormat.allCases where format.base == format {
            let cells = [
                ReferenceWriter.anchored(format), ReferenceWriter.cell(format.expectation), ReferenceWriter.code(format.expression),
            ]
            text += "| \(cells.joined(separator: " | ")) |\n"
        }
        text += "\n## Names that are taken\n\n"
        text += "- Every record has \(list(Names.systemFields)). No field or inverse can have these keys.\n"
        text += "- Every link of a `links` field also has \(list(Names.linkFields.filter { !Names.systemFields.contains($0) })).\n"
        text += "- No field can have the key \(list(Names.recordActions)): the API has these of its own for every record.\n"
        text += "- Words of the expression language can't be keys of fields: \(list(Names.expressionWords)).\n"
        text += "- No module can be called \(list(Names.reservedModules)), or begin with `pg_`.\n"
        text += "- No collection can be called \(list(Names.reservedCollections)): the API has these of its own.\n"
        text +=
            "- A field also takes the names of its parts: money `f` takes `f_currency`, link and user `f` take `f_id`, link_any `f` takes "
        text += "`f_id` and `f_type`, emails take `primary_email`, phones take `primary_phone`.\n"
        return text
    }

    private static func list(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }

    static let sections: [(title: String, shapes: [ObjectShape.Name])] = [
        ("Module manifest", [.module, .run, .setting]),
        ("Record types", [.recordType, .index, .unique, .rule]),
        (
            "Fields",
            [
                .field, .choice, .linkColumn, .moneyDefault, .lengthRange, .integerRange, .decimalRange, .dateRange, .dateTimeRange,
                .durationRange,
            ]
        ),
        ("Additions to other record types", [.typeExtension]),
        ("Views, roles, events", [.view, .role, .grant, .fieldGrant, .allowance, .onlyRule, .event, .eventField, .subscription, .retry]),
        ("Deployment file", [.deployment, .moduleSelection, .secretSource, .limits]),
        ("Overlay", [.overlayFile, .overlay]),
        ("Lock", [.lock, .lockedModule]),
        ("Import mapping", [.importMapping, .importColumn]),
    ]
}

/// Writes shapes as Markdown.
private enum ReferenceWriter {
    static func section(_ shape: ObjectShape) -> String {
        var text = "### \(title(shape.name))\n\n\(shape.doc)"
        if shape.needsSome { text += " At least one key must be given." }
        if shape.needsExactlyOne { text += " Exactly one key must be given." }
        text += "\n\n"
        var properties = shape.properties
        if let variants = shape.variants {
            let words = variants.cases.map { "`\($0.word)`" }.joined(separator: ", ")
            text += "| key | value | default | meaning |\n|---|---|---|---|\n"
            text += "| `\(variants.discriminator)` | \(words) | **required** | \(cell(variants.doc)) |\n"
            text += properties.map(row).joined()
            return text + "\n" + cases(variants) + "\n"
        }
        properties.sort { $0.isRequired && !$1.isRequired }
        return text + "| key | value | default | meaning |\n|---|---|---|---|\n" + properties.map(row).joined() + "\n"
    }

    private static func cases(_ variants: VariantShape) -> String {
        var text = "| `\(variants.discriminator)` | what it is | its own keys |\n|---|---|---|\n"
        for variant in variants.cases {
            var keys = variant.properties.map { property in
                "`\(property.key)`: \(value(property.value))" + (property.isRequired ? ", **required**" : "")
                    + (property.defaultText.map { ", default \($0)" } ?? "") + ". \(cell(property.doc))"
            }
            if !variant.without.isEmpty { keys.append("Not: " + variant.without.sorted().map { "`\($0)`" }.joined(separator: ", ") + ".") }
            text += "| `\(variant.word)` | \(cell(variant.doc)) | \(keys.joined(separator: "<br>")) |\n"
        }
        return text
    }

    private static func row(_ property: PropertyShape) -> String {
        let defaultText = property.isRequired ? "**required**" : property.defaultText ?? ""
        return "| `\(property.key)` | \(value(property.value)) | \(defaultText) | \(cell(property.doc)) |\n"
    }

    private static func value(_ shape: ValueShape) -> String {
        switch shape {
        case .text(let limits): "text, \(range(limits.length)) characters" + (limits.isMultiline ? "" : ", one line")
        case .word(let format): anchored(format)
        case .keyword(let keywords):
            keywords.map { $0.doc.isEmpty ? "`\($0.word)`" : "`\($0.word)` (\(sentence($0.doc)))" }.joined(separator: ", ")
        case .integer(let limits): limits == .min ... .max ? "whole number" : "whole number, \(limits.lowerBound) to \(limits.upperBound)"
        case .decimal: "number"
        case .boolean: "`true` or `false`"
        case .constant(let number): "`\(number)`"
        case .list(let item, let count, let isDistinct): "list of \(range(count)): \(value(item))" + (isDistinct ? ", no two alike" : "")
        case .map(let key, let item, let count): "mapping of \(range(count)): \(anchored(key)) to \(value(item))"
        case .object(let name): "[\(title(name))](#\(anchor(name)))"
        case .either(let scalar, let name): "\(value(scalar)), or [\(title(name))](#\(anchor(name)))"
        }
    }

    private static func range(_ limits: ClosedRange<Int>) -> String { "\(limits.lowerBound) to \(limits.upperBound)" }

    /// `The user's own.` inside a sentence: `the user's own`.
    private static func sentence(_ doc: String) -> String {
        let text = doc.hasSuffix(".") ? doc.dropLast() : doc[...]
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    static func anchored(_ format: WordFormat) -> String { format.base.rawValue.split(separator: "_").joined(separator: " ") }

    private static func title(_ name: ObjectShape.Name) -> String { Names.label(from: name.rawValue) }

    private static func anchor(_ name: ObjectShape.Name) -> String { name.rawValue.split(separator: "_").joined(separator: "-") }

    /// A text inside a table.
    static func cell(_ text: String) -> String { text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|") }

    static func code(_ text: String) -> String { "`` \(cell(text)) ``" }
}
