import NIOCore
import Synchronization

/// A request's body as it arrives: read once, by one task. Nothing is taken from the connection before the reader asks for it, so a slow
/// reader slows its client down.
///
/// Ends with an `HTTPFault` when the client sends too much, too slowly or not what it announced, and with a `CancellationError` when it has
/// gone: what was read until then is not the whole body.
struct IncomingBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    /// Content-Length; nil when the client doesn't know it.
    let length: Int?
    let exchange = BodyExchange()

    init(length: Int?) { self.length = length }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(exchange: exchange) }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let exchange: BodyExchange

        mutating func next() async throws -> ByteBuffer? { try await exchange.receive() }
    }
}

/// Hands pieces of a body from the connection to its reader, each when it is asked for.
final class BodyExchange: Sendable {
    private struct State {
        var reader: CheckedContinuation<ByteBuffer?, any Error>?
        var source: CheckedContinuation<Bool, Never>?
        var end: Result<Void, any Error>?
    }

    private let state = Mutex(State())

    // MARK: The reader's side

    func receive() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<ByteBuffer?, any Error>) in
                let resume: () -> Void = state.withLock { state in
                    if let end = state.end { return { continuation.resume(with: end.map { nil }) } }
                    state.reader = continuation
                    let source = state.source.take()
                    return { source?.resume(returning: true) }
                }
                resume()
            }
        } onCancel: {
            finish(.failure(CancellationError()))
        }
    }

    // MARK: The connection's side

    /// Waits until the reader asks for a piece: true; false when it won't any more.
    func isWanted() async -> Bool {
        await withCheckedContinuation { continuation in
            let answer: Bool? = state.withLock { state in
                if state.end != nil { return false }
                if state.reader != nil { return true }
                state.source = continuation
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    func supply(_ piece: ByteBuffer) {
        state.withLock { $0.reader.take() }?.resume(returning: piece)
    }

    /// No piece comes, or is wanted, any more. The first reason counts.
    func finish(_ end: Result<Void, any Error> = .success(())) {
        let (reader, source) = state.withLock { state in
            if state.end == nil { state.end = end }
            return (state.reader.take(), state.source.take())
        }
        reader?.resume(with: end.map { nil })
        source?.resume(returning: false)
    }
}
