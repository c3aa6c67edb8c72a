/// The batches of a large result.
package struct PostgresRowStream: AsyncSequence, Sendable {
    package typealias Element = PostgresResult

    package struct AsyncIterator: AsyncIteratorProtocol {
        package mutating func next() async throws -> PostgresResult? { nil }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}

/// Chunks of whole rows of a COPY.
package struct PostgresCopyStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    package struct AsyncIterator: AsyncIteratorProtocol {
        package mutating func next() async throws -> [UInt8]? { nil }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}

/// What a listener gets.
package enum PostgresNotification: Sendable, Hashable {
    case notification(payload: String, processID: Int32)
    /// The connection was lost and is back: notifications sent in between are gone, so look at the data itself.
    case reconnected
    /// The listener was too slow, and notifications were dropped: look at the data itself.
    case overflowed
}

/// The notifications of one channel. Ending the iteration ends the listening.
package struct PostgresNotifications: AsyncSequence, Sendable {
    package typealias Element = PostgresNotification

    package struct AsyncIterator: AsyncIteratorProtocol {
        package mutating func next() async throws -> PostgresNotification? { nil }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}
