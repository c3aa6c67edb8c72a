/// A value that has the shape that the language asks for.
indirect enum CheckedValue: Sendable {
    case text(CheckedText)
    case integer(Int64)
    case decimal(DecimalLiteral)
    case boolean(Bool)
    case list([Located<CheckedItem>])
    case map(CheckedMap)
    case object(CheckedObject)
}

/// A list item; a class of its own so that ``Located`` can hold it.
struct CheckedItem: Sendable {
    let value: CheckedValue
}

/// A text, and what is needed to find a position in it again.
struct CheckedText: Sendable {
    let scalar: YAMLNode.Scalar
    var text: String { scalar.text.text }
}

/// A mapping with keys of the author's choice, in the order of the file.
struct CheckedMap: Sendable {
    struct Entry: Sendable {
        let key: Located<String>
        /// Missing when the value is broken, which is then reported.
        let value: Located<CheckedItem>?
    }

    let entries: [Entry]
    /// Whether it was to have more of them, which can't be read.
    let isOpen: Bool
}

/// A mapping whose keys the language knows. Values with errors are missing; the errors are reported.
struct CheckedObject: Sendable {
    let shape: ObjectShape
    let location: SourceLocation
    /// The word behind the discriminator.
    let variant: String?
    /// The keys that this object could have.
    let knownKeys: Set<String>
    /// Whether it was to have more keys, which can't be read.
    let isOpen: Bool
    fileprivate(set) var values: [String: Located<CheckedItem>] = [:]
    /// The keys that are there, the broken ones included.
    fileprivate(set) var givenKeys: Set<String> = []
    /// The keys that are most likely meant by those that aren't known.
    private(set) var meantKeys: Set<String> = []

    init(shape: ObjectShape, location: SourceLocation, variant: String?, knownKeys: Set<String>, isOpen: Bool) {
        self.shape = shape
        self.location = location
        self.variant = variant
        self.knownKeys = knownKeys
        self.isOpen = isOpen
    }

    mutating func set(_ key: String, _ value: CheckedValue?, at location: SourceLocation) {
        givenKeys.insert(key)
        if let value { values[key] = Located(CheckedItem(value: value), at: location) }
    }

    mutating func meant(_ key: String?) { if let key { meantKeys.insert(key) } }

    private func value(_ key: String) -> Located<CheckedItem>? {
        assert(shape.declares(key), "\(shape.name.rawValue) has no key \(key)")
        return values[key]
    }

    func has(_ key: String) -> Bool { givenKeys.contains(key) }

    func location(of key: String) -> SourceLocation { value(key)?.location ?? location }

    func text(_ key: String) -> String? { located(key)?.value }

    func located(_ key: String) -> Located<String>? {
        guard let found = value(key), case .text(let text) = found.value.value else { return nil }
        return Located(text.text, at: found.location)
    }

    func expression(_ key: String) -> ExpressionText? {
        guard let found = value(key), case .text(let text) = found.value.value else { return nil }
        return ExpressionText(text.text, at: found.location.advanced(by: text.scalar.contentOffset), isVerbatim: text.scalar.isVerbatim)
    }

    func integer(_ key: String) -> Int64? {
        if case .integer(let number)? = value(key)?.value.value { number } else { nil }
    }

    func decimal(_ key: String) -> DecimalLiteral? {
        if case .decimal(let number)? = value(key)?.value.value { number } else { nil }
    }

    func boolean(_ key: String) -> Bool? {
        if case .boolean(let flag)? = value(key)?.value.value { flag } else { nil }
    }

    func object(_ key: String) -> CheckedObject? {
        if case .object(let object)? = value(key)?.value.value { object } else { nil }
    }

    func map(_ key: String) -> [CheckedMap.Entry] {
        if case .map(let map)? = value(key)?.value.value { map.entries } else { [] }
    }

    func texts(_ key: String) -> [Located<String>] {
        items(key).compactMap { item in
            if case .text(let text) = item.value.value { Located(text.text, at: item.location) } else { nil }
        }
    }

    func objects(_ key: String) -> [CheckedObject] {
        items(key).compactMap { item in
            if case .object(let object) = item.value.value { object } else { nil }
        }
    }

    private func items(_ key: String) -> [Located<CheckedItem>] {
        if case .list(let items)? = value(key)?.value.value { items } else { [] }
    }
}

extension CheckedMap.Entry {
    var object: CheckedObject? {
        if case .object(let object)? = value?.value.value { object } else { nil }
    }

    var text: Located<String>? {
        guard let value, case .text(let text) = value.value.value else { return nil }
        return Located(text.text, at: value.location)
    }

    var map: [CheckedMap.Entry]? {
        if case .map(let map)? = value?.value.value { map.entries } else { nil }
    }
}

extension ObjectShape {
    /// Whether any variant has the key.
    func declares(_ key: String) -> Bool {
        properties.contains { $0.key == key } || variants?.discriminator == key
            || variants?.cases.contains { $0.properties.contains { $0.key == key } } == true
    }

    /// The keys of one variant, or of an object without variants.
    func properties(of variant: VariantShape.Case?) -> [PropertyShape] {
        guard let variant else { return properties }
        return variant.properties + properties.filter { !variant.without.contains($0.key) }
    }
}
