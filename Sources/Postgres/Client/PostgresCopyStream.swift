/// Chunks of whole rows of a COPY, about 64 KiB each. To be read once, by one task.
package struct PostgresCopyStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let core: ClientCore
        fileprivate let operation: Operation

        package mutating func next() async throws -> [UInt8]? {
            try await core.copyCall(operation) { .next($0) }
        }
    }

    let core: ClientCore
    let operation: Operation

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(core: core, operation: operation) }
}
