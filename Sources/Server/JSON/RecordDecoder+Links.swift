import Catalog
import JSONReading
import QueryLanguage
import Records

/// Links in bodies: `organisation_id`, `"organisation": {"name": "Acme"}`, `"organisation": {"@id": "organisations(…)"}`,
/// `"organisation@odata.bind": "organisations(…)"`, and arrays of the latter for links to many.
extension RecordDecoder {
    /// An object that names another record, with the link's own columns beside the key when it is a link to many; or null.
    mutating func readReference(_ target: InputShape.Reference, columns: [String: PropertyType]?) throws(JSONSyntaxError) -> Value? {
        if columns == nil, try reader.peek() == .null {
            try reader.readNull()
            return .null
        }
        guard try begins(.object, "an object that names a record, such as {\"id\": \"…\"}") else { return nil }
        let start = reader.offset
        var members: [String: Value] = [:]
        // Apart from the key, since a column may be called like a property of the other record.
        var linkColumns: [String: Value] = [:]
        var hasKey = false
        var isWrong = false
        var keys = try reader.beginObject()
        while let key = try reader.nextKey(&keys) {
            path.append(key.name)
            defer { path.removeLast() }
            if key.name == "@id" || key.name == "@odata.id" {
                guard let found = try readEntityID(target, at: key.offset) else {
                    isWrong = true
                    continue
                }
                members.merge(found) { _, new in new }
                hasKey = true
            } else if let type = target.keys[key.name] {
                guard let value = try readScalar(type) else {
                    isWrong = true
                    continue
                }
                members[key.name] = value
                hasKey = true
            } else if key.name == "_link", let columns {
                if case .complex(let own)? = try readMembers(columns) { linkColumns.merge(own) { _, new in new } }
            } else if let type = columns?[key.name] {
                linkColumns[key.name] = try readValue(type)
            } else {
                if !key.name.utf8.contains(UInt8(ascii: "@")) { noteForeign(key, target) }
                isWrong = isWrong || !key.name.utf8.contains(UInt8(ascii: "@"))
                try reader.skipValue()
            }
        }
        if !linkColumns.isEmpty { members[TypeShape.linkMember] = .complex(linkColumns) }
        if hasKey, !isWrong { return .complex(members) }
        if !isWrong {
            let names = target.keys.keys.sorted().joined(separator: " or ")
            note("records.no_key", at: start, "Name the \(target.label) to link to by \(names).")
        }
        return nil
    }

    /// `organisation@odata.bind`
    mutating func readBind(_ property: String, _ type: ApiType, at offset: Int, into record: inout Record) throws(JSONSyntaxError) {
        switch type.input.kinds[property] {
        case .toOne(let target):
            if let found = try readEntityID(target, at: offset) { record.input.values[property] = .complex(found) }
        case .toMany(let target, _):
            record.input.values[property] = try readList { (decoder) throws(JSONSyntaxError) in
                try decoder.readEntityID(target, at: offset).map(Value.complex)
            }
        case .toAny(let targets):
            try readAnyID(property, targets, at: offset, into: &record)
        default:
            note("records.unknown_property", at: offset, "\(type.record.label) has no link '\(property)'.")
            try reader.skipValue()
        }
    }

    /// A polymorphic link: an object with `@id`, or null. `settleLinks` makes of it what the store takes.
    mutating func readAnyReference(_ name: String, _ targets: [InputShape.Reference], into record: inout Record) throws(JSONSyntaxError) {
        if try reader.peek() == .null {
            try reader.readNull()
            record.input.values[name] = .null
            return
        }
        if let start = try copy(of: targets) {
            guard case .complex(let members)? = try readCopy(start, into: &record.copies) else { return }
            record.input.values[name] = .complex(members.merging(["type": .string(start.type.record.id)]) { _, type in type })
            return
        }
        guard try begins(.object, "an object with @id") else { return }
        var keys = try reader.beginObject()
        while let key = try reader.nextKey(&keys) {
            if key.name == "@id" || key.name == "@odata.id" {
                try readAnyID(name, targets, at: key.offset, into: &record)
            } else {
                note("records.not_supported", at: key.offset, "'\(name)' takes {\"@id\": \"collection(id)\"} and nothing else.")
                try reader.skipValue()
            }
        }
    }

    private mutating func readAnyID(
        _ name: String, _ targets: [InputShape.Reference], at offset: Int, into record: inout Record
    ) throws(JSONSyntaxError) {
        guard case .string(let text)? = try readScalar(.string) else { return }
        for target in targets {
            guard case .id(let id)? = Self.key(inReference: text, collection: target.collection, keys: ["id": .guid]) else { continue }
            record.input.values[name] = .complex(["type": .string(target.typeID), "id": .guid(id)])
            return
        }
        let names = targets.map(\.collection).joined(separator: ", ")
        note(
            "records.no_key", at: offset, "Expected the id of a record of one of: \(names), such as \(targets.first?.collection ?? "")(id)."
        )
    }

    private mutating func readEntityID(_ target: InputShape.Reference, at offset: Int) throws(JSONSyntaxError) -> [String: Value]? {
        guard case .string(let text)? = try readScalar(.string) else { return nil }
        switch reference(text, collection: target.collection, keys: target.keys, at: offset) {
        case .id(let id)?: return ["id": .guid(id)]
        case .unique(let values)?: return values
        case nil: return nil
        }
    }

    private mutating func noteForeign(_ key: JSONReader.Key, _ target: InputShape.Reference) {
        if target.properties.contains(key.name) {
            note(
                "records.not_supported", at: key.offset,
                nesting == nil
                    ? "Only a new record (POST, or create in bulk) can bring another one with it: create the \(target.label) first, then link to it by id."
                    : "A record that is there is linked to by its key alone, and changed in a request of its own.")
        } else {
            let hint = Spelling.closest(to: key.name, in: target.properties).map { " Did you mean '\($0)'?" } ?? ""
            note("records.unknown_property", at: key.offset, "\(target.label) has no property '\(key.name)'.\(hint)")
        }
    }

    // MARK: Entity ids

    mutating func reference(_ text: String, collection: String, keys: [String: PropertyType], at offset: Int) -> RecordKey? {
        let key = Self.key(inReference: text, collection: collection, keys: keys)
        if key == nil { note("records.no_key", at: offset, "Expected the id of a record, such as \(collection)(id).") }
        return key
    }

    /// The key in `people(…)`, `/api/people(…)`, `https://host/api/people(…)` or `people/…`; nil for another collection.
    static func key(inReference text: String, collection: String, keys: [String: PropertyType]) -> RecordKey? {
        var rest = text[...]
        if let scheme = rest.firstRange(of: "://") {
            rest = rest[scheme.upperBound...].drop { $0 != "/" }
        }
        if rest.hasPrefix("/") { rest = rest.dropFirst() }
        if rest.hasPrefix("api/") { rest = rest.dropFirst(4) }
        guard let path = try? ResourcePath.parse(rest.utf8), let first = path.segments.first, first.name == collection else { return nil }
        if path.segments.count == 2, first.key == nil, path.segments[1].key == nil {
            return GUID(path.segments[1].name).map(RecordKey.id)
        }
        guard path.segments.count == 1, let key = first.key else { return nil }
        return recordKey(key, keys: keys)
    }

    /// A key with its values typed; nil when it names no key of the type.
    static func recordKey(_ key: ResourcePath.Key, keys: [String: PropertyType]) -> RecordKey? {
        switch key {
        case .single(.bare(let text)), .single(.quoted(let text)): return GUID(text).map(RecordKey.id)
        case .single(.null): return nil
        case .named(let named):
            var values: [String: Value] = [:]
            for (name, value) in named {
                guard let type = keys[name], let typed = typed(value, as: type) else { return nil }
                values[name] = typed
            }
            if values.count == 1, case .guid(let id)? = values["id"] { return .id(id) }
            return .unique(values)
        }
    }

    private static func typed(_ value: ResourcePath.KeyValue, as type: PropertyType) -> Value? {
        switch (value, type) {
        case (.null, _): nil
        case (.quoted(let text), .string), (.quoted(let text), .choice): .string(normalizedNFC(text))
        case (.bare, .string), (.bare, .choice): nil
        case (.bare(let text), _), (.quoted(let text), _): Value(text: text, type: type)
        }
    }
}
