import Catalog
import JSONReading
import QueryLanguage
import Records

/// A record in the place of a link to it, as it was read with `expand`: nothing of it is to be changed, so it has to agree with what is stored.
struct LinkedCopy: Sendable {
    /// Where in the body it stands.
    var path: String
    var type: ApiType
    var id: GUID
    /// What the body says of it; nil where the body says that nothing is seen there.
    var values: [String: Value]?
}

/// PATCH and PUT change one record and its links, and what they say of the records at the other ends is no change of those.
extension RecordDecoder {
    /// Where a copy begins.
    struct CopyStart {
        var type: ApiType
        /// What the link holds of its own stands in an object of its own.
        var hasLink: Bool
    }

    /// The copy that stands here; nil where the value is anything else than an object with an id and more.
    mutating func copy(
        of targets: [InputShape.Reference], columns: [String: PropertyType]? = nil
    ) throws(JSONSyntaxError) -> CopyStart? {
        guard let copies, try reader.peek() == .object else { return nil }
        var probe = reader
        var keys = try probe.beginObject()
        var names: Set<String> = []
        var typeName: String?
        while let key = try probe.nextKey(&keys) {
            let name = key.name.hasPrefix("@odata.") ? "@\(key.name.dropFirst(7))" : key.name
            names.insert(name)
            if name == "@type", try probe.peek() == .string { typeName = try probe.readString() } else { try probe.skipValue() }
        }
        let types = targets.compactMap { copies.typesByID[$0.typeID] }
        let named = types.first { "#\($0.shape.entityTypeName)" == typeName }
        guard names.contains("id") || names.contains("@id"), let type = named ?? (types.count == 1 ? types[0] : nil) else { return nil }
        let hasLink = columns != nil && names.contains(TypeShape.linkMember)
        let start = CopyStart(type: type, hasLink: hasLink)
        let isMore = names.contains { name in
            !name.contains("@") && name != "id" && name != TypeShape.linkMember && !start.isColumn(name, columns)
        }
        return isMore || typeName != nil ? start : nil
    }

    /// The key of the record that is copied here, with what the link holds of its own; the copy itself is kept for comparison.
    mutating func readCopy(
        _ start: CopyStart, columns: [String: PropertyType]? = nil, calledAlso linkName: String? = nil, into copies: inout [LinkedCopy]
    ) throws(JSONSyntaxError) -> Value? {
        var copy = Record()
        var own: [String: Value] = [:]
        let offset = reader.offset
        var keys = try reader.beginObject()
        while let key = try reader.nextKey(&keys) {
            path.append(key.name)
            if key.name == TypeShape.linkMember, let columns {
                if case .complex(let members)? = try readMembers(columns) { own.merge(members) { _, new in new } }
            } else if let column = columns?[key.name], start.isColumn(key.name, columns) {
                own[key.name] = try readValue(column)
            } else if case .toMany? = start.type.input.kinds[key.name] {
                note(
                    "records.not_supported", at: key.offset,
                    "Links of the \(start.type.record.label) are changed in a request of its own: leave '\(key.name)' out.")
                try reader.skipValue()
            } else {
                try readMember(key, start.type, calledAlso: linkName, into: &copy)
            }
            path.removeLast()
        }
        settleLinks(&copy, start.type)
        guard case .id(let id)? = copy.key else {
            note("records.no_key", at: offset, "A record that is sent back with its link is named by its id.")
            return nil
        }
        copies.append(LinkedCopy(path: path.joined(separator: "/"), type: start.type, id: id, values: copy.storedValues(start.type)))
        copies += copy.copies
        var members: [String: Value] = ["id": .guid(id)]
        if !own.isEmpty { members[TypeShape.linkMember] = .complex(own) }
        return .complex(members)
    }

    /// Where a link leads that is given by an id and by what stands in its place: both have to say the same.
    ///
    /// A link to a record that its reader doesn't see is read as an id beside null.
    mutating func settleLinks(_ record: inout Record, _ type: ApiType) {
        for (name, value) in record.input.values {
            path.append(name)
            switch type.input.kinds[name] {
            case .toOne(let target)?:
                let given = record.input.values["\(name)_id"]
                if case .complex(let members) = value {
                    if let id = members["id"], let given, id != given { noteLinkedTwice(name) }
                } else if case .guid(let id)? = given, !keepUnseen(id, target.typeID, in: &record, replacing: name) {
                    noteLinkedTwice(name)
                }
            case .toAny?: settleAny(name, value, &record)
            default: break
            }
            path.removeLast()
        }
    }

    /// The two properties of a link to one of several types are what the store takes.
    private mutating func settleAny(_ name: String, _ value: Value, _ record: inout Record) {
        record.input.values[name] = nil
        let halves = ["\(name)_type", "\(name)_id"]
        if case .complex(let members) = value {
            for (half, member) in zip(halves, [members["type"], members["id"]]) {
                if let given = record.input.values[half], given != member { return noteLinkedTwice(name) }
                record.input.values[half] = member
            }
        } else if case .guid(let id)? = record.input.values[halves[1]] {
            guard case .string(let target)? = record.input.values[halves[0]], keepUnseen(id, target, in: &record, replacing: name) else {
                return noteLinkedTwice(name)
            }
        } else {
            for half in halves { record.input.values[half] = .null }
        }
    }

    /// Keeps for comparison that nothing is seen of a record; false where nothing is compared.
    private func keepUnseen(_ id: GUID, _ typeID: String, in record: inout Record, replacing name: String) -> Bool {
        guard let type = copies?.typesByID[typeID] else { return false }
        record.input.values[name] = nil
        record.copies.append(LinkedCopy(path: path.joined(separator: "/"), type: type, id: id, values: nil))
        return true
    }

    private mutating func noteLinkedTwice(_ name: String) {
        note(
            "records.linked_twice", at: reader.offset,
            "\(name) and \(name)_id say different things about where this link leads: leave one out.")
    }
}

extension RecordDecoder.CopyStart {
    /// Whether a member is the link's own.
    fileprivate func isColumn(_ name: String, _ columns: [String: PropertyType]?) -> Bool {
        columns?[name] != nil && !(hasLink && type.input.kinds[name] != nil)
    }
}

extension RecordDecoder.Record {
    /// The values as the record is read without `expand`: links are ids.
    fileprivate func storedValues(_ type: ApiType) -> [String: Value] {
        var values = input.values
        for (name, value) in input.values {
            guard case .toOne? = type.input.kinds[name] else { continue }
            switch value {
            case .complex(let members) where members["id"] != nil: values["\(name)_id"] = members["id"]
            case .null: values["\(name)_id"] = .null
            default: continue
            }
            values[name] = nil
        }
        return values
    }
}
