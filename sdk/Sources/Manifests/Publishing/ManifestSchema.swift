/// The JSON Schema (draft 2020-12) of the files that people write, made from the description that the parser itself reads, so that
/// editors complete and check what the parser will take.
///
/// What a schema can't say is left to the parser: forbidden parts of YAML, references to other declarations, days that don't exist,
/// values that contradict one another.
public enum ManifestSchema {
    /// A file that has a schema.
    public enum File: String, Sendable, CaseIterable {
        /// A module manifest.
        case module
        /// A deployment file.
        case deployment
        /// An overlay in a file of its own.
        case overlay

        var shape: ObjectShape.Name {
            switch self {
            case .module: .module
            case .deployment: .deployment
            case .overlay: .overlayFile
            }
        }
    }

    /// The schema of a file, as text that ends with a line break; always the same for the same version of the language.
    public static func json(for file: File) -> String {
        var writer = SchemaWriter()
        let root = writer.object(Language.shape(file.shape))
        var members: [(key: String, value: JSONText)] = [
            ("$schema", .string("https://json-schema.org/draft/2020-12/schema")), ("$id", .string("\(file.rawValue).schema.json")),
            ("title", .string("Tessera \(file.rawValue)")),
        ]
        members += root
        members.append(("$defs", .object(writer.finishedDefinitions())))
        return JSONText.object(members).written() + "\n"
    }
}

private typealias Members = [(key: String, value: JSONText)]

/// Writes shapes as schemas and keeps the definitions that they refer to.
private struct SchemaWriter {
    private var definitions: [String: JSONText] = [:]
    private var pending: [ObjectShape.Name] = []
    private var known: Set<ObjectShape.Name> = []

    /// All definitions that were referred to, by name.
    mutating func finishedDefinitions() -> Members {
        while let name = pending.popLast() {
            definitions[name.rawValue] = .object(object(Language.shape(name)))
        }
        return definitions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private mutating func reference(_ name: ObjectShape.Name) -> Members {
        if known.insert(name).inserted { pending.append(name) }
        return [("$ref", .string("#/$defs/\(name.rawValue)"))]
    }

    // MARK: Objects

    mutating func object(_ shape: ObjectShape) -> Members {
        guard let variants = shape.variants else { return closed(shape, nil) }
        var branches: [JSONText] = []
        for variant in variants.cases {
            let name = "\(shape.name.rawValue)_\(variant.word)"
            definitions[name] = .object(closed(shape, variant))
            branches.append(
                .object([
                    (
                        "if",
                        .object([
                            ("required", .array([.string(variants.discriminator)])),
                            ("properties", .object([(variants.discriminator, .object([("const", .string(variant.word))]))])),
                        ])
                    ),
                    ("then", .object([("$ref", .string("#/$defs/\(name)"))])),
                ]))
        }
        let words = variants.cases.map { JSONText.string($0.word) }
        return [
            ("description", .string(shape.doc)), ("type", .string("object")), ("required", .array([.string(variants.discriminator)])),
            (
                "properties",
                .object(
                    [(variants.discriminator, .object([("description", .string(variants.doc)), ("enum", .array(words))]))]
                        + shape.properties.map { ($0.key, property($0)) })
            ),
            ("allOf", .array(branches)),
        ] + contradictions(shape)
    }

    private func contradictions(_ shape: ObjectShape) -> Members {
        guard !shape.contradictions.isEmpty else { return [] }
        let cases = shape.contradictions.map { flag, key in
            JSONText.object([
                ("required", .array([.string(flag), .string(key)])),
                ("properties", .object([(flag, .object([("const", .boolean(true))]))])),
            ])
        }
        return [("not", .object([("anyOf", .array(cases))]))]
    }

    private mutating func closed(_ shape: ObjectShape, _ variant: VariantShape.Case?) -> Members {
        var properties: Members = []
        var required: [JSONText] = []
        if variant != nil, let variants = shape.variants {
            properties.append((variants.discriminator, .boolean(true)))
        }
        let described = Set(variant == nil ? [] : shape.properties.map(\.key))
        for property in shape.properties(of: variant) {
            // What all variants share is described once, with the variants' object; here it only has to be allowed.
            properties.append((property.key, described.contains(property.key) ? .boolean(true) : self.property(property)))
            if property.isRequired { required.append(.string(property.key)) }
        }
        var members: Members = [("description", .string(variant?.doc ?? shape.doc)), ("type", .string("object"))]
        if !required.isEmpty { members.append(("required", .array(required))) }
        members += [
            ("properties", .object(properties)), ("patternProperties", .object([("^x-.{0,126}$", .boolean(true))])),
            ("additionalProperties", .boolean(false)),
        ]
        let keys = shape.properties.map { JSONText.object([("required", .array([.string($0.key)]))]) }
        if shape.needsSome { members.append(("anyOf", .array(keys))) }
        if shape.needsExactlyOne { members.append(("oneOf", .array(keys))) }
        return members
    }

    private mutating func property(_ property: PropertyShape) -> JSONText {
        .object([("description", .string(Self.description(property)))] + value(property.value))
    }

    private static func description(_ property: PropertyShape) -> String {
        guard let defaultText = property.defaultText else { return property.doc }
        return "\(property.doc) Default: \(defaultText.filter { $0 != "`" })."
    }

    // MARK: Values

    private mutating func value(_ shape: ValueShape) -> Members {
        switch shape {
        case .text(let limits): text(limits)
        case .word(let format): word(format)
        case .keyword(let keywords): [("enum", .array(keywords.map { .string($0.word) }))]
        case .integer(let range): integer(range)
        case .decimal: [("type", .string("number"))]
        case .boolean: [("type", .string("boolean"))]
        case .constant(let number): [("const", .integer(number))]
        case .list(let item, let count, let isDistinct): list(item, count, isDistinct)
        case .map(let key, let item, let count): map(key, item, count)
        case .object(let name): reference(name)
        case .either(let scalar, let name): [("anyOf", .array([.object(value(scalar)), .object(reference(name))]))]
        }
    }

    /// Numbers and booleans without quotes are taken as text, so the schema takes them too; the other members apply to strings only.
    private func text(_ limits: TextShape) -> Members {
        var members: Members = [
            ("type", .array([.string("string"), .string("number"), .string("boolean")])),
            ("minLength", .integer(Int64(limits.length.lowerBound))),
            ("maxLength", .integer(Int64(limits.length.upperBound))), ("pattern", .string("[^ \\t\\n]")),
        ]
        // Not by the pattern: in some dialects `$` matches before a line break at the end.
        let lineBreak = limits.isMultiline ? "" : "\\n"
        members.append(
            (
                "not",
                .object([
                    ("type", .string("string")),
                    ("pattern", .string("[\(lineBreak)\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]")),
                ])
            ))
        return members
    }

    private mutating func word(_ format: WordFormat) -> Members {
        // What looks like something else without quotes is taken as text; the other members apply to strings only.
        let types = ["string"] + (format.looksLikeNumber ? ["number"] : []) + (format.looksLikeBoolean ? ["boolean"] : [])
        var members: Members = [
            ("title", .string(format.expectation)),
            ("type", types.count == 1 ? .string("string") : .array(types.map { .string($0) })), ("pattern", .string(format.expression)),
        ]
        if !format.reserved.isEmpty {
            members.append(("not", .object([("enum", .array(format.reserved.map { .string($0) }))])))
        }
        definitions["form_\(format.rawValue)"] = .object(members)
        return [("$ref", .string("#/$defs/form_\(format.rawValue)"))]
    }

    private func integer(_ range: ClosedRange<Int64>) -> Members {
        [("type", .string("integer")), ("minimum", .integer(range.lowerBound)), ("maximum", .integer(range.upperBound))]
    }

    private mutating func list(_ item: ValueShape, _ count: ClosedRange<Int>, _ isDistinct: Bool) -> Members {
        var members: Members = [("type", .string("array")), ("items", .object(value(item)))]
        if count.lowerBound > 0 { members.append(("minItems", .integer(Int64(count.lowerBound)))) }
        members.append(("maxItems", .integer(Int64(count.upperBound))))
        if isDistinct { members.append(("uniqueItems", .boolean(true))) }
        return members
    }

    private mutating func map(_ key: WordFormat, _ item: ValueShape, _ count: ClosedRange<Int>) -> Members {
        var members: Members = [
            ("type", .string("object")), ("propertyNames", .object(word(key))),
            ("additionalProperties", .object(value(item))),
        ]
        if count.lowerBound > 0 { members.append(("minProperties", .integer(Int64(count.lowerBound)))) }
        members.append(("maxProperties", .integer(Int64(count.upperBound))))
        return members
    }
}
