import Catalog
import JSONReading
import NIOHTTP1
import QueryLanguage
import Records

/// Turns a body into what the store takes, typed by the catalog: nothing is guessed, numbers are exact, text is normalised to NFC.
///
/// A pure function of bytes and types. It collects the mistakes of a body, up to a number, each with the path of the value and its line and
/// column; only a text that isn't JSON ends it at once.
struct RecordDecoder {
    static let maximumIssues = 100

    /// Numbers may come as strings.
    let ieee754Compatible: Bool
    var reader: JSONReader
    var path: [String] = []
    private(set) var issues: [APIError.Detail] = []
    /// Where new records may stand in others; nil where they may not.
    var nesting: Nesting?
    /// Zeros that stand in no number, but come into being when its exponent is written out.
    var addedDigits = 0
    /// Numbers that records are found by, which are read though the store makes them.
    var numbers: Set<String> = []
    /// Whose records may stand in links as they were read; nil where links take keys alone, or new records.
    let copies: ApiModel?

    /// Why reading was broken off, when that isn't for the JSON.
    private var excess: APIError?

    init(_ bytes: [UInt8], ieee754Compatible: Bool = false, nesting: Nesting? = nil, copies: ApiModel? = nil) {
        self.ieee754Compatible = ieee754Compatible
        self.nesting = nesting
        self.copies = copies
        reader = JSONReader(bytes)
    }

    /// What a body says about one record, beside its properties.
    struct Record {
        var input = RecordInput([:])
        /// `id`, or `@id`.
        var key: RecordKey?
        /// The version in `@etag`.
        var version: Int64?
        /// New records in it, by the property that links to them.
        var nested: [NestedRecord] = []
        /// Records that stand in its links as they were read.
        var copies: [LinkedCopy] = []
    }

    /// Reads a body that is one record.
    static func record(
        _ type: ApiType, _ bytes: [UInt8], ieee754Compatible: Bool = false, nesting: Nesting? = nil, copies: ApiModel? = nil
    ) throws(APIError) -> Record {
        var decoder = RecordDecoder(bytes, ieee754Compatible: ieee754Compatible, nesting: nesting, copies: copies)
        return try decoder.whole { (decoder) throws(JSONSyntaxError) in
            let record = try decoder.readRecord(type)
            decoder.noteRefused(record, type)
            return record
        }
    }

    /// Reads a whole body with `read`, and refuses what is wrong with it.
    mutating func whole<Result>(_ read: (inout RecordDecoder) throws(JSONSyntaxError) -> Result) throws(APIError) -> Result {
        let result: Result
        do {
            result = try read(&self)
            try reader.finish()
        } catch {
            if let excess { throw excess }
            let position = JSONPosition(of: error.offset, in: reader.bytes)
            var refusal = APIError(.badRequest, "json.malformed", "The body isn't JSON at \(position): \(error.message)")
            refusal.details = issues
            throw refusal.with(inner: "line", position.line).with(inner: "column", position.column)
        }
        guard issues.isEmpty else { throw Self.refusal(issues) }
        return result
    }

    /// Ends the reading of a body that holds more than is allowed: it is JSON, and too much of it.
    mutating func refuseExcess(_ code: String, _ message: String, target: String) -> JSONSyntaxError {
        excess = APIError(.badRequest, code, message, target: target)
        return JSONSyntaxError(at: reader.offset, message)
    }

    /// Notes a mistake at the current path.
    mutating func note(_ code: String, at offset: Int, _ message: String) {
        guard issues.count < Self.maximumIssues else { return }
        let position = JSONPosition(of: offset, in: reader.bytes)
        issues.append(
            APIError.Detail(code: code, message: "\(message) (\(position))", target: path.isEmpty ? nil : path.joined(separator: "/")))
    }

    /// A record that can't be read whole never comes to the store: what the store would refuse of its other values is noted here, so that all
    /// mistakes come at once.
    mutating func noteRefused(_ record: Record, _ type: ApiType) {
        guard !issues.isEmpty else { return }
        var input = record.input
        for number in numbers { input.values[number] = nil }
        for nested in record.nested {
            // Their places are empty still.
            input.values[nested.property] = nil
            let outer = path
            path += nested.path
            noteRefused(nested.record, nested.type)
            path = outer
        }
        let place = path.isEmpty ? "" : path.joined(separator: "/") + "/"
        func property(_ target: Substring) -> Substring { target.prefix { $0 != "/" } }
        let known = Set(issues.compactMap { $0.target?.dropFirst(place.count) }.map(property))
        for detail in type.record.refusals(of: input) {
            guard issues.count < Self.maximumIssues, let target = detail.target, !known.contains(property(target[...])) else { continue }
            issues.append(APIError.Detail(code: detail.code, message: detail.message, target: place + target))
        }
    }

    /// Hands over what was noted so far, and begins anew: for items that fail on their own.
    mutating func takeIssues() -> [APIError.Detail] {
        defer { issues = [] }
        return issues
    }

    mutating func restore(_ earlier: [APIError.Detail]) {
        issues = earlier
    }

    static func refusal(_ issues: [APIError.Detail]) -> APIError {
        guard issues.count == 1, let only = issues.first else {
            return APIError(
                .badRequest, "records.invalid", "\(issues.count) values of the body can't be used; details says which and why.",
                details: issues)
        }
        return APIError(.badRequest, only.code, only.message, target: only.target, details: issues)
    }

    // MARK: Records

    mutating func readRecord(_ type: ApiType) throws(JSONSyntaxError) -> Record {
        var record = Record()
        guard try begins(.object, "a record") else { return record }
        var keys = try reader.beginObject()
        while let key = try reader.nextKey(&keys) {
            path.append(key.name)
            try readMember(key, type, into: &record)
            path.removeLast()
        }
        noteLinkedTwice(record, type)
        settleLinks(&record, type)
        return record
    }

    /// One member of the object that a record is.
    ///
    /// - Parameter linkName: what the type is called where the record stands among links to many.
    mutating func readMember(
        _ key: JSONReader.Key, _ type: ApiType, calledAlso linkName: String? = nil, into record: inout Record
    ) throws(JSONSyntaxError) {
        if let at = key.name.utf8.firstIndex(of: UInt8(ascii: "@")) {
            let annotated = String(key.name[..<at])
            let term = Self.term(key.name[key.name.utf8.index(after: at)...])
            if annotated.isEmpty, term == "type" { return try readType(type, calledAlso: linkName, at: key.offset) }
            try readAnnotation(term, of: annotated, type, at: key.offset, into: &record)
        } else {
            try readProperty(key, type, into: &record)
        }
    }

    /// `odata.bind` and `bind` are the same term: 4.01 lets the prefix go.
    private static func term(_ text: Substring) -> String {
        text.hasPrefix("odata.") ? String(text.dropFirst(6)) : String(text)
    }

    private mutating func readAnnotation(
        _ term: String, of property: String, _ type: ApiType, at offset: Int, into record: inout Record
    ) throws(JSONSyntaxError) {
        switch (property.isEmpty, term) {
        case (true, "id"):
            guard case .string(let text)? = try readScalar(.string) else { return }
            record.key = reference(text, collection: type.collection, keys: type.keyTypes, at: offset)
        case (true, "etag"): try readETag(at: offset, into: &record)
        case (false, "bind"):
            try readBind(property, type, at: offset, into: &record)
        case (false, "nextLink"):
            if case .toMany? = type.input.kinds[property] {
                note(
                    "records.partial_list", at: offset,
                    "'\(property)' goes on behind this link, and a list that is sent is the whole one: read the rest too, or leave both out."
                )
            }
            try reader.skipValue()
        default:
            // Any other annotation is nothing that a record stores.
            try reader.skipValue()
        }
    }

    mutating func readETag(at offset: Int, into record: inout Record) throws(JSONSyntaxError) {
        guard case .string(let text)? = try readScalar(.string) else { return }
        record.version = EntityTag(text)?.version
        if record.version == nil { note("odata.bad_etag", at: offset, "This isn't an ETag of a record.") }
    }

    /// A record says of itself what it is in the words of an answer, `#contacts.person`, or with the address of the metadata before it.
    private mutating func readType(_ type: ApiType, calledAlso linkName: String?, at offset: Int) throws(JSONSyntaxError) {
        guard case .string(let text)? = try readScalar(.string) else { return }
        let name = text.lastIndex(of: "#").map { text[text.index(after: $0)...] } ?? text[...]
        let known = type.shape.entityTypeName
        guard name != known, name != linkName ?? known else { return }
        note(
            "odata.other_type", at: offset,
            "This is a record of \(type.collection), whose type is '#\(known)', and not of the type '\(text)': leave the type out, or send it to where "
                + "its records are.")
    }

    private mutating func readProperty(_ key: JSONReader.Key, _ type: ApiType, into record: inout Record) throws(JSONSyntaxError) {
        guard let kind = type.input.kinds[key.name] else {
            let hint = Spelling.closest(to: key.name, in: type.input.kinds.keys).map { " Did you mean '\($0)'?" } ?? ""
            note("records.unknown_property", at: key.offset, "\(type.record.label) has no property '\(key.name)'.\(hint)")
            try reader.skipValue()
            return
        }
        let name = key.name
        switch kind {
        case .value(.untyped):
            record.input.values[name] = try readUntyped()
        case .value(let valueType):
            record.input.values[name] = try readValue(valueType)
        case .members(let members):
            record.input.values[name] = try readMembers(members)
        case .list(let members):
            record.input.values[name] = try readList { (decoder) throws(JSONSyntaxError) in try decoder.readMembers(members) }
        case .toOne(let target):
            record.input.values[name] = try readLink(name, to: target, into: &record)
        case .toMany(let target, let columns):
            record.input.values[name] = try readLinks(name, of: type, to: target, columns: columns, into: &record)
        case .toAny(let targets):
            try readAnyReference(name, targets, into: &record)
        case .inverse(let inverse):
            try readInverse(key, of: type, inverse, into: &record)
        case .computed:
            if name == "id" {
                if case .guid(let id)? = try readScalar(.guid) { record.key = .id(id) }
            } else if numbers.contains(name) {
                record.input.values[name] = try readValue(.string)
            } else {
                try reader.skipValue()
            }
        }
    }
}

extension ApiType {
    /// What the type of the records behind links to many is called, which have what the links hold of their own.
    func typeName(ofLinks property: String) -> String { "\(shape.entityTypeName)_\(property)" }
}
