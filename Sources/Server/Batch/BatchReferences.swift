import JSONReading
import NIOCore
import NIOHTTP1
import QueryLanguage

/// Fills in what a request says about the outcomes of earlier ones (OData JSON 4.01 sections 19.1 to 19.4): `$1/orders` as URL, `{"@id": "$1"}`
/// in a body, `$1` in If-Match, and `$1/city` for a value of an answer, in the query of a URL and in `if`.
struct BatchReferences {
    let outcomes: BatchOutcomes
    /// The service root, as addresses in answers begin.
    let root: String

    private static let systemResources: Set<String> = ["$batch", "$crossjoin", "$all", "$entity", "$root", "$id", "$metadata"]

    // MARK: URLs

    func url(_ text: String) throws(APIError) -> String {
        let mark = text.firstIndex(of: "?") ?? text.endIndex
        var path = String(text[..<mark])
        if path.hasPrefix("$") {
            let first = path.prefix { $0 != "/" }
            if !Self.systemResources.contains(String(first)) {
                path = try entity(String(first.dropFirst()), asked: "url") + path.dropFirst(first.count)
            }
        }
        guard mark < text.endIndex else { return path }
        return "\(path)?\(try filled(String(text[text.index(after: mark)...]), isQuery: true))"
    }

    // MARK: Headers

    /// `$1` stands for the ETag of that answer.
    func header(_ name: String, _ value: String) throws(APIError) -> String {
        guard name == "if-match" || name == "if-none-match", value.hasPrefix("$") else { return value }
        let id = String(value.dropFirst())
        guard let outcome = outcomes.requests[id] else { throw Self.unknown(id, asked: "headers/\(name)") }
        guard let etag = outcome.etag else {
            throw APIError(.badRequest, "batch.bad_reference", "The answer to request '\(id)' has no ETag.", target: "headers/\(name)")
        }
        return etag
    }

    // MARK: Bodies

    /// The body with `@id` and `@bind` that begin with a reference replaced; all else stays as it is.
    func body(_ json: [UInt8]) throws(APIError) -> [UInt8] {
        guard json.contains(UInt8(ascii: "$")) else { return json }
        var found: [(range: Range<Int>, text: String)] = []
        var reader = JSONReader(json)
        // What isn't JSON is refused where the body is read.
        guard (try? Self.collect(from: &reader, naming: false, into: &found)) != nil else { return json }
        var output: [UInt8] = []
        var position = 0
        for (range, text) in found {
            let id = text.dropFirst().prefix { $0 != "/" }
            let path = try entity(String(id), asked: "body") + text.dropFirst(id.count + 1)
            output += json[position..<range.lowerBound]
            Value.string(path).writeJSON(to: &output)
            position = range.upperBound
        }
        return output + json[position...]
    }

    /// Strings that name records and begin with `$`.
    private static func collect(
        from reader: inout JSONReader, naming: Bool, into found: inout [(range: Range<Int>, text: String)]
    ) throws(JSONSyntaxError) {
        switch try reader.peek() {
        case .string:
            let start = reader.offset
            let text = try reader.readString()
            if naming, text.hasPrefix("$") { found.append((start..<reader.offset, text)) }
        case .array:
            try reader.beginArray()
            var count = 0
            while try reader.nextElement(count) {
                try collect(from: &reader, naming: naming, into: &found)
                count += 1
            }
        case .object:
            var keys = try reader.beginObject()
            while let key = try reader.nextKey(&keys) {
                let term = key.name.firstIndex(of: "@").map { key.name[key.name.index(after: $0)...] }
                let names = term.map { $0 == "id" || $0 == "odata.id" || $0 == "bind" || $0 == "odata.bind" } ?? false
                try collect(from: &reader, naming: names, into: &found)
            }
        default: try reader.skipValue()
        }
    }

    private func entity(_ id: String, asked place: String) throws(APIError) -> String {
        guard let outcome = outcomes.requests[id] else { throw Self.unknown(id, asked: place) }
        guard let entity = outcome.entity else {
            throw APIError(
                .badRequest, "batch.bad_reference", "Request '\(id)' answered no record that '$\(id)' could name.", target: place)
        }
        return entity
    }

    // MARK: Values

    /// Whether `if` holds.
    func holds(_ condition: String) throws(APIError) -> Bool {
        let text = try filled(condition, isQuery: false)
        do {
            let nothing = EntityShape(name: "batch", properties: [])
            let checked = try QueryChecker(schema: FixedSchema([nothing])).check(try Expression.parse(text), on: nothing)
            return Evaluator().isTrue(checked, on: RecordValues([:]))
        } catch {
            throw APIError(query: error, target: "if")
        }
    }

    /// `$1/$succeeded` and `$1/address/city` become literals; what stands in quotes stays.
    private func filled(_ text: String, isQuery: Bool) throws(APIError) -> String {
        guard text.contains("$") else { return text }
        let names = outcomes.requests.keys.sorted { $0.utf8.count > $1.utf8.count }
        var output = ""
        var rest = text[...]
        var isQuoted = false
        while let character = rest.first {
            if character == "'" { isQuoted.toggle() }
            let name = isQuoted || character != "$" ? nil : names.first { rest.dropFirst().hasPrefix("\($0)/") }
            guard let name, let outcome = outcomes.requests[name] else {
                if !isQuoted, character == "$", let group = outcomes.groupNames.first(where: { rest.dropFirst().hasPrefix("\($0)/") }) {
                    throw APIError(
                        .badRequest, "batch.bad_reference",
                        "'$\(group)' names a group, which has no answer of its own: ask for one of its requests.",
                        target: isQuery ? "url" : "if")
                }
                output.append(rest.removeFirst())
                continue
            }
            rest = rest.dropFirst(name.count + 2)
            let path = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "_/@.$".contains($0)) }
            rest = rest.dropFirst(path.count)
            let literal = try Self.literal(outcome, String(path), name)
            output += isQuery ? PercentEncoding.encode(literal) : literal
        }
        return output
    }

    private static func literal(_ outcome: BatchOutcome, _ path: String, _ id: String) throws(APIError) -> String {
        if path == "$succeeded" { return outcome.succeeded ? "true" : "false" }
        guard case .bytes(let body) = outcome.response.body, let whole = try? JSONReader.value(of: Array(body.readableBytesView)) else {
            throw APIError(.badRequest, "batch.bad_reference", "Request '\(id)' answered nothing that '$\(id)/\(path)' could be read from.")
        }
        let steps = path.split(separator: "/").map(String.init)
        var value = whole
        for step in steps {
            guard case .complex(let members) = value, let next = members[step] else {
                throw APIError(.badRequest, "batch.bad_reference", "The answer to request '\(id)' has no '\(path)'.")
            }
            value = next
        }
        switch value {
        case .complex, .collection:
            throw APIError(.badRequest, "batch.bad_reference", "'\(path)' in the answer to request '\(id)' is no single value.")
        // Dates, ids and durations are strings in JSON; the record's type tells which.
        case .string(let text):
            guard steps.count == 1, let type = outcome.type?.property(steps[0])?.type, let typed = Value(text: text, type: type) else {
                return value.literal
            }
            return typed.literal
        default: return value.literal
        }
    }

    private static func unknown(_ id: String, asked place: String) -> APIError {
        APIError(
            .badRequest, "batch.unknown_reference", "'$\(id)' names no request that this one depends on: list '\(id)' in dependsOn.",
            target: place)
    }
}
