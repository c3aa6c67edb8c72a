import NIOCore
import Synchronization

/// An answer's body that is made while it is sent, at the client's pace.
///
/// Until its first piece is written nothing has been sent, so an error thrown before that is answered like any other. An error after it
/// cuts the connection: a client never takes a part for the whole.
struct ResponseStream: Sendable {
    /// In bytes; nil when it isn't known beforehand, so that the body is sent in chunks.
    var length: Int?
    /// Cancelled when the client has gone, when no piece came for too long, or when the server stops and can wait no longer.
    var write: @Sendable (ResponseWriter) async throws -> Void
    /// Whether it reads the database while it is sent.
    var readsDatabase = false

    /// Whether it goes on for as long as its client listens: it is none of the requests in the server then, of which there may be so many.
    var lasts = false

    /// The same stream, which keeps something alive until it has ended or was given up.
    func holding(_ object: some AnyObject & Sendable) -> ResponseStream {
        var stream = self
        stream.write = { [write] writer in
            defer { withExtendedLifetime(object) {} }
            try await write(writer)
        }
        return stream
    }

    init(length: Int? = nil, write: @escaping @Sendable (ResponseWriter) async throws -> Void) {
        self.length = length
        self.write = write
    }

    /// The pieces of a sequence, one after the other.
    init<Pieces: AsyncSequence & Sendable>(length: Int? = nil, _ pieces: Pieces) where Pieces.Element == ByteBuffer {
        self.init(length: length) { writer in
            for try await piece in pieces { try await writer.write(piece) }
        }
    }
}

/// Where a streamed answer goes. Each write waits until the client has taken most of what was written before.
final class ResponseWriter: Sendable {
    /// More or fewer bytes than announced: the answer is broken off, since its end can't be told any more.
    struct LengthMismatch: Error {}

    private let length: Int?
    private let send: @Sendable (_ piece: ByteBuffer, _ isFirst: Bool) async throws -> Void
    private let advance: @Sendable () -> Void
    /// Bytes that were sent; nil before the first piece.
    private let sent = Mutex<Int?>(nil)

    /// - Parameter advance: told that the work goes on though no piece is ready.
    init(
        length: Int?, advance: @escaping @Sendable () -> Void = {},
        send: @escaping @Sendable (_ piece: ByteBuffer, _ isFirst: Bool) async throws -> Void
    ) {
        self.length = length
        self.advance = advance
        self.send = send
    }

    /// Says that the work goes on: for what is only sent once all of it is made, so that it isn't taken for work that hangs.
    func makesProgress() { advance() }

    var hasStarted: Bool { sent.withLock { $0 != nil } }

    func write(_ piece: ByteBuffer) async throws {
        try Task.checkCancellation()
        let (isFirst, total) = sent.withLock { sent in
            let isFirst = sent == nil
            let total = (sent ?? 0) + piece.readableBytes
            sent = total
            return (isFirst, total)
        }
        if let length, total > length { throw LengthMismatch() }
        try await send(piece, isFirst)
    }

    func write(_ bytes: [UInt8]) async throws {
        try await write(ByteBuffer(bytes: bytes))
    }

    /// Begins an answer that turned out empty, and checks that all of it was written.
    func finish() async throws {
        if !hasStarted { try await write(ByteBuffer()) }
        if let length, sent.withLock({ $0 }) != length { throw LengthMismatch() }
    }
}
