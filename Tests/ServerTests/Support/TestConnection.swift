import NIOCore
import NIOPosix

/// A connection that sends bytes as they are, so that broken requests can be sent too.
final class TestConnection {
    struct Answer: Sendable, Equatable {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]
        /// Whether the body came to its end as announced, rather than with the connection's.
        var isWhole = true

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var received = ByteBuffer()

    private init(
        _ channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.channel = channel
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

    static func with<R: Sendable>(port: Int, _ body: (TestConnection) async throws -> R) async throws -> R {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port) {
            channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            try await body(TestConnection(channel, inbound, outbound))
        }
    }

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    func send(_ method: String, _ target: String, _ headers: [String: String], _ body: [UInt8]?) async throws {
        var head = "\(method) \(target) HTTP/1.1\r\nhost: test.example:8080\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "content-length: \(body.count)\r\n" }
        try await send(Array("\(head)\r\n".utf8) + (body ?? []))
    }

    /// The next answer; nil when the server has closed the connection.
    func receive(withoutBody: Bool = false) async throws -> Answer? {
        guard let head = try await readHead() else { return nil }
        let lines = head.split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = String(line[line.index(after: colon)...].drop { $0 == " " })
            headers[line[..<colon].lowercased(), default: ""] += headers[line[..<colon].lowercased()] == nil ? value : ", \(value)"
        }
        if withoutBody || status == 204 || status == 304 || (100..<200).contains(status) {
            return Answer(status: status, headers: headers, body: [])
        }
        if headers["transfer-encoding"] == "chunked" {
            let (body, isWhole) = try await readChunks()
            return Answer(status: status, headers: headers, body: body, isWhole: isWhole)
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        let body = try await read(length)
        return Answer(status: status, headers: headers, body: body, isWhole: body.count == length)
    }

    /// Waits until the server closes the connection; whatever comes before is thrown away.
    func waitForEnd() async throws {
        while try await inbound.next() != nil {}
    }

    /// What comes of an answer that goes on, until a text has come; nil when the connection ended before.
    func receive(until text: String) async throws -> String? {
        let end = Array(text.utf8)
        while true {
            let view = received.readableBytesView
            if let range = view.firstRange(of: end) {
                return received.readString(length: view.distance(from: view.startIndex, to: range.upperBound))
            }
            guard var piece = try await inbound.next() else { return nil }
            received.writeBuffer(&piece)
        }
    }

    /// All bytes until the server closes the connection.
    func receiveAll() async throws -> [UInt8] {
        while var piece = try await inbound.next() { received.writeBuffer(&piece) }
        return received.readBytes(length: received.readableBytes) ?? []
    }

    private func readHead() async throws -> String? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            let view = received.readableBytesView
            if let range = view.firstRange(of: end) {
                let length = view.distance(from: view.startIndex, to: range.upperBound)
                return received.readString(length: length)
            }
            guard var piece = try await inbound.next() else { return nil }
            received.writeBuffer(&piece)
        }
    }

    private func readChunks() async throws -> (body: [UInt8], isWhole: Bool) {
        var body: [UInt8] = []
        while let size = Int(try await readLine(), radix: 16) {
            body += try await read(size)
            guard try await read(2).count == 2 else { break }
            if size == 0 { return (body, true) }
        }
        return (body, false)
    }

    private func readLine() async throws -> String {
        var line: [UInt8] = []
        while true {
            let byte = try await read(1)
            guard let byte = byte.first, byte != 0x0A else { break }
            if byte != 0x0D { line.append(byte) }
        }
        return String(decoding: line, as: UTF8.self)
    }

    private func read(_ count: Int) async throws -> [UInt8] {
        while received.readableBytes < count {
            guard var piece = try await inbound.next() else { break }
            received.writeBuffer(&piece)
        }
        return received.readBytes(length: min(count, received.readableBytes)) ?? []
    }
}

@available(*, unavailable)
extension TestConnection: Sendable {}
