import Foundation
import Glibc

/// An answer of the API.
struct Answer: Sendable {
    let status: Int
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    var json: [String: Any] {
        get throws {
            guard let value = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] else {
                throw TestFailure("no JSON object: \(text)")
            }
            return value
        }
    }

    var items: [[String: Any]] { get throws { try json["value"] as? [[String: Any]] ?? [] } }
}

/// Requests over loopback, one connection each.
struct HTTP: Sendable {
    let port: UInt16
    var token: String

    func get(_ path: String, _ headers: [String: String] = [:]) throws -> Answer { try send("GET", path, headers: headers) }

    func send(_ method: String, _ path: String, _ body: String = "", headers: [String: String] = [:]) throws -> Answer {
        let socket = try connected()
        defer { close(socket) }
        var lines = ["\(method) \(Self.escape(path)) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"]
        if !token.isEmpty { lines.append("Authorization: Bearer \(token)") }
        if !body.isEmpty { lines += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] }
        lines += headers.map { "\($0): \($1)" }
        let request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw TestFailure("sending failed: \(errno)") }
            sent += count
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0 { throw TestFailure("receiving failed: \(errno)") }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return try Self.parse(bytes)
    }

    func connected() throws -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard status == 0 else {
            close(socket)
            throw TestFailure("can't connect: \(errno)")
        }
        return socket
    }

    /// A port that nobody listens on just now.
    static func freePort() throws -> UInt16 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) == 0 ? getsockname(socket, $0, &length) : -1 }
        }
        guard status == 0 else { throw TestFailure("no free port: \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func escape(_ path: String) -> String {
        path.addingPercentEncoding(withAllowedCharacters: CharacterSet(charactersIn: " \"<>#%|{}^`").inverted) ?? path
    }

    static func parse(_ bytes: [UInt8]) throws -> Answer {
        guard let end = Data(bytes).range(of: Data("\r\n\r\n".utf8)) else { throw TestFailure("the answer was cut off") }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        guard let status = head.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { throw TestFailure("no status") }
        var headers: [String: String] = [:]
        for line in head.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        let rest = Array(bytes[end.upperBound...])
        if headers["transfer-encoding"] == "chunked" { return Answer(status: status, headers: headers, body: try unchunked(rest)) }
        if let length = headers["content-length"].flatMap({ Int($0) }), rest.count < length { throw TestFailure("the answer was cut off") }
        return Answer(status: status, headers: headers, body: rest)
    }

    private static func unchunked(_ bytes: [UInt8]) throws -> [UInt8] {
        var body: [UInt8] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0D) {
            guard let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16) else { break }
            if size == 0 { return body }
            guard rest.endIndex >= end + 2 + size + 2 else { break }
            body += rest[(end + 2)..<(end + 2 + size)]
            rest = rest[(end + 2 + size + 2)...]
        }
        throw TestFailure("the answer was cut off")
    }
}
