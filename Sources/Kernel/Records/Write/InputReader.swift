package import Catalog
import Manifests
import QueryLanguage

/// Reads what callers want a record to hold: names become columns and lists, values are checked field by field. Nothing is looked up here.
struct InputReader {
    let type: RecordType
    /// Fields that modules may write though callers may not.
    let isModule: Bool

    init(type: RecordType, isModule: Bool = false) {
        self.type = type
        self.isModule = isModule
    }

    /// Reads one item into a draft, with every problem it has.
    func read(_ input: RecordInput, into draft: inout WriteDraft) {
        for (name, value) in input.values {
            if let system = RecordType.systemColumns.first(where: { $0.name == name }) {
                readSystem(system, value, into: &draft)
            } else if let property = type.inputs[name] {
                let field = type.field(of: property)
                if field.readOnly, !isModule {
                    draft.refuse("records.read_only", name, "\(field.label) is written by its module; leave it out.")
                    continue
                }
                draft.fields.insert(field.key)
                if case .link = field.type { draft.linked.insert(field.key) }
                do {
                    try read(field, property.role, value, input, into: &draft)
                } catch {
                    draft.refuse(error.code, name, error.message)
                }
            } else {
                let hint = Spelling.closest(to: name, in: type.inputs.keys).map { " Did you mean \($0)?" } ?? ""
                draft.refuse("records.unknown_property", name, "\(type.label) has no property \(name).\(hint)")
            }
        }
    }

    /// Computed properties are ignored, as OData asks (11.4.3): clients send back what they read. The owner can be given.
    private func readSystem(_ column: Column, _ value: Value, into draft: inout WriteDraft) {
        guard column.name == "owner_id" else { return }
        guard case .guid = value else {
            draft.refuse("records.wrong_type", column.name, "The owner is given by the id of a user.")
            return
        }
        draft.columns[column.name] = value
    }

    private func read(
        _ field: Field, _ role: InputProperty.Role, _ value: Value, _ input: RecordInput, into draft: inout WriteDraft
    ) throws(FieldChecker.Refusal) {
        switch role {
        case .value: try readValue(field, value, input, into: &draft)
        case .currency:
            draft.columns["\(field.key)_currency"] = try value.isNull ? .null : Self.currency(value, named: field.label)
        case .linkID:
            draft.columns["\(field.key)_id"] = try value.isNull ? .null : FieldChecker.guid(value, named: field.label)
        case .anyID:
            draft.columns["\(field.key)_id"] = try value.isNull ? .null : FieldChecker.guid(value, named: field.label)
            emptyOtherHalf("\(field.key)_type", where: value, input, in: &draft)
        case .anyType:
            guard case .linkAny(let targets) = field.type else { return }
            if case .string(let target) = value, !targets.contains(target) {
                throw FieldChecker.Refusal(
                    code: "records.wrong_type", message: "\(field.label) links to one of \(targets.joined(separator: ", ")).")
            }
            draft.columns["\(field.key)_type"] = try value.isNull ? .null : .string(FieldChecker.string(value, named: field.label))
            emptyOtherHalf("\(field.key)_id", where: value, input, in: &draft)
        case .primary:
            if let list = input.values[field.key] {
                // A row of a file adds to the list, and null says nothing beside a list.
                guard !input.joining.contains(field.key), !value.isNull, case .collection(let items) = list else { return }
                let isFlagged = items.contains { if case .complex(let entry) = $0 { entry["is_primary"] == .bool(true) } else { false } }
                draft.primaries[field.key] = (value, isFlagged)
                return
            }
            guard !value.isNull else {
                if draft.isUpdate {
                    draft.lists[field.key] = []
                    draft.joining.insert(field.key)
                    draft.emptied.insert(field.key)
                }
                return
            }
            try readChannels(field, .collection([value]), primary: field.primaryProperty, into: &draft)
            if !input.alone.contains(field.key) { draft.joining.insert(field.key) }
        }
    }

    /// A link to one of several types without a type leads nowhere, and so does one without an id: null for one half empties both.
    private func emptyOtherHalf(_ column: String, where value: Value, _ input: RecordInput, in draft: inout WriteDraft) {
        if value.isNull, (input.values[column] ?? .null).isNull { draft.columns[column] = .null }
    }

    private func readValue(_ field: Field, _ value: Value, _ input: RecordInput, into draft: inout WriteDraft) throws(FieldChecker.Refusal)
    {
        switch field.type {
        case .emails, .phones, .links:
            let joins = draft.isUpdate && input.joining.contains(field.key)
            if joins { draft.joining.insert(field.key) }
            if case .links(let links) = field.type {
                try LinksReader(field: field, links: links).read(
                    value, joins: joins, findsPrimary: !draft.isUpdate || isModule, into: &draft)
            } else {
                try readChannels(field, value, joins: joins, into: &draft)
            }
        case .link(let link):
            try readLink(field, link, value, into: &draft)
        case .address:
            try readAddress(field, value, into: &draft)
        case .file:
            // What was read may be sent back beside a new id.
            guard input.values["\(field.key)_id"] == nil else { return }
            draft.columns["\(field.key)_id"] = try Self.file(value, named: field.label)
        default:
            let column = field.key
            guard !value.isNull else {
                draft.columns[column] = field.type.emptyValue
                if case .money = field.type, input.values["\(field.key)_currency"] == nil { draft.columns["\(column)_currency"] = .null }
                return
            }
            // A record that has a retired choice keeps it; whether it has is seen later.
            draft.columns[column] = try Self.scalar(field, value, allowsRetired: draft.isUpdate)
            let retired = field.type.retired(in: value)
            if !retired.isEmpty { draft.retired[field.key] = retired }
        }
    }

    /// - Parameters:
    ///   - primary: the property that stands for the primary entry, where that is what was given.
    ///   - joins: whether the entries join others, so that none of them need be primary.
    private func readChannels(
        _ field: Field, _ value: Value, primary: String? = nil, joins: Bool = false, into draft: inout WriteDraft
    ) throws(FieldChecker.Refusal) {
        let reading: ChannelReader.Reading
        switch field.type {
        case .emails(let limit): reading = try ChannelReader(field: field, limit: limit, joins: joins).emails(value)
        case .phones(let limit): reading = try ChannelReader(field: field, limit: limit, joins: joins).phones(value)
        default: return
        }
        if reading.problems.isEmpty { draft.lists[field.key] = reading.rows }
        for problem in reading.problems {
            draft.refuse(problem.refusal.code, primary ?? "\(field.key)/\(problem.path)", problem.refusal.message)
        }
    }

    /// The checked value of a field that is one column.
    static func scalar(_ field: Field, _ value: Value, allowsRetired: Bool = false) throws(FieldChecker.Refusal) -> Value {
        let label = field.label
        switch field.type {
        case .text(let rules), .longText(let rules): return try FieldChecker.text(value, rules, named: label)
        case .integer(let bounds): return try FieldChecker.integer(value, bounds, named: label)
        case .decimal(let precision, let scale, let bounds):
            return try FieldChecker.decimal(value, precision: precision, scale: scale, bounds, named: label)
        case .money(let bounds): return try FieldChecker.decimal(value, precision: 19, scale: 4, bounds, named: label)
        case .boolean: return try FieldChecker.boolean(value, named: label)
        case .date(let bounds): return try FieldChecker.date(value, bounds, named: label)
        case .dateTime(let bounds): return try FieldChecker.dateTime(value, bounds, named: label)
        case .duration(let bounds): return try FieldChecker.duration(value, bounds, named: label)
        case .choice(let choices): return try FieldChecker.choice(value, choices, named: label, allowsRetired: allowsRetired)
        case .multiChoice(let choices):
            return try FieldChecker.words(value, limit: choices.count, named: label) { item throws(FieldChecker.Refusal) in
                try FieldChecker.choice(item, choices, named: label, allowsRetired: allowsRetired)
            }
        case .tags(let limit):
            return try FieldChecker.words(value, limit: limit, named: label) { item throws(FieldChecker.Refusal) in
                try FieldChecker.tag(item, named: label)
            }
        case .url(let rules): return try FieldChecker.url(value, rules, named: label)
        case .json: return value
        case .autoNumber:
            throw FieldChecker.Refusal(code: "records.read_only", message: "\(label) is numbered by the store; leave it out.")
        case .emails, .phones, .address, .link, .links, .linkAny, .user, .file:
            throw FieldChecker.wrongType(label, "another shape", value)
        }
    }

    private func readLink(_ field: Field, _ link: Link, _ value: Value, into draft: inout WriteDraft) throws(FieldChecker.Refusal) {
        switch value {
        case .null: draft.columns["\(field.key)_id"] = .null
        case .guid: draft.columns["\(field.key)_id"] = value
        case .complex(let members):
            if case .guid(let id)? = members["id"] {
                draft.columns["\(field.key)_id"] = .guid(id)
            } else if members.count == 1, let (property, key) = members.first, !key.isNull {
                draft.pendingLinks.append(PendingLink(field: field.key, target: link.target, property: property, value: key))
            } else {
                throw FieldChecker.Refusal(
                    code: "records.wrong_type", message: "\(field.label) takes an id, or one unique property of the record it links to.")
            }
        default: throw FieldChecker.wrongType(field.label, "an id, or an object with one unique property", value)
        }
    }

    /// A file is named by its id; what else is known of it is the file's own.
    private static func file(_ value: Value, named label: String) throws(FieldChecker.Refusal) -> Value {
        switch value {
        case .null, .guid: return value
        case .complex(let members):
            if case .guid? = members["id"] { return members["id"] ?? .null }
            throw FieldChecker.wrongType(label, "an object with the id of a file", value)
        default: throw FieldChecker.wrongType(label, "the id of a file", value)
        }
    }

    /// Members left out stay as they are (OData Protocol 4.01 section 11.4.3); null empties all of them.
    private func readAddress(_ field: Field, _ value: Value, into draft: inout WriteDraft) throws(FieldChecker.Refusal) {
        var members: [String: Value] = [:]
        switch value {
        case .null: for member in AddressMember.allCases { members[member.rawValue] = .null }
        case .complex(let given): members = given
        default: throw FieldChecker.wrongType(field.label, "an object with street, city, region, postal_code, country", value)
        }
        for name in members.keys where AddressMember(rawValue: name) == nil {
            throw FieldChecker.Refusal(
                code: "records.unknown_property",
                message: "\(field.label) has no \(name); it has \(AddressMember.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        for member in AddressMember.allCases {
            guard let given = members[member.rawValue] else { continue }
            let rules = TextRules(maxLength: 300)
            draft.columns["\(field.key)_\(member.rawValue)"] =
                try given.isNull ? .null : FieldChecker.text(given, rules, named: "\(field.label) \(member.rawValue)")
        }
    }

    private static func currency(_ value: Value, named label: String) throws(FieldChecker.Refusal) -> Value {
        let code = try FieldChecker.string(value, named: label)
        guard CurrencyCode.isKnown(code) else {
            throw FieldChecker.Refusal(
                code: "records.bad_currency", message: "The currency of \(label) is a code of ISO 4217, three capital letters such as EUR.")
        }
        return .string(code)
    }
}

extension RecordType {
    /// What the store would refuse of values by themselves, without a look at any record; by property.
    package func refusals(of input: RecordInput) -> [RecordsError.Detail] {
        var draft = WriteDraft(index: 0, id: .version7())
        InputReader(type: self).read(input, into: &draft)
        return draft.problems.sorted { ($0.target ?? "", $0.message) < ($1.target ?? "", $1.message) }
    }
}

extension FieldType {
    /// The choices of a value that are retired.
    fileprivate func retired(in value: Value) -> [String] {
        let choices: [Choice]
        switch self {
        case .choice(let all), .multiChoice(let all): choices = all.filter(\.retired)
        default: return []
        }
        return choices.map(\.key).filter { key in
            if case .collection(let items) = value { items.contains(.string(key)) } else { value == .string(key) }
        }
    }

    /// What an emptied field stores: lists in a column are empty rather than null.
    var emptyValue: Value {
        switch self {
        case .multiChoice, .tags: .collection([])
        default: .null
        }
    }
}
