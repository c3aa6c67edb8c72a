/// Checks nodes against the language's description and collects everything that doesn't fit.
struct ShapeChecker {
    private(set) var diagnostics: [Diagnostic] = []

    // MARK: Findings

    private mutating func report(_ code: Diagnostic.Code, _ location: SourceLocation, _ message: String, suggestion: String? = nil) {
        diagnostics.append(Diagnostic(code: code, location: location, message: message, suggestion: suggestion))
    }

    private mutating func wrongType(_ node: YAMLNode, _ expected: String, hint: String = "") {
        if case .broken = node.content { return }
        report(.wrongType, node.location, "must be \(expected), not \(node.kindName)\(hint)")
    }

    /// For those who write `overlay: 1` as a deployment file has `deployment: 1`.
    private static let overlayHint =
        "; overlays have no number: what they add stands below the key, as in overlay: { extends: { contacts.person: { fields: … } } }"

    // MARK: Values

    mutating func check(_ node: YAMLNode, _ shape: ValueShape) -> CheckedValue? {
        switch shape {
        case .text(let limits): text(node, limits)
        case .word(let format): word(node, format)
        case .keyword(let keywords): keyword(node, keywords.map(\.word)).map(CheckedValue.text)
        case .integer(let range): integer(node, range)
        case .decimal: decimal(node)
        case .boolean: boolean(node)
        case .constant(let number): constant(node, number)
        case .list(let item, let count, let isDistinct): list(node, item, count, isDistinct)
        case .map(let key, let value, let count): map(node, key, value, count)
        case .object(let name): object(node, Language.shape(name)).map(CheckedValue.object)
        case .either(let scalar, let name): either(node, scalar, Language.shape(name))
        }
    }

    private mutating func scalar(_ node: YAMLNode, _ expected: String) -> YAMLNode.Scalar? {
        guard case .scalar(let scalar) = node.content, !scalar.text.isNull else {
            wrongType(node, expected)
            return nil
        }
        return scalar
    }

    private mutating func text(_ node: YAMLNode, _ limits: TextShape) -> CheckedValue? {
        guard let scalar = scalar(node, "a text") else { return nil }
        let text = scalar.text.text
        let length = text.unicodeScalars.count
        if !limits.length.contains(length) {
            report(
                .invalidValue, node.location,
                length < limits.length.lowerBound
                    ? "must not be empty" : "has \(length) characters; at most \(limits.length.upperBound) are allowed")
            return nil
        }
        if text.unicodeScalars.allSatisfy({ [" ", "\t", "\n"].contains($0) }) {
            report(.invalidValue, node.location, "must not be blank")
            return nil
        }
        if !limits.isMultiline, text.contains("\n") {
            report(.invalidValue, node.location, "must be one line")
            return nil
        }
        return .text(CheckedText(scalar: scalar))
    }

    private mutating func word(_ node: YAMLNode, _ format: WordFormat) -> CheckedValue? {
        guard let scalar = scalar(node, format.expectation) else { return nil }
        if let flaw = format.flaw(in: scalar.text.text) {
            report(.invalidValue, node.location, flaw)
            return nil
        }
        return .text(CheckedText(scalar: scalar))
    }

    private mutating func keyword(_ node: YAMLNode, _ words: [String]) -> CheckedText? {
        let expected = words.count > 2 ? "one of \(words.joined(separator: ", "))" : words.joined(separator: " or ")
        guard let scalar = scalar(node, expected) else { return nil }
        let text = scalar.text.text
        guard words.contains(text) else {
            report(
                .invalidValue, node.location, "must be \(expected), not '\(YAMLNode.shortened(text))'",
                suggestion: Language.synonyms[text].flatMap { words.contains($0) ? $0 : nil } ?? Names.nearest(to: text, among: words))
            return nil
        }
        return CheckedText(scalar: scalar)
    }

    private mutating func integer(_ node: YAMLNode, _ range: ClosedRange<Int64>) -> CheckedValue? {
        guard let scalar = scalar(node, "a whole number") else { return nil }
        let text = scalar.text.text
        guard scalar.text.isPlain, Self.isWholeNumber(text) else {
            wrongType(node, scalar.text.isPlain ? "a whole number in decimal digits" : "a whole number without quotes")
            return nil
        }
        guard let number = Int64(text), range.contains(number) else {
            let limits = range == .min ... .max ? "of 64 bits" : "from \(range.lowerBound) to \(range.upperBound)"
            report(.invalidValue, node.location, "must be a whole number \(limits), not \(YAMLNode.shortened(text))")
            return nil
        }
        return .integer(number)
    }

    private static func isWholeNumber(_ text: String) -> Bool {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard let first = digits.first, digits.allSatisfy(Names.isDigit) else { return false }
        return first != UInt8(ascii: "0") || digits.count == 1
    }

    private mutating func decimal(_ node: YAMLNode) -> CheckedValue? {
        guard let scalar = scalar(node, "a number") else { return nil }
        let text = scalar.text.text
        let whole = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)[0]
        guard scalar.text.isPlain, Self.isWholeNumber(String(whole)), let number = DecimalLiteral(text) else {
            let isTooLong =
                text.utf8.count > DecimalLiteral.maxDigits && text.utf8.allSatisfy { Names.isDigit($0) || $0 == UInt8(ascii: ".") }
            wrongType(
                node,
                isTooLong ? "a number of at most \(DecimalLiteral.maxDigits) digits" : "a number such as 12.5, without quotes and exponent")
            return nil
        }
        return .decimal(number)
    }

    private mutating func boolean(_ node: YAMLNode) -> CheckedValue? {
        guard let scalar = scalar(node, "true or false") else { return nil }
        guard scalar.text.isPlain, ["true", "false"].contains(scalar.text.text) else {
            wrongType(node, "true or false" + (scalar.text.isPlain ? "" : " without quotes"))
            return nil
        }
        return .boolean(scalar.text.text == "true")
    }

    private mutating func constant(_ node: YAMLNode, _ number: Int64) -> CheckedValue? {
        guard let scalar = scalar(node, String(number)) else { return nil }
        guard scalar.text.isPlain, scalar.text.text == String(number) else {
            report(.invalidValue, node.location, "must be \(number), the only version of the language so far, not \(node.kindName)")
            return nil
        }
        return .integer(number)
    }

    // MARK: Collections

    private mutating func list(_ node: YAMLNode, _ shape: ValueShape, _ count: ClosedRange<Int>, _ isDistinct: Bool) -> CheckedValue? {
        guard case .sequence(let nodes) = node.content else {
            wrongType(node, "a list")
            return nil
        }
        let isSized = size(nodes.count, count, "entries", node)
        var items: [Located<CheckedItem>] = []
        var seen: Set<String> = []
        for item in nodes {
            guard let value = check(item, shape) else { continue }
            if isDistinct, case .text(let text) = value, !seen.insert(text.text).inserted {
                report(.doubleClaim, item.location, "'\(YAMLNode.shortened(text.text))' stands in the list twice")
                continue
            }
            items.append(Located(CheckedItem(value: value), at: item.location))
        }
        return isSized ? .list(items) : nil
    }

    private mutating func map(_ node: YAMLNode, _ format: WordFormat, _ shape: ValueShape, _ count: ClosedRange<Int>) -> CheckedValue? {
        guard case .mapping(let nodes) = node.content else {
            wrongType(node, "a mapping")
            return nil
        }
        let isSized = node.isOpen && nodes.isEmpty || size(nodes.count, count, "entries", node)
        var entries: [CheckedMap.Entry] = []
        for entry in nodes {
            // What is called wrongly is there all the same: so are its other errors, and those who name it.
            if let flaw = format.flaw(in: entry.key.value) { report(.invalidValue, entry.key.location, flaw) }
            let value = check(entry.value, shape).map { Located(CheckedItem(value: $0), at: entry.value.location) }
            entries.append(CheckedMap.Entry(key: entry.key, value: value))
        }
        return isSized ? .map(CheckedMap(entries: entries, isOpen: node.isOpen)) : nil
    }

    private mutating func size(_ count: Int, _ range: ClosedRange<Int>, _ noun: String, _ node: YAMLNode) -> Bool {
        if range.contains(count) { return true }
        report(
            .invalidValue, node.location,
            count < range.lowerBound ? "must not be empty" : "has \(count) \(noun); at most \(range.upperBound) are allowed")
        return false
    }

    // MARK: Objects

    mutating func object(_ node: YAMLNode, _ shape: ObjectShape) -> CheckedObject? {
        guard case .mapping(let entries) = node.content else {
            wrongType(node, "a mapping", hint: shape.name == .overlay ? Self.overlayHint : "")
            return nil
        }
        guard let variant = variant(entries, node, shape) else {
            reportStrangeKeys(entries, shape)
            return nil
        }
        let properties = shape.properties(of: variant.case)
        let discriminator = shape.variants?.discriminator
        var object = CheckedObject(
            shape: shape, location: node.location, variant: variant.case?.word, knownKeys: Set(properties.map(\.key)),
            isOpen: node.isOpen)
        var hasUnknown = false
        for entry in entries where entry.key.value != discriminator {
            if let property = properties.first(where: { $0.key == entry.key.value }) {
                object.set(property.key, check(entry.value, property.value), at: entry.value.location)
            } else if !entry.key.value.hasPrefix("x-") {
                unknownKey(entry.key, properties, shape, variant.case)
                object.meant(Names.nearest(to: entry.key.value, among: properties.map(\.key)))
                hasUnknown = true
            }
        }
        for property in properties where property.isRequired && !object.has(property.key) && !node.isOpen {
            report(.missingKey, node.location, "the key '\(property.key)' is missing")
        }
        // An unknown key is most likely a misspelt one of those that are asked for.
        return hasUnknown || node.isOpen || count(object, shape, node) ? object : nil
    }

    /// Of an object whose variant isn't known: keys that no variant has.
    private mutating func reportStrangeKeys(_ entries: [YAMLNode.Entry], _ shape: ObjectShape) {
        guard let variants = shape.variants else { return }
        let known = [variants.discriminator] + shape.properties.map(\.key) + variants.cases.flatMap(\.properties).map(\.key)
        for entry in entries where !known.contains(entry.key.value) && !entry.key.value.hasPrefix("x-") {
            report(
                .unknownKey, entry.key.location, "the key '\(YAMLNode.shortened(entry.key.value))' is not known here",
                suggestion: Names.nearest(to: entry.key.value, among: known))
        }
    }

    private mutating func count(_ object: CheckedObject, _ shape: ObjectShape, _ node: YAMLNode) -> Bool {
        let known = shape.properties.map(\.key).joined(separator: " or ")
        if shape.needsSome, object.givenKeys.isEmpty {
            report(.missingKey, node.location, "must have at least one of the keys it can have")
            return false
        }
        if shape.needsExactlyOne, object.givenKeys.count != 1 {
            report(object.givenKeys.isEmpty ? .missingKey : .contradiction, node.location, "must have exactly one key: \(known)")
            return false
        }
        return true
    }

    private struct ChosenVariant {
        /// Missing for objects without variants.
        let `case`: VariantShape.Case?
    }

    /// The variant that the discriminator names; nil when it names none, which is then reported.
    private mutating func variant(_ entries: [YAMLNode.Entry], _ node: YAMLNode, _ shape: ObjectShape) -> ChosenVariant? {
        guard let variants = shape.variants else { return ChosenVariant(case: nil) }
        guard let entry = entries.first(where: { $0.key.value == variants.discriminator }) else {
            if !node.isOpen { report(.missingKey, node.location, "the key '\(variants.discriminator)' is missing") }
            return nil
        }
        if case .scalar(let scalar) = entry.value.content, let planned = Language.planned[shape.name]?[scalar.text.text] {
            report(.notSupported, entry.value.location, planned)
            return nil
        }
        guard let word = keyword(entry.value, variants.cases.map(\.word)) else { return nil }
        return ChosenVariant(case: variants.cases.first { $0.word == word.text })
    }

    private mutating func unknownKey(
        _ key: Located<String>, _ properties: [PropertyShape], _ shape: ObjectShape, _ variant: VariantShape.Case?
    ) {
        let name = YAMLNode.shortened(key.value)
        if let variants = shape.variants, let variant, shape.declares(key.value) {
            report(.unknownKey, key.location, "'\(name)' is not a key where \(variants.discriminator) is \(variant.word)")
            return
        }
        report(
            .unknownKey, key.location, "the key '\(name)' is not known here",
            suggestion: Names.nearest(to: key.value, among: properties.map(\.key)))
    }

    private mutating func either(_ node: YAMLNode, _ scalar: ValueShape, _ shape: ObjectShape) -> CheckedValue? {
        switch node.content {
        case .scalar: return check(node, scalar)
        case .mapping: return object(node, shape).map(CheckedValue.object)
        case .sequence, .broken:
            wrongType(node, "a value or a mapping")
            return nil
        }
    }
}
