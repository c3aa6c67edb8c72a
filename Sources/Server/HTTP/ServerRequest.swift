import NIOCore
import NIOHTTP1

/// The head of a request, its target taken apart.
struct ServerRequest: Sendable {
    let method: HTTPMethod
    let headers: HTTPHeaders
    /// As sent: percent-encoded, beginning with a slash.
    let path: Substring.UTF8View
    /// As sent, without the question mark; nil when there was none.
    let query: Substring?

    init(head: HTTPRequestHead) {
        method = head.method
        headers = head.headers
        (path, query) = Self.split(head.uri)
    }

    /// The value of a header that stands once; several lines are joined as RFC 9110 section 5.3 has it.
    func header(_ name: String) -> String? {
        var found: String?
        for (candidate, value) in headers where Self.equalIgnoringCase(candidate.utf8, name.utf8) {
            found = found.map { "\($0), \(value)" } ?? value
        }
        return found
    }

    /// How many lines have this name.
    func count(of name: String) -> Int {
        headers.reduce(0) { $0 + (Self.equalIgnoringCase($1.name.utf8, name.utf8) ? 1 : 0) }
    }

    var hasBody: Bool {
        if let length = header("content-length") { return length != "0" }
        return header("transfer-encoding") != nil
    }

    private static func split(_ target: String) -> (Substring.UTF8View, Substring?) {
        var rest = target[...]
        // The absolute form, as proxies send it: what stands before the path is the Host header's business.
        if rest.utf8.first != UInt8(ascii: "/"), let scheme = rest.firstRange(of: "://") {
            rest = rest[scheme.upperBound...]
            rest = rest.firstIndex { $0 == "/" || $0 == "?" }.map { rest[$0...] } ?? "/"
        }
        let bytes = rest.utf8
        if let fragment = bytes.firstIndex(of: UInt8(ascii: "#")) { rest = rest[..<fragment] }
        guard let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (rest.utf8, nil) }
        return (rest[..<mark].utf8, rest[rest.utf8.index(after: mark)...])
    }

    static func equalIgnoringCase(_ left: String.UTF8View, _ lowercased: String.UTF8View) -> Bool {
        guard left.count == lowercased.count else { return false }
        for (one, other) in zip(left, lowercased) {
            guard one == other || (one &- 65 < 26 && one | 0x20 == other) else { return false }
        }
        return true
    }
}
