import Catalog
import JSONReading
import NIOHTTP1
import QueryLanguage
import Records

/// The body of a collection's bulk action: what to do, and to what.
///
///     {"operation": "update", "items": [{"id": "…", "@etag": "W/\"3\"", "job_title": "CTO"}, …]}
struct BulkRequest {
    enum Operation: String, CaseIterable {
        case create, update, upsert, delete, restore, purge, link, unlink

        /// Whether items are named by a key rather than described.
        var namesRecords: Bool { self == .delete || self == .restore || self == .purge }

        /// Whether items are links between records.
        var changesLinks: Bool { self == .link || self == .unlink }
    }

    struct Item {
        var record = RecordDecoder.Record()
        /// The record at the other end of a link, and what the link holds of its own.
        var target: RecordKey?
        var columns: [String: Value] = [:]
        /// What is wrong with the item's own text.
        var issues: [APIError.Detail] = []
    }

    var operation: Operation
    /// Properties that find the record of an upsert.
    var by: [String]
    /// The link that `link` and `unlink` change.
    var link: LinkEnd?
    var items: [Item]

    private static let members = ["operation", "by", "link", "items"]

    /// Reads the whole body. Mistakes within items are kept with them, all others refuse it.
    ///
    /// - Parameter linkEnd: what the name of a link means.
    static func decode(
        _ type: ApiType, _ bytes: [UInt8], maximumItems: Int, ieee754Compatible: Bool, nesting: RecordDecoder.Nesting,
        linkEnd: (Property) throws(APIError) -> LinkEnd
    ) throws(APIError) -> BulkRequest {
        var decoder = RecordDecoder(bytes, ieee754Compatible: ieee754Compatible)
        var operation: Operation?
        var by: [String] = []
        var link: LinkEnd?
        var items: [Item]?
        try decoder.whole { (decoder) throws(JSONSyntaxError) in
            guard try decoder.begins(.object, "an object with operation and items") else { return }
            var keys = try decoder.reader.beginObject()
            // Read last: what an item is depends on the other members.
            var itemsStart: JSONReader?
            while let key = try decoder.reader.nextKey(&keys) {
                decoder.path = [key.name]
                switch key.name {
                case "operation": operation = try decoder.readOperation()
                case "by": by = try decoder.readNames(of: type)
                case "link": link = try decoder.readLink(of: type, linkEnd)
                case "items":
                    itemsStart = decoder.reader
                    try decoder.reader.skipValue()
                default:
                    if !key.name.hasPrefix("@") {
                        let hint = Spelling.closest(to: key.name, in: members).map { " Did you mean '\($0)'?" } ?? ""
                        decoder.note("bulk.unknown_member", at: key.offset, "A bulk request has no '\(key.name)'.\(hint)")
                    }
                    try decoder.reader.skipValue()
                }
                decoder.path = []
            }
            guard let start = itemsStart else { return }
            let end = decoder.reader
            decoder.reader = start
            if operation == .create { decoder.nesting = nesting }
            decoder.numbers = Set(by.filter { type.record.isNumbered(by: CollectionOfOne($0)) })
            items = try decoder.readItems(type, link: operation?.changesLinks == true ? link : nil, maximum: maximumItems)
            decoder.reader = end
        }
        guard let operation else { throw missing("operation", "one of \(Operation.allCases.map(\.rawValue).joined(separator: ", "))") }
        guard let items else { throw missing("items", "an array") }
        guard operation == .upsert || by.isEmpty else {
            throw APIError(.badRequest, "bulk.unknown_member", "Only upsert takes 'by'.", target: "by")
        }
        guard operation != .upsert || !by.isEmpty else { throw missing("by", "the names of the properties that find a record") }
        guard operation.changesLinks || link == nil else {
            throw APIError(.badRequest, "bulk.unknown_member", "Only link and unlink take 'link'.", target: "link")
        }
        guard !operation.changesLinks || link != nil else { throw missing("link", "the name of the link to change") }
        return BulkRequest(operation: operation, by: by, link: link, items: items)
    }

    private static func missing(_ member: String, _ wanted: String) -> APIError {
        APIError(.badRequest, "bulk.missing_member", "A bulk request needs '\(member)': \(wanted).", target: member)
    }
}

extension RecordDecoder {
    fileprivate mutating func readOperation() throws(JSONSyntaxError) -> BulkRequest.Operation? {
        let offset = reader.offset
        guard case .string(let text)? = try readScalar(.string) else { return nil }
        let operation = BulkRequest.Operation(rawValue: text)
        if operation == nil {
            let names = BulkRequest.Operation.allCases.map(\.rawValue).joined(separator: ", ")
            note("bulk.unknown_operation", at: offset, "There is no operation '\(text)'; there are \(names).")
        }
        return operation
    }

    fileprivate mutating func readNames(of type: ApiType) throws(JSONSyntaxError) -> [String] {
        let offset = reader.offset
        guard case .collection(let values)? = try readList({ (decoder) throws(JSONSyntaxError) in try decoder.readScalar(.string) }) else {
            return []
        }
        let names = values.compactMap { if case .string(let name) = $0 { name } else { nil } }
        for name in names where type.property(name) == nil {
            let hint = Spelling.closest(to: name, in: type.shape.shape.properties.keys).map { " Did you mean '\($0)'?" } ?? ""
            note("records.unknown_property", at: offset, "There is no property '\(name)'.\(hint)")
        }
        if let name = names.indices.first(where: { names[..<$0].contains(names[$0]) }).map({ names[$0] }) {
            note("bulk.repeated_key", at: offset, "'\(name)' is named twice: each property that finds a record once.")
        }
        return names
    }

    fileprivate mutating func readLink(of type: ApiType, _ linkEnd: (Property) throws(APIError) -> LinkEnd) throws(JSONSyntaxError)
        -> LinkEnd?
    {
        let offset = reader.offset
        guard case .string(let name)? = try readScalar(.string) else { return nil }
        guard let property = type.property(name) else {
            let hint = Spelling.closest(to: name, in: type.shape.shape.properties.keys).map { " Did you mean '\($0)'?" } ?? ""
            note("records.unknown_property", at: offset, "There is no link '\(name)'.\(hint)")
            return nil
        }
        do {
            return try linkEnd(property)
        } catch {
            note(error.code, at: offset, error.message)
            return nil
        }
    }

    /// `{"id": "…", "target": {"id": "…", "role": "…"}}`
    private mutating func readLinkItem(_ type: ApiType, _ link: LinkEnd) throws(JSONSyntaxError) -> BulkRequest.Item {
        var item = BulkRequest.Item()
        let start = reader.offset
        guard try begins(.object, "an object with id and target") else { return item }
        var keys = try reader.beginObject()
        while let key = try reader.nextKey(&keys) {
            path.append(key.name)
            switch key.name {
            case "id": if case .guid(let id)? = try readScalar(.guid) { item.record.key = .id(id) }
            case "@id", "@odata.id":
                if case .string(let text)? = try readScalar(.string) {
                    item.record.key = reference(text, collection: type.collection, keys: type.keyTypes, at: key.offset)
                }
            case "@etag", "@odata.etag": try readETag(at: key.offset, into: &item.record)
            case "target":
                if case .complex(let members)? = try readReference(link.target, columns: link.columns ?? [:]) {
                    (item.target, item.columns) = link.key(in: members)
                }
            default:
                note("bulk.unknown_member", at: key.offset, "An item has no '\(key.name)': it has id and target.")
                try reader.skipValue()
            }
            path.removeLast()
        }
        if item.record.key == nil { note("records.no_key", at: start, "The item needs the id of its record.") }
        if item.target == nil, issues.isEmpty {
            note("records.no_key", at: start, "The item needs a target: the record at the link's other end.")
        }
        return item
    }

    fileprivate mutating func readItems(_ type: ApiType, link: LinkEnd?, maximum: Int) throws(JSONSyntaxError) -> [BulkRequest.Item] {
        guard try begins(.array, "an array") else { return [] }
        var items: [BulkRequest.Item] = []
        try reader.beginArray()
        while try reader.nextElement(items.count) {
            guard items.count < maximum else {
                throw refuseExcess(
                    "bulk.too_many_items", "A bulk request takes at most \(maximum) items: send the others in further requests.",
                    target: "items")
            }
            path = ["items", String(items.count)]
            let before = takeIssues()
            var item = BulkRequest.Item()
            let kind = try reader.peek()
            if let link {
                item = try readLinkItem(type, link)
            } else if kind == .string {
                let offset = reader.offset
                let text = try reader.readString()
                item.record.key =
                    GUID(text).map(RecordKey.id) ?? reference(text, collection: type.collection, keys: type.keyTypes, at: offset)
            } else {
                nesting?.begin()
                item.record = try readRecord(type)
                noteRefused(item.record, type)
            }
            item.issues = takeIssues()
            restore(before)
            items.append(item)
        }
        return items
    }
}
