import Synchronization

/// What waits to be sent to one listener. Who takes too little of it is left behind: the queue ends, and they come back for what they missed. A piece
/// before which nothing waits is taken, however long.
final class LiveQueue: Sendable {
    private let pieces: AsyncStream<[UInt8]>
    private let feed: AsyncStream<[UInt8]>.Continuation
    private let waiting = Atomic(0)
    private let limit: Int

    /// - Parameter limit: bytes that may wait, with what is being sent.
    init(limit: Int) {
        (pieces, feed) = AsyncStream.makeStream(of: [UInt8].self)
        self.limit = limit
    }

    func push(_ piece: [UInt8]) {
        let (before, now) = waiting.wrappingAdd(piece.count, ordering: .relaxed)
        if before > 0, now > limit { feed.finish() } else { feed.yield(piece) }
    }

    func finish() { feed.finish() }

    /// Hands pieces on until the queue ends or its reader is cancelled.
    func forEach(_ body: ([UInt8]) async throws -> Void) async throws {
        for await piece in pieces {
            try await body(piece)
            waiting.wrappingSubtract(piece.count, ordering: .relaxed)
        }
    }
}
