import JSONReading
import NIOHTTP1
import QueryLanguage

/// The body of `POST /api/$batch` (OData JSON 4.01 section 19.1), taken apart and checked as a whole; nothing of it is carried out here.
struct BatchRequest: Sendable {
    /// One request of the batch.
    struct Item: Sendable {
        var id = ""
        var method: HTTPMethod = .GET
        var url = ""
        /// Requests that are done all or not at all.
        var group: String?
        /// Ids and groups before it that it waits for.
        var dependsOn: [String] = []
        /// `if`: when to carry it out, in place of the success of what it depends on.
        var condition: String?
        /// Names in lower case.
        var headers: [(name: String, value: String)] = []
        /// As it would be sent; nil for none.
        var body: [UInt8]?
    }

    var items: [Item]

    /// Longest id of a request or group, in bytes.
    static let longestID = 100

    /// How many requests a body holds, before anything else is known of it: 1 where it is no batch that would be carried out.
    ///
    /// - Parameter most: not counted beyond.
    static func count(_ bytes: [UInt8], most: Int) -> Int {
        var reader = JSONReader(bytes)
        var count = 0
        do {
            guard try reader.peek() == .object else { return 1 }
            var keys = try reader.beginObject()
            while let key = try reader.nextKey(&keys) {
                guard key.name == "requests", try reader.peek() == .array else {
                    try reader.skipValue()
                    continue
                }
                try reader.beginArray()
                while count < most, try reader.nextElement(count) {
                    try reader.skipValue()
                    count += 1
                }
                break
            }
        } catch {
            return 1
        }
        return max(1, count)
    }

    static func decode(_ bytes: [UInt8], maximumItems: Int) throws(APIError) -> BatchRequest {
        var decoder = RecordDecoder(bytes)
        var items: [Item]?
        try decoder.whole { (decoder) throws(JSONSyntaxError) in
            guard try decoder.begins(.object, "an object with requests") else { return }
            var keys = try decoder.reader.beginObject()
            while let key = try decoder.reader.nextKey(&keys) {
                if key.name == "requests" {
                    items = try decoder.readRequests(maximum: maximumItems)
                } else {
                    if !key.name.contains("@") { decoder.noteUnknown(key, of: ["requests"], in: "A batch") }
                    try decoder.reader.skipValue()
                }
            }
        }
        guard let items else {
            throw APIError(.badRequest, "batch.malformed", "A batch needs 'requests': an array of request objects.", target: "requests")
        }
        return BatchRequest(items: items)
    }
}

extension RecordDecoder {
    private static let members = ["id", "method", "url", "atomicityGroup", "dependsOn", "if", "headers", "body"]
    private static let methods: [String: HTTPMethod] = [
        "GET": .GET, "POST": .POST, "PATCH": .PATCH, "PUT": .PUT, "DELETE": .DELETE,
    ]

    fileprivate mutating func noteUnknown(_ key: JSONReader.Key, of names: [String], in whole: String) {
        let hint = Spelling.closest(to: key.name, in: names).map { " Did you mean '\($0)'?" } ?? ""
        note("batch.unknown_member", at: key.offset, "\(whole) has no '\(key.name)'.\(hint)")
    }

    fileprivate mutating func readRequests(maximum: Int) throws(JSONSyntaxError) -> [BatchRequest.Item] {
        guard try begins(.array, "an array of requests") else { return [] }
        var items: [BatchRequest.Item] = []
        var order = BatchOrder()
        try reader.beginArray()
        while try reader.nextElement(items.count) {
            guard items.count < maximum else {
                throw refuseExcess(
                    "batch.too_many_requests", "A batch takes at most \(maximum) requests: send the others in further batches.",
                    target: "requests")
            }
            path = ["requests", String(items.count)]
            let start = reader.offset
            let item = try readRequest()
            for problem in order.add(item) { note(problem.code, at: start, problem.message) }
            items.append(item)
            path = []
        }
        return items
    }

    private mutating func readRequest() throws(JSONSyntaxError) -> BatchRequest.Item {
        var item = BatchRequest.Item()
        let start = reader.offset
        guard try begins(.object, "a request object") else { return item }
        var missing: Set<String> = ["id", "method", "url"]
        var body: ArraySlice<UInt8> = []
        var bodyOffset = start
        var keys = try reader.beginObject()
        while let key = try reader.nextKey(&keys) {
            path.append(key.name)
            missing.remove(key.name)
            switch key.name {
            case "id": item.id = try readText() ?? ""
            case "method":
                let name = try readText()?.uppercased() ?? ""
                if let method = Self.methods[name] {
                    item.method = method
                } else {
                    note("batch.bad_method", at: key.offset, "The method must be get, post, patch, put or delete.")
                }
            case "url": item.url = try readText() ?? ""
            case "atomicityGroup": item.group = try readText()
            case "dependsOn": item.dependsOn = try readTexts()
            case "if": item.condition = try readText()
            case "headers": item.headers = try readHeaders()
            case "body":
                _ = try reader.peek()
                bodyOffset = reader.offset
                body = try reader.skipValue()
            default:
                if !key.name.contains("@") { noteUnknown(key, of: Self.members, in: "A request") }
                try reader.skipValue()
            }
            path.removeLast()
        }
        for name in missing.sorted() { note("batch.missing_member", at: start, "A request needs '\(name)'.") }
        if !body.isEmpty, !body.elementsEqual("null".utf8) { try readBody(Array(body), at: bodyOffset, into: &item) }
        return item
    }

    /// What was written in place of the body, as it would have been sent.
    private mutating func readBody(_ json: [UInt8], at offset: Int, into item: inout BatchRequest.Item) throws(JSONSyntaxError) {
        guard item.method != .GET, item.method != .DELETE else {
            note("batch.unexpected_body", at: offset, "A request with GET or DELETE has no body.")
            return
        }
        let type = item.headers.first { $0.name == "content-type" }?.value.lowercased() ?? "application/json"
        if type.hasPrefix("application/json") || type.prefix(while: { $0 != ";" }).hasSuffix("+json") {
            item.body = json
            return
        }
        var text = JSONReader(json)
        guard try text.peek() == .string else {
            note("batch.bad_body", at: offset, "A body that isn't JSON stands in a string: text as it is, all else base64url-encoded.")
            return
        }
        let string = try text.readString()
        if type.hasPrefix("text/") {
            item.body = Array(string.utf8)
        } else if let bytes = Base64URL.decode(string.utf8) {
            item.body = bytes
        } else {
            note("batch.bad_body", at: offset, "This isn't base64url.")
        }
    }

    private mutating func readText() throws(JSONSyntaxError) -> String? {
        guard try begins(.string, "a string") else { return nil }
        return try reader.readString()
    }

    private mutating func readTexts() throws(JSONSyntaxError) -> [String] {
        guard try begins(.array, "an array of strings") else { return [] }
        var texts: [String] = []
        var count = 0
        try reader.beginArray()
        while try reader.nextElement(count) {
            if let text = try readText() { texts.append(text) }
            count += 1
        }
        return texts
    }

    private mutating func readHeaders() throws(JSONSyntaxError) -> [(name: String, value: String)] {
        guard try begins(.object, "an object of header names and values") else { return [] }
        var headers: [(name: String, value: String)] = []
        var keys = try reader.beginObject()
        while let key = try reader.nextKey(&keys) {
            path.append(key.name)
            let value = try readText() ?? ""
            // What would end a header line has no place in a header.
            if Self.isFieldName(key.name), value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) {
                headers.append((key.name.lowercased(), value))
            } else {
                note(
                    "batch.bad_header", at: key.offset,
                    "This is no header: its name takes letters, digits and !#$%&'*+-.^_`|~, its value no control characters.")
            }
            path.removeLast()
        }
        return headers
    }

    /// A token of RFC 9110 section 5.6.2.
    private static func isFieldName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}

/// Checks what requests say of one another, one after the other: ids that differ, groups that stand together, nothing that points forward.
private struct BatchOrder {
    struct Problem {
        var code: String
        var message: String
    }

    private var ids: Set<String> = []
    private var groupOf: [String: String] = [:]
    private var groups: Set<String> = []
    private var openGroup: String?

    mutating func add(_ item: BatchRequest.Item) -> [Problem] {
        var problems: [Problem] = []
        for name in [item.id] + (item.group.map { [$0] } ?? []) where !Self.isName(name) {
            problems.append(
                Problem(
                    code: "batch.bad_id",
                    message: "An id or group is at most \(BatchRequest.longestID) letters, digits, and . _ ~ - characters."))
        }
        if ids.contains(item.id) || groups.contains(item.id) {
            problems.append(Problem(code: "batch.duplicate_id", message: "There is another request or group '\(item.id)'."))
        }
        if let group = item.group, group != openGroup {
            if groups.contains(group) {
                problems.append(Problem(code: "batch.split_group", message: "The requests of group '\(group)' must stand together."))
            }
            if ids.contains(group) || group == item.id {
                problems.append(Problem(code: "batch.duplicate_id", message: "There is a request '\(group)' already."))
            }
        }
        for name in item.dependsOn {
            if let group = groupOf[name], group != item.group, !item.dependsOn.contains(group) {
                problems.append(
                    Problem(code: "batch.missing_group", message: "'\(name)' is part of group '\(group)': list that in dependsOn too."))
            }
            guard !ids.contains(name), !groups.contains(name) || name == item.group else { continue }
            problems.append(
                Problem(
                    code: "batch.unknown_dependency",
                    message: "dependsOn names '\(name)', which is no request or group before this one."))
        }
        if item.condition != nil, item.dependsOn.isEmpty {
            problems.append(Problem(code: "batch.missing_dependency", message: "'if' needs dependsOn: it speaks of those requests."))
        }
        ids.insert(item.id)
        if let group = item.group {
            groups.insert(group)
            groupOf[item.id] = group
        }
        openGroup = item.group
        return problems
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= BatchRequest.longestID
            && text.utf8.allSatisfy { byte in
                byte &- 48 < 10 || (byte | 0x20) &- 97 < 26 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: "~") || byte == UInt8(ascii: "-")
            }
    }
}
