import Catalog
import QueryLanguage

extension VCardForm {
    /// The links whose targets' names are needed, with what to select of them.
    var expansions: [(field: Field, selection: String)] {
        places.compactMap { place in
            guard let name = place.targetName else { return nil }
            if case .links = place.field.type { return (place.field, "id,\(name),\(TypeShape.linkMember)") }
            return (place.field, name)
        }
    }

    /// The card of a record as an export reads it.
    ///
    /// - Parameter files: the photos and logos of the record, by field.
    func card(of record: [String: Value], files: [String: CardFile] = [:], version: VCard.Version) -> VCard {
        var card = CardWriter(version: version, record: record)
        card.addName(places, display: type.displayField)
        for place in places where !["N", "FN", "ORG"].contains(place.name) { card.add(place) }
        card.addOrganisations(places.filter { $0.name == "ORG" })
        for place in places {
            if let file = files[place.field.key] { card.add(file, place.name) }
        }
        if let id = record["id"]?.text { card.add("UID", VCardText.escaped(version == .v4_0 ? "urn:uuid:\(id)" : id)) }
        return VCard(version: version, properties: card.properties)
    }
}

private struct CardWriter {
    let version: VCard.Version
    let record: [String: Value]
    private(set) var properties: [VCard.Property] = []
    private var groups = 0

    init(version: VCard.Version, record: [String: Value]) {
        self.version = version
        self.record = record
    }

    mutating func addName(_ places: [VCardForm.Place], display: String?) {
        let full = places.first { $0.name == "FN" }?.field.key ?? display
        let parts = (VCardForm.parts["N"] ?? []).map { part in
            VCardText.escaped(text(places.first { $0.name == "N" && $0.part == part }?.field.key) ?? "")
        }
        let hasParts = parts.contains { !$0.isEmpty }
        // A name that was made up of an address or a number isn't read as one (RFC 9554, 4.3).
        let isDerived = !hasParts && places.contains { $0.name == "N" }
        properties.append(
            VCard.Property(
                name: "FN", parameters: isDerived ? [VCard.Parameter("DERIVED", ["TRUE"])] : [],
                value: .text(VCardText.escaped(text(full) ?? ""))))
        // 4.0 doesn't ask for a name in parts.
        if version != .v4_0 || hasParts { add("N", parts.joined(separator: ";")) }
    }

    mutating func addOrganisations(_ places: [VCardForm.Place]) {
        let unit = places.first { $0.part == "unit" }.flatMap { text($0.field.key) }
        var names = places.filter { $0.part != "unit" }.flatMap(organisations)
        if names.isEmpty, unit != nil { names = [""] }
        for (index, name) in names.enumerated() {
            var value = VCardText.escaped(name)
            if index == 0, let unit { value += ";" + VCardText.escaped(unit) }
            add("ORG", value)
        }
    }

    /// The primary first.
    private func organisations(_ place: VCardForm.Place) -> [String] {
        switch record[place.field.key] {
        case .collection(let links)?:
            let found = links.compactMap { link -> (isPrimary: Bool, name: String)? in
                guard case .complex(let members) = link, let key = place.targetName, let name = members[key], !name.isNull else {
                    return nil
                }
                guard case .complex(let own)? = members[TypeShape.linkMember] else { return (false, name.text) }
                return (own["is_primary"] == .bool(true), name.text)
            }
            return found.filter(\.isPrimary).map(\.name) + found.filter { !$0.isPrimary }.map(\.name)
        case .complex(let target)?: return [place.targetName.flatMap { target[$0]?.text }].compactMap(\.self)
        case .string(let text)?: return [text]
        default: return []
        }
    }

    mutating func add(_ place: VCardForm.Place) {
        guard let value = record[place.field.key], !value.isNull else { return }
        switch (place.field.type, value) {
        case (.emails, .collection(let items)), (.phones, .collection(let items)): for item in items { addChannel(place, item) }
        case (.tags, .collection(let items)), (.multiChoice, .collection(let items)):
            if VCardForm.oneValued.contains(place.name) {
                for item in items { add(place, VCardText.escaped(item.text)) }
            } else if !items.isEmpty {
                add(place, items.map { VCardText.escaped($0.text) }.joined(separator: ","))
            }
        case (.date, _): properties.append(VCardDate.property(name(place.name), value.text, version: version))
        case (.address, .complex(let members)): addAddress(place, members)
        case (.choice, _) where place.name == "GENDER":
            add(place, VCardForm.genders.first { $0.1 == value.text }?.0 ?? VCardText.escaped(value.text))
        case (.choice(let choices), _):
            add(place, VCardText.escaped(ChoiceWords.text(of: value.text, choices)))
        case (.text, _), (.longText, _), (.url, _): if !value.text.isEmpty { add(place, VCardText.escaped(value.text)) }
        case (.link, .complex(let target)):
            if let name = place.targetName.flatMap({ target[$0]?.text }) { add(place, VCardText.escaped(name)) }
        default: return
        }
    }

    private mutating func addAddress(_ place: VCardForm.Place, _ members: [String: Value]) {
        let parts = [AddressMember.street, .city, .region, .postalCode, .country].map {
            VCardText.escaped(members[$0.rawValue]?.text ?? "")
        }
        guard parts.contains(where: { !$0.isEmpty }) else { return }
        add(place, ";;" + parts.joined(separator: ";"))
    }

    private mutating func addChannel(_ place: VCardForm.Place, _ item: Value) {
        guard case .complex(let members) = item, let main = (members["address"] ?? members["number"])?.text else { return }
        var parameters: [VCard.Parameter] = []
        var types: [String] = []
        var label: String?
        if case .string(let kind)? = members["kind"], !kind.isEmpty {
            if let known = VCardKind.types(of: kind) { types = known } else { label = kind }
        }
        let isPrimary = members["is_primary"] == .bool(true)
        if isPrimary, version != .v4_0 { types.append("pref") }
        if !types.isEmpty { parameters.append(VCard.Parameter("TYPE", types)) }
        if isPrimary, version == .v4_0 { parameters.append(VCard.Parameter("PREF", ["1"])) }
        var value = VCardText.escaped(main)
        if case .string(let ext)? = members["extension"] {
            if version == .v4_0, main.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || "+-.()".utf8.contains($0) }) {
                parameters.append(VCard.Parameter("VALUE", ["uri"]))
                value = "tel:\(main);ext=\(ext)"
            } else {
                value = VCardText.escaped("\(main);ext=\(ext)")
            }
        }
        guard let label else {
            properties.append(VCard.Property(name: place.name, parameters: parameters, value: .text(value)))
            return
        }
        groups += 1
        properties.append(VCard.Property(group: "item\(groups)", name: place.name, parameters: parameters, value: .text(value)))
        properties.append(VCard.Property(group: "item\(groups)", name: "X-ABLABEL", value: .text(VCardText.escaped(label))))
    }

    private mutating func add(_ place: VCardForm.Place, _ value: String) {
        var parameters: [VCard.Parameter] = []
        if let type = place.type {
            let isService = place.name == "SOCIALPROFILE" && version == .v4_0
            parameters.append(VCard.Parameter(isService ? "SERVICE-TYPE" : "TYPE", [type]))
        }
        properties.append(VCard.Property(name: name(place.name), parameters: parameters, value: .text(value)))
    }

    mutating func add(_ file: CardFile, _ name: String) { properties.append(file.property(named: name)) }

    mutating func add(_ name: String, _ value: String) {
        properties.append(VCard.Property(name: name, value: .text(value)))
    }

    private func name(_ name: String) -> String { version != .v4_0 && VCardAliases.newNames.contains(name) ? "X-" + name : name }

    private func text(_ key: String?) -> String? {
        guard let key, let value = record[key], !value.isNull else { return nil }
        return value.text
    }
}
