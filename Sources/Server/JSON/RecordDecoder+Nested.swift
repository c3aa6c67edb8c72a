import Catalog
import JSONReading
import QueryLanguage
import Records

/// New records within a new record, which are stored with it (OData Protocol 4.01 section 11.4.2.2).
///
/// An object in a link's place is a new record when it has anything but the key of a record and what the link holds of its own, or says so with
/// `"@tessera.new": true`; with `@id` it names a record that is there.
extension RecordDecoder {
    /// How far new records may go within others.
    struct Nesting {
        let model: ApiModel
        /// Levels below the outermost record.
        let maximumDepth: Int
        /// Records within one outermost record.
        let maximumRecords: Int
        /// Records within all outermost records of a request.
        let maximumTotal: Int
        fileprivate(set) var depth = 0
        fileprivate(set) var records = 0
        fileprivate(set) var total = 0

        init(_ model: ApiModel, _ limits: ServerLimits) {
            self.model = model
            maximumDepth = limits.nestedDepth
            maximumRecords = limits.nestedRecords
            maximumTotal = limits.bulkItems
        }

        /// Before the next outermost record of a request.
        mutating func begin() { records = 0 }
    }

    struct NestedRecord {
        var property: String
        /// From the outer record: the property and, in a list, the position.
        var path: [String]
        var link: RecordTree.Link
        /// What a link to many holds of its own.
        var columns: [String: Value]
        var type: ApiType
        var record: Record
    }

    /// The term that says of an object that it is a new record.
    static let newTerm = "tessera.new"

    // MARK: Links of a record

    mutating func readLink(_ name: String, to target: InputShape.Reference, into record: inout Record) throws(JSONSyntaxError) -> Value? {
        if let start = try copy(of: [target]) { return try readCopy(start, into: &record.copies) }
        guard let type = try nestedType(target, columns: [:]) else { return try readReference(target, columns: nil) }
        guard let (inner, _) = try readNested(type, columns: nil) else { return nil }
        record.nested.append(
            NestedRecord(property: name, path: [name], link: .toOne(field: name), columns: [:], type: type, record: inner))
        return .null
    }

    mutating func readLinks(
        _ name: String, of owner: ApiType, to target: InputShape.Reference, columns: [String: PropertyType], into record: inout Record
    ) throws(JSONSyntaxError) -> Value? {
        var nested: [NestedRecord] = []
        var copies: [LinkedCopy] = []
        let list = try readList { (decoder) throws(JSONSyntaxError) in
            if let start = try decoder.copy(of: [target], columns: columns) {
                return try decoder.readCopy(start, columns: columns, calledAlso: owner.typeName(ofLinks: name), into: &copies)
            }
            guard let type = try decoder.nestedType(target, columns: columns) else {
                return try decoder.readReference(target, columns: columns)
            }
            guard let position = decoder.path.last, let index = Int(position),
                let (inner, own) = try decoder.readNested(type, columns: columns, calledAlso: owner.typeName(ofLinks: name))
            else { return nil }
            nested.append(
                NestedRecord(
                    property: name, path: [name, position], link: .toMany(field: name, position: index), columns: own, type: type,
                    record: inner))
            // The place of the link to it.
            return .null
        }
        record.nested += nested
        record.copies += copies
        return list
    }

    /// A link of the other records: what stands there can only be new records, since it would have to change others.
    mutating func readInverse(
        _ key: JSONReader.Key, of owner: ApiType, _ inverse: InputShape.Inverse, into record: inout Record
    ) throws(JSONSyntaxError) {
        let name = key.name
        guard nesting != nil else {
            note("records.not_supported", at: key.offset, "'\(name)' is written from the other side: change the link on \(inverse.label).")
            try reader.skipValue()
            return
        }
        var nested: [NestedRecord] = []
        let model = nesting?.model
        _ = try readList { (decoder) throws(JSONSyntaxError) in
            let offset = decoder.reader.offset
            guard let position = decoder.path.last, let model, let source = model.typesByID[inverse.typeID] else { return nil }
            let target = InputShape.reference(to: inverse.typeID, model.catalog)
            guard let type = try decoder.nestedType(target, columns: inverse.columns ?? [:]) else {
                decoder.note(
                    "records.not_supported", at: offset,
                    "'\(name)' takes new records here; to link to one that is there, change the link on \(source.record.labelPlural).")
                try decoder.reader.skipValue()
                return nil
            }
            let linkName = inverse.columns.map { _ in owner.typeName(ofLinks: name) }
            guard let (inner, own) = try decoder.readNested(type, columns: inverse.columns, calledAlso: linkName) else { return nil }
            let isMany = inverse.columns != nil
            for field in source.record.fieldsTied(to: inverse.field) where !(isMany && field == inverse.field) && inner.says(field) {
                decoder.note(
                    "records.linked_twice", at: offset,
                    "'\(inverse.field)' leads to the record that this one stands in: leave '\(field)' out.")
            }
            let link: RecordTree.Link =
                inverse.columns == nil ? .inverseOfOne(field: inverse.field) : .inverseOfMany(field: inverse.field)
            nested.append(
                NestedRecord(property: name, path: [name, position], link: link, columns: own, type: type, record: inner))
            return nil
        }
        record.nested += nested
    }

    /// Of a link that is given by id and as a new record, one would be lost.
    mutating func noteLinkedTwice(_ record: Record, _ type: ApiType) {
        for nested in record.nested {
            guard case .toOne(let field) = nested.link else { continue }
            let others = ["\(field)_id"] + type.record.fieldsTied(to: field).filter { $0 != field }
            guard let other = others.first(where: { record.input.values[$0] != nil }) else { continue }
            path.append(field)
            note("records.linked_twice", at: reader.offset, "\(field) and \(other) both say where this link leads: leave one out.")
            path.removeLast()
        }
    }

    // MARK: One nested record

    /// The type of the new record that stands here; nil where the value names one that is there, or is none.
    private mutating func nestedType(
        _ target: InputShape.Reference, columns: [String: PropertyType]
    ) throws(JSONSyntaxError) -> ApiType? {
        guard let type = nesting?.model.typesByID[target.typeID], try reader.peek() == .object else { return nil }
        var probe = reader
        var keys = try probe.beginObject()
        var isNew = false
        while let key = try probe.nextKey(&keys) {
            let name = key.name.hasPrefix("@odata.") ? "@\(key.name.dropFirst(7))" : key.name
            switch name {
            case "@id": return nil
            case "@\(Self.newTerm)":
                if try probe.peek() == .bool { isNew = try probe.readBool() || isNew } else { try probe.skipValue() }
                continue
            case _ where name.hasPrefix("@") || name == TypeShape.linkMember: break
            default:
                // `organisation@bind` is a property too.
                let property = name.prefix { $0 != "@" }
                isNew = isNew || (target.keys[String(property)] == nil && columns[String(property)] == nil)
            }
            try probe.skipValue()
        }
        return isNew ? type : nil
    }

    /// A new record, and what stands in it for its link. Nil where there are too many, or they lie too deep.
    private mutating func readNested(
        _ type: ApiType, columns: [String: PropertyType]?, calledAlso linkName: String? = nil
    ) throws(JSONSyntaxError) -> (record: Record, columns: [String: Value])? {
        guard enter() else {
            try reader.skipValue()
            return nil
        }
        defer { nesting?.depth -= 1 }
        var record = Record()
        var own: [String: Value] = [:]
        var both: [JSONReader.Key] = []
        var hasLink = false
        var keys = try reader.beginObject()
        while let key = try reader.nextKey(&keys) {
            path.append(key.name)
            let isProperty = type.input.kinds[key.name] != nil
            if key.name == TypeShape.linkMember, let columns {
                hasLink = true
                if case .complex(let members)? = try readMembers(columns) { own.merge(members) { _, new in new } }
            } else if let column = columns?[key.name], !isProperty {
                own[key.name] = try readValue(column)
            } else {
                if columns?[key.name] != nil, isProperty { both.append(key) }
                try readMember(key, type, calledAlso: linkName, into: &record)
            }
            path.removeLast()
        }
        if !hasLink {
            for key in both {
                path.append(key.name)
                note(
                    "records.ambiguous_property", at: key.offset,
                    "The link and the \(type.record.label) both have '\(key.name)'. With a '\(TypeShape.linkMember)' object for what the link holds, which may be empty, this is the \(type.record.label)'s."
                )
                path.removeLast()
            }
        }
        noteLinkedTwice(record, type)
        settleLinks(&record, type)
        return (record, own)
    }

    private mutating func enter() -> Bool {
        guard var nesting else { return false }
        guard nesting.depth < nesting.maximumDepth else {
            note("records.too_deep", at: reader.offset, "New records may stand \(nesting.maximumDepth) deep in one another.")
            return false
        }
        guard nesting.records < nesting.maximumRecords, nesting.total < nesting.maximumTotal else {
            let isOne = nesting.records >= nesting.maximumRecords
            note(
                RecordsError.Code.tooMany.description, at: reader.offset,
                isOne
                    ? "A record brings at most \(nesting.maximumRecords) others with it."
                    : "A request brings at most \(nesting.maximumTotal) nested records."
            )
            return false
        }
        nesting.depth += 1
        nesting.records += 1
        nesting.total += 1
        self.nesting = nesting
        return true
    }
}

extension RecordDecoder.Record {
    /// Whether it says itself what a field links to.
    fileprivate func says(_ field: String) -> Bool { input.values[field] != nil || input.values["\(field)_id"] != nil }

    /// With the id that the client chose, so that it can send its request again: the second time is told that the record is there.
    var inputWithID: RecordInput {
        var input = input
        if case .id(let id)? = key { input.values["id"] = .guid(id) }
        return input
    }

    /// As the store takes it.
    func tree(_ type: ApiType) -> RecordTree {
        RecordTree(
            type: type.record, input: inputWithID,
            nested: nested.map { item in
                RecordTree.Nested(
                    path: item.path.joined(separator: "/"), link: item.link, columns: item.columns, tree: item.record.tree(item.type))
            })
    }
}

extension RecordType {
    /// The fields that say what a link says: itself, the list of links whose primary one it is, or the primary one of that list.
    fileprivate func fieldsTied(to field: String) -> [String] {
        [field]
            + fields.compactMap { other in
                guard case .links(let links) = other.type, let primary = links.primary else { return nil }
                return primary == field ? other.key : other.key == field ? primary : nil
            }
    }
}
