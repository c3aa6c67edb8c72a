import NIOHTTP1
import QueryLanguage

/// The steps of a path below the service root, read without knowing what they name (OData URL Conventions 4.01, section 4).
struct ResourcePath: Sendable, Hashable {
    struct Segment: Sendable, Hashable {
        var name: String
        /// What stands in parentheses behind the name.
        var key: Key?
    }

    enum Key: Sendable, Hashable {
        /// `people(0190…)`
        case single(KeyValue)
        /// `people(email='a@b.c')`
        case named([String: KeyValue])
    }

    /// A literal in a key, before its type is known.
    enum KeyValue: Sendable, Hashable {
        case quoted(String)
        /// A number, a date, a GUID, true or false.
        case bare(String)
        case null
    }

    static let maximumSegments = 12

    var segments: [Segment]

    /// `path` begins behind the service root; empty segments are refused, but for a slash at the end.
    static func parse(_ path: Substring.UTF8View) throws(APIError) -> ResourcePath {
        var segments: [Segment] = []
        var rest = path
        if rest.first == UInt8(ascii: "/") { rest.removeFirst() }
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            guard segments.count < maximumSegments else {
                throw APIError(.badRequest, "odata.path_too_long", "The path has more than \(maximumSegments) steps.")
            }
            segments.append(try segment(rest[..<end]))
            rest = rest[end...].dropFirst()
        }
        return ResourcePath(segments: segments)
    }

    private static func segment(_ bytes: Substring.UTF8View) throws(APIError) -> Segment {
        guard !bytes.isEmpty else { throw malformed("The path has an empty step (two slashes).") }
        guard let text = PercentEncoding.decode(bytes) else { throw malformed("The path isn't percent-encoded UTF-8.") }
        guard let parenthesis = text.utf8.firstIndex(of: UInt8(ascii: "(")) else { return Segment(name: text) }
        let name = String(text[..<parenthesis])
        guard text.utf8.last == UInt8(ascii: ")") else { throw malformed("The key behind \(name) must end with a parenthesis.") }
        var scanner = KeyScanner(text[text.utf8.index(after: parenthesis)...].dropLast())
        guard let key = scanner.scan() else {
            throw malformed(
                "The key behind \(name) must be a value, or name=value pairs with commas between; text stands in single quotes.")
        }
        return Segment(name: name, key: key)
    }

    private static func malformed(_ message: String) -> APIError {
        APIError(.badRequest, "odata.malformed_path", message)
    }
}

/// Reads what stands in a key's parentheses.
private struct KeyScanner {
    private var rest: Substring

    init(_ text: Substring) { rest = text }

    mutating func scan() -> ResourcePath.Key? {
        guard !rest.isEmpty else { return nil }
        var named: [String: ResourcePath.KeyValue] = [:]
        while true {
            let name = scanName()
            guard let value = scanValue() else { return nil }
            guard let name else { return named.isEmpty && rest.isEmpty ? .single(value) : nil }
            guard named.updateValue(value, forKey: name) == nil else { return nil }
            if rest.isEmpty { return .named(named) }
            guard rest.utf8.first == UInt8(ascii: ",") else { return nil }
            rest = rest.dropFirst()
        }
    }

    private mutating func scanName() -> String? {
        guard rest.utf8.first != UInt8(ascii: "'"), let equals = rest.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let name = rest[..<equals]
        guard !name.isEmpty, !name.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "'") }) else { return nil }
        rest = rest[rest.utf8.index(after: equals)...]
        return String(name)
    }

    private mutating func scanValue() -> ResourcePath.KeyValue? {
        if rest.utf8.first == UInt8(ascii: "'") { return scanQuoted() }
        let end = rest.utf8.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
        let text = String(rest[..<end])
        rest = rest[end...]
        guard !text.isEmpty, !text.utf8.contains(where: { $0 == UInt8(ascii: "'") || $0 == UInt8(ascii: "=") }) else { return nil }
        return text == "null" ? .null : .bare(text)
    }

    private mutating func scanQuoted() -> ResourcePath.KeyValue? {
        rest = rest.dropFirst()
        var text = ""
        while let quote = rest.utf8.firstIndex(of: UInt8(ascii: "'")) {
            text += rest[..<quote]
            rest = rest[rest.utf8.index(after: quote)...]
            guard rest.utf8.first == UInt8(ascii: "'") else { return .quoted(text) }
            text += "'"
            rest = rest[rest.utf8.index(after: rest.startIndex)...]
        }
        return nil
    }
}
