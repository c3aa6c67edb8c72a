import Catalog
import QueryLanguage

extension VCardForm {
    /// What a card makes of a record.
    struct Reading {
        var values: [String: Value] = [:]
        /// Photos and logos, by the key of the field that gets them.
        var files: [String: CardFile] = [:]
        /// What can't be read though it has a place.
        var refusals: [String] = []
        /// Names of properties that the type has no place for, or no further one.
        var leftOut: Set<String> = []
    }

    func read(_ card: VCard) -> Reading {
        var reader = CardReader(properties: VCardAliases.standardised(card))
        // Places that ask for a type choose first; what is left goes to those that don't.
        for place in places.filter({ $0.type != nil }) + places.filter({ $0.type == nil }) where !place.field.readOnly {
            reader.fill(place)
        }
        reader.splitName(places)
        reader.keepRemarks(places)
        return reader.reading
    }
}

/// Fills the places of a record from one card.
private struct CardReader {
    let properties: [VCard.Property]
    private var used: Set<Int> = []
    private var values: [String: Value] = [:]
    private var files: [String: CardFile] = [:]
    private var refusals: [String] = []
    /// What is no mail address and no number though it stands as one: kept in the note.
    private var remarks: [String] = []

    init(properties: [VCard.Property]) { self.properties = properties }

    var reading: VCardForm.Reading {
        var values = values
        // A card that another export of ours made, or any whose identity is a UUID, stays the record it was.
        let uid = properties.first { $0.name == "UID" }?.text ?? ""
        if let id = GUID(uid.lowercased().hasPrefix("urn:uuid:") ? String(uid.dropFirst(9)) : uid) { values["id"] = .guid(id) }
        let leftOut = properties.indices.filter { index in
            !used.contains(index) && !VCardAliases.incidental.contains(properties[index].name) && !isRepeated(index)
                && !properties[index].isEmpty
        }
        return VCardForm.Reading(values: values, files: files, refusals: refusals, leftOut: Set(leftOut.map { properties[$0].name }))
    }

    /// `www.example.com` beside `http://www.example.com`.
    private func isRepeated(_ index: Int) -> Bool {
        func bare(_ property: VCard.Property) -> Substring {
            let text = property.text.lowercased()
            return text.firstRange(of: "://").map { text[$0.upperBound...] } ?? text[...]
        }
        return used.contains { properties[$0].name == properties[index].name && bare(properties[$0]) == bare(properties[index]) }
    }

    // MARK: Choosing properties

    /// Those that may fill a place and fill no other yet, the preferred first. Parts of a name or an organisation share their property.
    private func candidates(_ place: VCardForm.Place) -> [Int] {
        let sharing = VCardForm.parts[place.name] != nil
        let found = properties.indices.filter { index in
            let property = properties[index]
            guard property.name == place.name, sharing || !used.contains(index) else { return false }
            return place.type.map { property.types.contains($0) } ?? true
        }
        return found.enumerated().sorted { left, right in
            let (first, second) = (properties[left.element].preference ?? 101, properties[right.element].preference ?? 101)
            return first == second ? left.offset < right.offset : first < second
        }.map(\.element)
    }

    mutating func fill(_ place: VCardForm.Place) {
        let preferred = candidates(place)
        guard !preferred.isEmpty else { return }
        let inOrder = preferred.sorted()
        let key = place.field.key
        switch place.field.type {
        case .emails, .phones:
            let entries = ChannelEntries(place.field, inOrder.map { properties[$0] })
            set(key, entries.values.isEmpty ? nil : .collection(entries.values), inOrder)
            remarks += entries.remarks
        case .tags, .multiChoice:
            var words: [String] = []
            for word in inOrder.flatMap({ Self.words(properties[$0]) }) where !words.contains(word) { words.append(word) }
            set(key, words.isEmpty ? nil : .collection(words.map { .string($0) }), inOrder)
        case .longText:
            let texts = inOrder.map { Self.text(properties[$0], place) }.filter { !$0.isEmpty }
            set(key, texts.isEmpty ? nil : .string(texts.joined(separator: "\n\n")), inOrder)
        case .links:
            guard let name = place.targetName else { return }
            var names: [String] = []
            for text in preferred.map({ Self.text(properties[$0], place) }) where !text.isEmpty && !names.contains(text) {
                names.append(text)
            }
            let links = names.enumerated().map { index, text in
                Value.complex([name: .string(text), TypeShape.linkMember: .complex(["is_primary": .bool(index == 0)])])
            }
            set(key, links.isEmpty ? nil : .collection(links), preferred)
        case .file: fillFile(place, preferred)
        default:
            for index in preferred {
                guard let value = single(properties[index], place) else { continue }
                set(key, value, [index])
                return
            }
        }
    }

    /// The first one that lies in the card itself. One that lies elsewhere is left out: nothing is fetched from where a card says.
    private mutating func fillFile(_ place: VCardForm.Place, _ preferred: [Int]) {
        for index in preferred where !properties[index].isEmpty {
            switch CardFile.read(properties[index]) {
            case .content(let file): files[place.field.key] = file
            case .broken: refusals.append("\(place.field.label): the \(place.name) of the card is no Base64 that can be read.")
            case .elsewhere: continue
            }
            used.insert(index)
            return
        }
    }

    private mutating func set(_ key: String, _ value: Value?, _ indices: [Int]) {
        used.formUnion(indices)
        if let value { values[key] = value }
    }

    /// A name without parts: what comes last is the family's, as address books take it.
    mutating func splitName(_ places: [VCardForm.Place]) {
        guard !places.contains(where: { $0.name == "N" && values[$0.field.key] != nil }) else { return }
        guard let property = properties.first(where: { $0.name == "FN" }), property.values(of: "DERIVED").first?.lowercased() != "true"
        else {
            return
        }
        let name = NameParts.split(property.text)
        let parts = ["given": name.given, "family": name.family]
        for place in places where place.name == "N" {
            guard let part = place.part, let text = parts[part], !text.isEmpty else { continue }
            values[place.field.key] = .string(text)
        }
    }

    mutating func keepRemarks(_ places: [VCardForm.Place]) {
        guard !remarks.isEmpty, let note = places.first(where: { $0.name == "NOTE" })?.field.key else { return }
        let known = values[note].map(\.text)
        let added = remarks.filter { known?.contains($0) != true }
        values[note] = .string(([known].compactMap(\.self) + added).joined(separator: "\n\n"))
    }

    // MARK: Values

    private func single(_ property: VCard.Property, _ place: VCardForm.Place) -> Value? {
        switch place.field.type {
        case .date: return VCardDate.date(property.text).map { .date($0) }
        case .address: return Self.address(property)
        case .choice(let choices):
            guard case .one(let key) = ChoiceWords.reading(Self.text(property, place), choices) else { return nil }
            return .string(key)
        case .text, .url:
            let text = Self.text(property, place)
            return text.isEmpty ? nil : .string(text)
        case .link:
            let text = Self.text(property, place)
            guard let name = place.targetName, !text.isEmpty else { return nil }
            return .complex([name: .string(text)])
        default: return nil
        }
    }

    private static func text(_ property: VCard.Property, _ place: VCardForm.Place) -> String {
        switch place.name {
        case "N", "ORG":
            let parts = VCardForm.parts[place.name] ?? []
            let index = place.part.flatMap { parts.firstIndex(of: $0) } ?? 0
            let components = property.components
            guard index < components.count else { return "" }
            // Further units of an organisation are units of units.
            if place.part == "unit" { return components[index...].map { $0.joined(separator: ",") }.joinedTexts(", ") }
            if place.name == "ORG" { return components[index].joined(separator: ",").trimmingBlanks() }
            return components[index].joinedTexts(place.part == "prefix" || place.part == "suffix" ? ", " : " ")
        case "NICKNAME": return property.list.joinedTexts(", ")
        case "GENDER":
            let sex = property.components.first?.first ?? ""
            return VCardForm.genders.first { $0.0 == sex.uppercased() }?.1 ?? sex.trimmingBlanks()
        default: return property.text.trimmingBlanks()
        }
    }

    private static func words(_ property: VCard.Property) -> [String] {
        let items = VCardForm.oneValued.contains(property.name) ? [property.text] : property.list
        return items.map { $0.trimmingBlanks() }.filter { !$0.isEmpty }
    }

    /// Post office box, extended address, street, city, region, postal code, country.
    private static func address(_ property: VCard.Property) -> Value? {
        let parts = property.components.map { $0.joined(separator: ",").trimmingBlanks() }
        guard parts.contains(where: { !$0.isEmpty }) else { return nil }
        var members: [String: Value] = [:]
        let street = parts.prefix(3).filter { !$0.isEmpty }.joined(separator: "\n")
        if !street.isEmpty { members[AddressMember.street.rawValue] = .string(street) }
        for (index, member) in [AddressMember.city, .region, .postalCode, .country].enumerated() {
            guard index + 3 < parts.count, !parts[index + 3].isEmpty else { continue }
            members[member.rawValue] = .string(parts[index + 3])
        }
        return .complex(members)
    }
}

/// The entries of emails or phones that a card has; the same one with several types is one entry.
private struct ChannelEntries {
    private(set) var values: [Value] = []
    private(set) var remarks: [String] = []

    init(_ field: Field, _ properties: [VCard.Property]) {
        let isPhones = if case .phones = field.type { true } else { false }
        var entries: [(main: String, ext: String?, kind: String?, preference: Int)] = []
        for property in properties {
            let kind = VCardKind.kind(types: property.types, label: property.values(of: VCardAliases.label).first)
            var text = property.text.trimmingBlanks()
            var ext: String?
            if isPhones {
                if text.lowercased().hasPrefix("tel:") { text = String(text.dropFirst(4)) }
                if let mark = text.firstRange(of: ";ext=") {
                    ext = String(text[mark.upperBound...].prefix { $0 != ";" })
                    text = String(text[..<mark.lowerBound])
                }
            } else if text.lowercased().hasPrefix("mailto:") {
                text = String(text.dropFirst(7))
            }
            guard !text.isEmpty else { continue }
            guard isPhones ? text.contains(where: \.isNumber) : text.contains("@") else {
                remarks.append("\(property.name): \(text)")
                continue
            }
            let preference = property.preference ?? 101
            if let known = entries.firstIndex(where: { $0.main.lowercased() == text.lowercased() }) {
                entries[known].kind = VCardKind.merged(entries[known].kind, kind)
                entries[known].preference = min(entries[known].preference, preference)
            } else {
                entries.append((text, ext, kind, preference))
            }
        }
        let best = entries.map(\.preference).min()
        let primary = entries.firstIndex { $0.preference == best }
        values = entries.enumerated().map { index, entry in
            var members: [String: Value] = [isPhones ? "number" : "address": .string(entry.main), "is_primary": .bool(index == primary)]
            if let kind = entry.kind { members["kind"] = .string(kind) }
            if let ext = entry.ext { members["extension"] = .string(ext) }
            return .complex(members)
        }
    }
}

extension [String] {
    fileprivate func joinedTexts(_ separator: String) -> String {
        map { $0.trimmingBlanks() }.filter { !$0.isEmpty }.joined(separator: separator)
    }
}
