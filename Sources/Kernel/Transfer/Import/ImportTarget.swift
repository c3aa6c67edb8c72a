import Catalog
import QueryLanguage

/// What a column of a file fills: `last_name`, `address/city`, `emails/work`, `organisation/name`.
enum ImportTarget: Sendable, Hashable {
    /// A field of one value; `id` and `owner_id` too.
    case property(String, Field?)
    case currency(of: Field)
    case address(Field, AddressMember)
    /// A name in one, which is taken apart.
    case wholeName(NameParts)
    /// Entries of emails or phones, of one kind when the target names it.
    case channel(Field, kind: String?)
    /// The primary one of emails or phones; the others stay.
    case primary(Field)
    /// A link to one record, by a property of it; nil takes its id.
    case link(Field, by: LinkKey?)
    /// Links to many records; nil takes their ids.
    case links(Field, LinkForm, by: LinkKey?)

    /// The property that a link finds its record by.
    struct LinkKey: Sendable, Hashable {
        let property: String
        /// The field of the other type that has it.
        let field: Field

        /// The field that reads a cell; nil where the text is looked for as it stands.
        var readField: Field? {
            switch field.type {
            case .integer, .decimal, .money, .boolean, .date, .dateTime, .duration, .choice: field
            default: nil
            }
        }
    }

    /// The target of names in one, for types without a field that is called so.
    static let wholeName = "full_name"

    /// - Parameter keys: properties that records are found by, among them numbers that the store makes.
    /// - Throws: `import.unknown_property` with the property that was probably meant, `import.read_only` for what is never given.
    init(_ text: String, type: RecordType, catalog: Catalog, keys: [String] = []) throws(ImportError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts.first ?? ""
        let member = parts.count > 1 ? parts[1] : nil
        if member == nil, name == "id" || name == "owner_id" {
            self = .property(name, nil)
            return
        }
        for field in type.fields {
            if let target = try Self.match(name, member, field, catalog) {
                if !(field.isNumbered && keys.contains(text)) { try Self.requireWritable(field, text, type) }
                self = target
                return
            }
        }
        if let parts = type.nameParts, text == Self.wholeName {
            self = .wholeName(parts)
            return
        }
        let known = type.fields.map(\.key) + (type.nameParts == nil ? [] : [Self.wholeName])
        let hint = Spelling.closest(to: name, in: known).map { "; did you mean \($0)?" } ?? ""
        throw ImportError(.unknownProperty, "\(type.label) has no property \(text)\(hint)")
    }

    private static func match(_ name: String, _ member: String?, _ field: Field, _ catalog: Catalog) throws(ImportError) -> ImportTarget? {
        switch field.type {
        case .address:
            guard name == field.key, let member else { return nil }
            guard let known = AddressMember(rawValue: member) else {
                throw ImportError(
                    .unknownProperty,
                    "\(field.label) has no \(member); it has \(AddressMember.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return .address(field, known)
        case .emails, .phones:
            if member == nil, name == field.primaryProperty { return .primary(field) }
            return name == field.key ? .channel(field, kind: member) : nil
        case .link(let link):
            if member == nil, name == "\(field.key)_id" { return .link(field, by: nil) }
            guard name == field.key else { return nil }
            return .link(field, by: try key(member, of: link.target, catalog))
        case .links(let links):
            return name == field.key ? .links(field, LinkForm(field, links, catalog), by: try key(member, of: links.target, catalog)) : nil
        case .money:
            if member == nil, name == "\(field.key)_currency" { return .currency(of: field) }
            return name == field.key && member == nil ? .property(name, field) : nil
        case .linkAny where name == field.key && member != nil:
            throw ImportError(
                .unknownProperty,
                "\(field.label) leads to records of several types, which are not found by a property; fill \(field.key)_type and \(field.key)_id"
            )
        default:
            guard member == nil, field.columns.contains(where: { $0.name == name }) else { return nil }
            return .property(name, field)
        }
    }

    private static func requireWritable(_ field: Field, _ text: String, _ type: RecordType) throws(ImportError) {
        guard field.readOnly || field.isNumbered else { return }
        let hint =
            type.nameParts.flatMap { field.key == type.displayField ? "; \(wholeName) fills \($0.given.key) and \($0.family.key)" : nil }
            ?? ""
        throw ImportError(
            .readOnly,
            "\(text) of \(type.collection) is written by \(field.isNumbered ? "the store" : "its module") and can't be imported\(hint)"
        )
    }

    /// Whether a cell holds text, so that an empty one in quotes is a value.
    var holdsText: Bool {
        switch self {
        case .address: true
        case .property(_, let field?):
            switch field.type {
            case .text, .longText, .url: true
            default: false
            }
        default: false
        }
    }

    /// What a column fills so that no other may: a property, a member of an address, a link however its target is named.
    enum Slot: Hashable {
        case property(String)
        case member(String, AddressMember)
    }

    /// None for lists, which take the entries of several columns.
    var slots: [Slot] {
        switch self {
        case .property(let name, _): [.property(name)]
        case .currency(let field): [.property("\(field.key)_currency")]
        case .wholeName(let parts): [.property(parts.given.key), .property(parts.family.key)]
        case .address(let field, let member): [.member(field.key, member)]
        case .primary(let field): [.property(field.primaryProperty ?? field.key)]
        case .link(let field, _): [.property(field.key)]
        case .channel, .links: []
        }
    }

    /// The list whose entries join those of a record that is changed; nil for all else.
    var joinedList: Field? {
        switch self {
        case .channel(let field, _), .links(let field, _, _): field
        default: nil
        }
    }

    /// The link and the property of its target that `--create-links` makes a record by.
    var linkByKey: (target: String, property: String)? {
        switch self {
        case .link(let field, let property?):
            if case .link(let link) = field.type { (link.target, property.property) } else { nil }
        case .links(_, let form, let property?): (form.links.target, property.property)
        default: nil
        }
    }

    /// Whether it gives a value of a property by which records can be found.
    func fills(key: String) -> Bool {
        switch self {
        case .property(let name, _): name == key
        case .currency(let field): key == "\(field.key)_currency"
        case .wholeName(let parts): key == parts.given.key || key == parts.family.key
        case .channel(let field, _), .primary(let field): key == field.key || key == field.primaryProperty
        case .link(let field, _): key == field.key || key == "\(field.key)_id"
        case .address, .links: false
        }
    }

    /// The property that links are found by; without one, the field that names records of the target.
    private static func key(_ member: String?, of typeID: String, _ catalog: Catalog) throws(ImportError) -> LinkKey? {
        guard let target = catalog.type(id: typeID) else { return nil }
        if member == "id" { return nil }
        guard let member = member ?? target.displayField else { return nil }
        guard let field = target.fields.first(where: { $0.key == member || $0.primaryProperty == member }) else {
            throw ImportError(.unknownProperty, "\(target.label) has no property \(member) to find it by")
        }
        return LinkKey(property: member, field: field)
    }
}
