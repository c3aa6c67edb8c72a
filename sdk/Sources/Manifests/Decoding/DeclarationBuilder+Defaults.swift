extension DeclarationBuilder {
    // MARK: Defaults of fields

    mutating func defaultValue(_ object: LenientObject, _ kind: FieldKind) -> Located<DefaultValue>? {
        guard object.has("default"), object.object.knownKeys.contains("default") else { return nil }
        let location = object.location(of: "default")
        guard let value = unchecked(object, kind) else { return nil }
        if let flaw = ValueCheck.flaw(in: value, of: kind) {
            report(.invalidValue, flaw.location ?? location, flaw.message, suggestion: flaw.suggestion)
            return nil
        }
        return Located(value, at: location)
    }

    private func unchecked(_ object: LenientObject, _ kind: FieldKind) -> DefaultValue? {
        switch kind {
        case .text, .longText, .url: object.text("default").map { .text($0) }
        case .integer: object.integer("default").map { .integer($0) }
        case .decimal: object.decimal("default").map { .decimal($0) }
        case .money: object.child("default").flatMap(money)
        case .boolean: object.boolean("default").map { .boolean($0) }
        case .date: object.text("default").flatMap { $0 == "today" ? .today : DateLiteral($0).map { .date($0) } }
        case .dateTime: object.text("default").flatMap { $0 == "now" ? .now : DateTimeLiteral($0).map { .dateTime($0) } }
        case .duration: object.text("default").flatMap { DurationLiteral($0) }.map { .duration($0) }
        case .choice: object.text("default").map { .choice($0) }
        case .multiChoice, .tags: object.texts("default").isEmpty ? nil : .list(object.texts("default").map(\.value))
        case .emails, .phones, .address, .link, .links, .linkAny, .user, .file, .json, .autoNumber: nil
        }
    }

    private func money(_ object: CheckedObject) -> DefaultValue? {
        object.decimal("amount").map { .money(amount: $0, currency: object.text("currency")) }
    }

    // MARK: Settings

    mutating func settings(_ entries: [CheckedMap.Entry]) -> [SettingDeclaration] {
        var settings: [SettingDeclaration] = []
        for entry in entries {
            guard let object = entry.object, let kind = settingKind(object) else { continue }
            let isRequired = object.boolean("required") ?? false
            if isRequired, object.known.has("default") {
                report(
                    .contradiction, object.location(of: "default"), "a required setting needs no default; leave out 'required' or 'default'"
                )
            }
            settings.append(
                SettingDeclaration(
                    key: entry.key.value, label: object.text("label") ?? Names.label(from: entry.key.value),
                    description: object.text("description"),
                    kind: kind, isRequired: isRequired, defaultValue: settingDefault(object, kind), location: entry.key.location))
        }
        return settings
    }

    private mutating func settingKind(_ object: CheckedObject) -> SettingKind? {
        switch object.variant {
        case "text": .text(textOptions(object))
        case "integer": .integer(integerOptions(object))
        case "decimal": .decimal(decimalOptions(object))
        case "boolean": .boolean
        case "duration": .duration(durationOptions(object))
        case "choice": .choice(choiceOptions(object))
        case "secret": .secret
        default: nil
        }
    }

    private mutating func settingDefault(_ object: CheckedObject, _ kind: SettingKind) -> SettingValue? {
        let known = object.known
        guard known.has("default"), object.knownKeys.contains("default") else { return nil }
        let value: SettingValue? =
            switch kind {
            case .text: known.text("default").map { .text($0) }
            case .integer: known.integer("default").map { .integer($0) }
            case .decimal: known.decimal("default").map { .decimal($0) }
            case .boolean: known.boolean("default").map { .boolean($0) }
            case .duration: known.text("default").flatMap { DurationLiteral($0) }.map { .duration($0) }
            case .choice: known.text("default").map { .choice($0) }
            case .secret: nil
            }
        guard let value, let flaw = ValueCheck.flaw(in: value, of: kind) else { return value }
        report(.invalidValue, known.location(of: "default"), flaw.message, suggestion: flaw.suggestion)
        return nil
    }
}
