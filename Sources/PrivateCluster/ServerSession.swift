import Glibc

/// A connection for the few questions of a start: does the server answer, is it ours, does the database exist.
///
/// It speaks PostgreSQL's protocol 3.0 (manual, "Frontend/Backend Protocol": start-up, simple query) over the private socket, so that
/// starting a cluster needs no client library and knows each error by its SQLSTATE. Calls block, at most for the given time-out each.
final class ServerSession {
    struct Failure: Error, Equatable {
        /// SQLSTATE, or nil when there was no answer of the server's.
        let state: String?
        let message: String
    }

    private static let longestMessage = 1 << 20
    private let descriptor: Int32

    /// Connects as the cluster's owner. The kernel says which process listens on the socket (SO_PEERCRED), and it must be the
    /// postmaster: an answer from anybody else counts for nothing.
    init(socketDirectory: String, database: String, postmaster: pid_t, timeout: Int) throws(Failure) {
        let path = SocketFolder.socketPath(in: socketDirectory)
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw Failure(state: nil, message: "no socket: \(SystemError.text(errno))") }
        do throws(Failure) {
            try connect(to: path, timeout: timeout)
            try checkPeer(postmaster)
            try startUp(database)
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit {
        try? send(tag: UInt8(ascii: "X"), [])
        close(descriptor)
    }

    /// The rows of a statement, as text.
    func query(_ sql: String) throws(Failure) -> [[String?]] {
        try send(tag: UInt8(ascii: "Q"), Array(sql.utf8) + [0])
        var rows: [[String?]] = []
        var failure: Failure?
        while true {
            let (tag, body) = try receive()
            switch tag {
            case UInt8(ascii: "D"): rows.append(try Self.row(body))
            case UInt8(ascii: "E"): failure = Self.failure(body)
            case UInt8(ascii: "Z"):
                if let failure { throw failure }
                return rows
            default: continue
            }
        }
    }

    private func connect(to path: String, timeout: Int) throws(Failure) {
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count <= SocketFolder.longestPath else { throw Failure(state: nil, message: "\(path) is too long for a socket") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        // SAFETY: a socket address of any family is passed as sockaddr with its true size.
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Failure(state: nil, message: "cannot connect to \(path): \(SystemError.text(errno))") }
    }

    private func checkPeer(_ postmaster: pid_t) throws(Failure) {
        var peer = PeerCredentials()
        var size = socklen_t(MemoryLayout<PeerCredentials>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 else {
            throw Failure(state: nil, message: "cannot tell who listens on the socket: \(SystemError.text(errno))")
        }
        guard peer.pid == postmaster else {
            throw Failure(state: nil, message: "process \(peer.pid) listens on the socket, not the postmaster \(postmaster)")
        }
    }

    private func startUp(_ database: String) throws(Failure) {
        var body = Self.bigEndian(196_608)
        for text in ["user", PrivateCluster.role, "database", database, "application_name", "tessera start", ""] {
            body += Array(text.utf8) + [0]
        }
        try send(tag: nil, body)
        while true {
            let (tag, body) = try receive()
            switch tag {
            case UInt8(ascii: "R"):
                guard body.count >= 4, Self.integer(body[0..<4]) == 0 else {
                    throw Failure(
                        state: nil, message: "the server asks for a password; pg_hba.conf must begin with: local all all trust")
                }
            case UInt8(ascii: "E"): throw Self.failure(body)
            case UInt8(ascii: "Z"): return
            default: continue
            }
        }
    }

    private func send(tag: UInt8?, _ body: [UInt8]) throws(Failure) {
        var rest = ((tag.map { [$0] } ?? []) + Self.bigEndian(UInt32(truncatingIfNeeded: body.count + 4)) + body)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Failure(state: nil, message: "the connection failed: \(SystemError.text(errno))") }
            rest = rest.dropFirst(count)
        }
    }

    private func receive() throws(Failure) -> (tag: UInt8, body: [UInt8]) {
        let head = try receive(5)
        let length = Int(Self.integer(head[1..<5])) - 4
        guard (0...Self.longestMessage).contains(length) else {
            throw Failure(state: nil, message: "the server sent a message of \(length) bytes at its start")
        }
        return (head[0], try receive(length))
    }

    private func receive(_ count: Int) throws(Failure) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = result.withUnsafeMutableBytes { bytes in
                recv(descriptor, bytes.baseAddress.map { $0 + filled }, count - filled, 0)
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw Failure(state: nil, message: "no answer: \(SystemError.text(errno))") }
            guard got > 0 else { throw Failure(state: nil, message: "the server closed the connection") }
            filled += got
        }
        return result
    }

    private static func row(_ body: [UInt8]) throws(Failure) -> [String?] {
        var rest = body[...]
        func take(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
            guard count >= 0, rest.count >= count else { throw Failure(state: nil, message: "the server sent a row that is cut short") }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        let columns = Int(integer(try take(2)))
        var row: [String?] = []
        for _ in 0..<columns {
            let length = Int32(bitPattern: integer(try take(4)))
            row.append(length < 0 ? nil : String(decoding: try take(Int(length)), as: UTF8.self))
        }
        return row
    }

    private static func failure(_ body: [UInt8]) -> Failure {
        var fields: [UInt8: String] = [:]
        for field in body.split(separator: 0) {
            if let kind = field.first { fields[kind] = String(decoding: field.dropFirst(), as: UTF8.self) }
        }
        return Failure(state: fields[UInt8(ascii: "C")], message: fields[UInt8(ascii: "M")] ?? "unknown error")
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [
            UInt8(truncatingIfNeeded: value >> 24), UInt8(truncatingIfNeeded: value >> 16), UInt8(truncatingIfNeeded: value >> 8),
            UInt8(truncatingIfNeeded: value),
        ]
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
