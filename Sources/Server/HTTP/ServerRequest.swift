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

    /// Bits of the headers that are there, so that those that aren't cost nothing.
    private let present: UInt32
    let hostCount: Int

    init(head: HTTPRequestHead) {
        method = head.method
        headers = head.headers
        (path, query) = Self.split(head.uri)
        var present: UInt32 = 0
        var hosts = 0
        for (name, _) in head.headers {
            guard let header = RequestHeader(name: name) else { continue }
            present |= header.bit
            if header == .host { hosts += 1 }
        }
        self.present = present
        hostCount = hosts
    }

    /// The value of a header; several lines are joined as RFC 9110 section 5.3 has it.
    func header(_ header: RequestHeader) -> String? {
        guard present & header.bit != 0 else { return nil }
        var found: String?
        for (name, value) in headers where RequestHeader.equalIgnoringCase(name.utf8, header.rawValue.utf8) {
            found = found.map { "\($0), \(value)" } ?? value
        }
        return found
    }

    var contentLength: Int? { header(.contentLength).flatMap { Int($0) } }

    var hasBody: Bool {
        if let length = header(.contentLength) { return length != "0" }
        return header(.transferEncoding) != nil
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
}
