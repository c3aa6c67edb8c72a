import QueryLanguage

/// Collects the properties of one record type with their bindings.
struct ShapeBuilder {
    let type: RecordType
    private var properties: [Property] = []
    private var bindings: [PropertyBinding] = []

    init(type: RecordType) { self.type = type }

    func finish(named name: String) -> TypeShape {
        TypeShape(shape: EntityShape(name: name, properties: properties), bindings: bindings, recordType: type.id)
    }

    mutating func addSystemProperties() {
        for column in RecordType.systemColumns {
            let type: PropertyType =
                switch column.type {
                case .uuid: .guid
                case .bigint: .int64
                default: .dateTimeOffset
                }
            append(Property(name: column.name, type: type, isNullable: column.name == "deleted_at"), .system(column))
        }
    }

    mutating func add(_ field: Field) {
        for (property, binding) in Self.properties(of: field) { append(property, binding) }
        switch field.type {
        case .emails, .phones:
            guard let table = type.childTable(of: field) else { return }
            append(
                Property(name: field.key, type: .collection(of: .complex(Self.channelShape(table))), isNullable: false), .channels(table))
        case .link(let link):
            append(Property(name: field.key, type: .entity(link.target)), .toOne(column: "\(field.key)_id", target: link.target))
        case .links(let links):
            guard let table = type.childTable(of: field) else { return }
            append(
                Property(name: field.key, type: .entityCollection("\(type.id)/\(field.key)"), isNullable: false),
                .toMany(table, target: links.target))
        case .file:
            append(
                Property(name: field.key, type: .complex(FileMember.shape), isNullable: !field.required, isFilterable: false),
                .file(field: field.key))
        case .linkAny(let targets):
            append(Property(name: field.key, type: .entityOfSeveral(targets)), .toAny(field: field.key, targets: targets))
        default:
            return
        }
    }

    mutating func addInverse(of field: Field, in source: RecordType) {
        switch field.type {
        case .link(let link):
            guard let name = link.inverse else { return }
            append(
                Property(name: name, type: .entityCollection(source.id), isNullable: false),
                .inverseOfOne(source: source.id, column: "\(field.key)_id"))
        case .links(let links):
            guard let name = links.inverse, let table = source.childTable(of: field) else { return }
            append(
                Property(name: name, type: .entityCollection("\(type.id)/\(name)"), isNullable: false),
                .inverseOfMany(source: source.id, table))
        default:
            return
        }
    }

    private mutating func append(_ property: Property, _ binding: PropertyBinding) {
        properties.append(
            Property(
                name: property.name, type: property.type, isNullable: property.isNullable, isFilterable: property.isFilterable,
                currencyProperty: property.currencyProperty, normalForm: property.normalForm, ordinal: bindings.count))
        bindings.append(binding)
    }

    /// The properties that lie in columns of the field's own row: one for most fields, two for money, references and lists' primary values.
    static func properties(of field: Field) -> [(property: Property, binding: PropertyBinding)] {
        let columns = field.columns
        let nullable = !field.required
        func column(_ index: Int, _ type: PropertyType, currency: String? = nil, nullable: Bool = nullable) -> (Property, PropertyBinding) {
            let property = Property(name: columns[index].name, type: type, isNullable: nullable, currencyProperty: currency)
            return (property, .column(columns[index], field: field.key))
        }
        switch field.type {
        case .text, .longText, .autoNumber: return [column(0, .string)]
        case .url:
            let form = NormalForm(.webAddress, at: .itself)
            let property = Property(name: columns[0].name, type: .string, isNullable: nullable, normalForm: form)
            return [(property, .column(columns[0], field: field.key))]
        case .choice(let choices): return [column(0, .choice(ChoiceType(choices)))]
        case .multiChoice(let choices):
            return [column(0, .collection(of: .choice(ChoiceType(choices))), nullable: false)]
        case .tags: return [column(0, .collection(of: .string), nullable: false)]
        case .integer: return [column(0, .int64)]
        case .decimal: return [column(0, .decimal)]
        case .money: return [column(0, .decimal, currency: columns[1].name), column(1, .string)]
        case .boolean: return [column(0, .boolean)]
        case .date: return [column(0, .date)]
        case .dateTime: return [column(0, .dateTimeOffset)]
        case .duration: return [column(0, .duration)]
        case .emails, .phones:
            let place = NormalForm.Place.flagged(collection: field.key, flag: "is_primary", member: "normalised")
            let isEmail = if case .emails = field.type { true } else { false }
            let form = NormalForm(isEmail ? .email : .phone, at: place)
            return [(Property(name: columns[0].name, type: .string, normalForm: form), .column(columns[0], field: field.key))]
        case .address:
            let members = AddressMember.allCases.map { Property(name: $0.rawValue, type: .string) }
            let shape = ComplexShape(name: "address", properties: members)
            return [(Property(name: field.key, type: .complex(shape)), .address(field: field.key))]
        case .link, .user, .file: return [column(0, .guid)]
        case .links: return []
        case .linkAny: return [column(0, .string), column(1, .guid)]
        case .json: return [column(0, .untyped)]
        }
    }

    private static func channelShape(_ table: ChildTable) -> ComplexShape {
        let text = { (name: String, nullable: Bool) in Property(name: name, type: .string, isNullable: nullable) }
        let compared = { (name: String, kind: NormalForm.Kind) in
            Property(name: name, type: .string, isNullable: false, normalForm: NormalForm(kind, at: .sibling("normalised")))
        }
        let flag = { (name: String) in Property(name: name, type: .boolean, isNullable: false) }
        if case .emails = table.kind {
            return ComplexShape(
                name: "email",
                properties: [
                    compared("address", .email), text("normalised", false), text("kind", true), flag("is_primary"),
                    flag("opted_out"), flag("invalid"),
                ])
        }
        return ComplexShape(
            name: "phone",
            properties: [
                compared("number", .phone), text("normalised", false), text("extension", true), text("kind", true), flag("is_primary"),
                flag("invalid"),
            ])
    }
}

extension ChoiceType {
    /// What queries know of a field's choices.
    fileprivate init(_ choices: [Choice]) {
        let categories = choices.compactMap { choice in choice.category.map { (choice.key, $0) } }
        self.init(members: choices.map(\.key), categories: Dictionary(categories, uniquingKeysWith: { first, _ in first }))
    }
}
