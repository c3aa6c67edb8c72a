import Glibc

/// Bodies that are made and thrown away while they are under way.
extension HTTP {
    /// Sends a body of so many bytes, made of one piece again and again.
    ///
    /// - Parameter until: asked after every piece; once it says true the connection stays as it is and nothing is received.
    func upload(_ path: String, bytes size: Int, piece: [UInt8], until: () -> Bool = { false }) throws -> Answer? {
        let socket = try connected()
        defer { close(socket) }
        let head =
            "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer \(token)\r\n"
            + "Content-Type: application/octet-stream\r\nContent-Length: \(size)\r\n\r\n"
        try write(Array(head.utf8)[...], to: socket)
        var rest = size
        while rest > 0 {
            let count = min(rest, piece.count)
            try write(piece[..<count], to: socket)
            rest -= count
            if until() { return nil }
        }
        var bytes: [UInt8] = []
        while let more = try read(from: socket) { bytes += more }
        return try Self.parse(bytes)
    }

    /// Receives a body and compares it, piece by piece, with what was sent; its length.
    func download(_ path: String, expecting piece: [UInt8]) throws -> Int {
        let socket = try connected()
        defer { close(socket) }
        let head = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer \(token)\r\n\r\n"
        try write(Array(head.utf8)[...], to: socket)
        var start: [UInt8] = []
        var length = 0
        var isBody = false
        while let more = try read(from: socket) {
            var body = more[...]
            if !isBody {
                start += more
                guard let end = start.firstRange(of: Array("\r\n\r\n".utf8)) else { continue }
                guard start.starts(with: Array("HTTP/1.1 200".utf8)) else { throw TestFailure(String(decoding: start, as: UTF8.self)) }
                isBody = true
                body = start[end.upperBound...]
            }
            while !body.isEmpty {
                let offset = length % piece.count
                let count = min(body.count, piece.count - offset)
                guard body.prefix(count).elementsEqual(piece[offset..<offset + count]) else {
                    throw TestFailure("the download differs near byte \(length)")
                }
                body = body.dropFirst(count)
                length += count
            }
        }
        return length
    }

    private func write(_ bytes: ArraySlice<UInt8>, to socket: Int32) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw TestFailure("sending failed: \(errno)") }
            rest = rest.dropFirst(count)
        }
    }

    private func read(from socket: Int32) throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count >= 0 else { throw TestFailure("receiving failed: \(errno)") }
        return count == 0 ? nil : Array(buffer[..<count])
    }
}
