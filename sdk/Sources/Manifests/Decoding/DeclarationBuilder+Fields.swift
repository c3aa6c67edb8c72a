extension DeclarationBuilder {
    // MARK: Fields

    /// Builds fields of record types, columns of links and values of events alike: what a shape doesn't have is simply not there.
    mutating func fields(_ entries: [CheckedMap.Entry]) -> [FieldDeclaration] {
        var fields: [FieldDeclaration] = []
        for entry in entries {
            guard let object = entry.object, let field = field(entry.key, object) else { continue }
            fields.append(field)
        }
        return fields
    }

    private mutating func field(_ key: Located<String>, _ object: CheckedObject) -> FieldDeclaration? {
        guard let kind = kind(object) else { return nil }
        let flags = object.known
        let isRequired = flags.boolean("required") ?? false
        let isReadOnly = flags.boolean("read_only") ?? false
        if isRequired, flags.has("required_when") {
            report(
                .contradiction, flags.location(of: "required_when"),
                "the field is required already; leave out 'required' or 'required_when'")
        }
        if isReadOnly, flags.has("read_only_when") {
            report(
                .contradiction, flags.location(of: "read_only_when"),
                "the field is read-only already; leave out 'read_only' or 'read_only_when'")
        }
        return FieldDeclaration(
            key: key.value, label: object.text("label") ?? Names.label(from: key.value), description: object.text("description"),
            kind: kind,
            isRequired: isRequired, isUnique: flags.boolean("unique") ?? (kind.keyword == "auto_number"),
            search: flags.text("search").flatMap { SearchWeight(rawValue: $0) },
            defaultValue: defaultValue(flags, kind),
            isReadOnly: isReadOnly || kind.keyword == "auto_number", requiredWhen: flags.expression("required_when"),
            readOnlyWhen: flags.expression("read_only_when"), vcard: flags.text("vcard"),
            alsoCalled: flags.texts("also_called").map(\.value), location: key.location)
    }

    private mutating func kind(_ object: CheckedObject) -> FieldKind? {
        switch object.variant {
        case "text": .text(textOptions(object))
        case "long_text": .longText(LongTextOptions(length: lengthRange(object)))
        case "integer": .integer(integerOptions(object))
        case "decimal": .decimal(decimalOptions(object))
        case "money": .money(MoneyOptions(range: range(object.object("range")) { $0.decimal($1) }))
        case "boolean": .boolean
        case "date": .date(DateOptions(range: range(object.object("range")) { $0.text($1).flatMap { DateLiteral($0) } }))
        case "date_time": .dateTime(DateTimeOptions(range: range(object.object("range")) { $0.text($1).flatMap { DateTimeLiteral($0) } }))
        case "duration": .duration(durationOptions(object))
        case "choice": .choice(choiceOptions(object))
        case "multi_choice": .multiChoice(choiceOptions(object))
        case "emails": .emails(ChannelOptions(maxCount: object.integer("max").map { Int($0) } ?? 20))
        case "phones": .phones(ChannelOptions(maxCount: object.integer("max").map { Int($0) } ?? 20))
        case "url": .url(textOptions(object))
        case "address": .address
        case "tags": .tags(TagsOptions(maxCount: object.integer("max").map { Int($0) } ?? 100))
        case "link": link(object)
        case "links": links(object)
        case "link_any": linkAny(object)
        case "user": .user
        case "file": .file
        case "json": .json
        case "auto_number": autoNumber(object)
        default: nil
        }
    }

    private func link(_ object: CheckedObject) -> FieldKind? {
        guard let target = object.located("to") else { return nil }
        let known = object.known
        let onDelete = known.text("on_delete").flatMap { DeletePolicy(rawValue: $0) } ?? .clear
        return .link(
            LinkOptions(
                target: reference(target), inverse: known.located("inverse"), onDelete: onDelete,
                isAcyclic: known.boolean("acyclic") ?? false))
    }

    private mutating func links(_ object: CheckedObject) -> FieldKind? {
        guard let target = object.located("to") else { return nil }
        let columns = fields(object.map("columns"))
        return .links(
            LinksOptions(
                target: reference(target), inverse: object.located("inverse"), primary: object.located("primary"), columns: columns))
    }

    private func linkAny(_ object: CheckedObject) -> FieldKind? {
        let targets = object.texts("to")
        return targets.isEmpty ? nil : .linkAny(LinkAnyOptions(targets: targets.map(reference)))
    }

    private func autoNumber(_ object: CheckedObject) -> FieldKind? {
        guard let pattern = object.located("pattern"), let parsed = try? AutoNumberPattern(pattern.value) else { return nil }
        return .autoNumber(AutoNumberOptions(pattern: Located(parsed, at: pattern.location)))
    }

    // MARK: Options

    mutating func textOptions(_ object: CheckedObject) -> TextOptions {
        let pattern = object.located("pattern").flatMap { text in
            (try? TextPattern(text.value)).map { Located($0, at: text.location) }
        }
        return TextOptions(pattern: pattern, length: lengthRange(object), sortLanguage: object.known.located("sort"))
    }

    private mutating func lengthRange(_ object: CheckedObject) -> ValueRange<Int>? {
        range(object.object("length")) { range, key in range.integer(key).map { Int($0) } }
    }

    mutating func integerOptions(_ object: CheckedObject) -> IntegerOptions {
        IntegerOptions(range: range(object.object("range")) { $0.integer($1) })
    }

    mutating func durationOptions(_ object: CheckedObject) -> DurationOptions {
        DurationOptions(range: range(object.object("range")) { $0.text($1).flatMap { DurationLiteral($0) } })
    }

    func choiceOptions(_ object: CheckedObject) -> ChoiceOptions { ChoiceOptions(choices: choices(object.map("choices"))) }

    mutating func decimalOptions(_ object: CheckedObject) -> DecimalOptions {
        let precision = object.integer("precision").map { Int($0) } ?? 18
        let scale = object.integer("scale").map { Int($0) } ?? min(2, precision)
        if scale > precision {
            report(
                .contradiction, object.location(of: "scale"), "the scale (\(scale)) must not be greater than the precision (\(precision))")
        }
        return DecimalOptions(precision: precision, scale: scale, range: range(object.object("range")) { $0.decimal($1) })
    }

    mutating func range<Bound: Comparable & Sendable & Hashable>(
        _ object: CheckedObject?, _ bound: (CheckedObject, String) -> Bound?
    ) -> ValueRange<Bound>? {
        guard let object else { return nil }
        let range = ValueRange(min: bound(object, "min"), max: bound(object, "max"))
        if let min = range.min, let max = range.max, min > max {
            report(
                .contradiction, object.location(of: "min"),
                "the least value (\(min)) is greater than the greatest (\(max)), so nothing is allowed")
        }
        return range
    }
}

extension CheckedObject {
    /// The same object, where keys may be asked for that its shape doesn't have in this place: link columns and event fields are built like
    /// fields.
    var known: LenientObject { LenientObject(object: self) }
}

/// Answers nothing for keys that a shape doesn't have.
struct LenientObject {
    let object: CheckedObject

    private func ifKnown<Value>(_ key: String, _ value: (String) -> Value?) -> Value? {
        object.knownKeys.contains(key) ? value(key) : nil
    }

    func has(_ key: String) -> Bool { object.has(key) }
    func location(of key: String) -> SourceLocation { object.knownKeys.contains(key) ? object.location(of: key) : object.location }
    func boolean(_ key: String) -> Bool? { ifKnown(key, object.boolean) }
    func text(_ key: String) -> String? { ifKnown(key, object.text) }
    func located(_ key: String) -> Located<String>? { ifKnown(key, object.located) }
    func expression(_ key: String) -> ExpressionText? { ifKnown(key, object.expression) }
    func integer(_ key: String) -> Int64? { ifKnown(key, object.integer) }
    func decimal(_ key: String) -> DecimalLiteral? { ifKnown(key, object.decimal) }
    func child(_ key: String) -> CheckedObject? { ifKnown(key, object.object) }
    func texts(_ key: String) -> [Located<String>] { ifKnown(key) { object.texts($0) } ?? [] }
}
