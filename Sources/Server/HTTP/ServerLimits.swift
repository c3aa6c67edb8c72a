package import Records

/// Bounds on what one client may ask of the server. Times are wall times, sizes are bytes.
package struct ServerLimits: Sendable, Hashable {
    /// Path and query of a request: beyond it 414.
    package var targetLength = 16_384
    /// All header lines of a request together: beyond it 431.
    package var headerSize = 32_768
    package var headerCount = 100
    /// The body of a request, after decompression: beyond it 413.
    package var bodySize = 4 * 1_048_576
    /// The body of a bulk request or a batch.
    package var bulkBodySize = 32 * 1_048_576
    /// Items of a bulk request.
    package var bulkItems = 10_000
    /// New records within new records: levels below the outermost one.
    package var nestedDepth = 5
    /// New records that one new record brings with it; those of a bulk request together, `bulkItems`.
    package var nestedRecords = 1_000
    /// Requests of a batch.
    package var batchRequests = 1_000
    /// The answers of a batch together: beyond it, requests that haven't begun aren't done.
    package var batchAnswerSize = 64 * 1_048_576
    /// What is kept of answers to requests with an Idempotency-Key.
    package var keptAnswers = KeptAnswerLimits()
    /// From the first byte of a request to the end of its headers: beyond it 408.
    package var headerTime: Duration = .seconds(10)
    /// Between two pieces of a body: beyond it 408.
    package var bodyPause: Duration = .seconds(10)
    /// A whole body, unless it is streamed: beyond it 408.
    package var bodyTime: Duration = .seconds(300)
    /// From the end of a request to its answer, and between two pieces of what is streamed: beyond it the work is cancelled, and the answer
    /// is 504 or, where it has begun, cut off.
    package var requestTime: Duration = .seconds(60)
    /// From the end of a streamed body to its answer, while it is put on disk or sent on: beyond it 504, and the work is cancelled.
    package var keepTime: Duration = .seconds(3_600)
    /// A piece of a response that the client doesn't take: beyond it the connection is cut.
    package var writeTime: Duration = .seconds(30)
    /// Between two requests of a connection.
    package var idleTime: Duration = .seconds(75)
    /// How often it is looked whether the token of a live stream still opens it.
    package var tokenCheck: Duration = .seconds(5)
    /// Requests in the server at once, working and waiting: beyond it 503.
    package var concurrentRequests = 2_048
    /// Requests worked on at once; more wait for their turn, each principal's in turns.
    package var workingRequests = 64
    /// Requests of one principal worked on at once, so that connections to the database are left for others.
    package var principalRequests = 12
    /// Uploads under way at once, and those of one principal: more wait before their bodies are read. Apart from the places above, since a body may
    /// take minutes to arrive.
    package var uploads = 256
    package var principalUploads = 16
    /// Bodies in memory at once, those of one principal, and how many of one principal's wait for room before they are read: beyond it 503. Those of
    /// up to `smallBodySize` aren't counted.
    package var bodiesSize = 256 * 1_048_576
    package var principalBodiesSize = 64 * 1_048_576
    package var waitingBodies = 128
    package var smallBodySize = 65_536
    /// Answers in memory that their clients haven't taken yet, and those of one principal: beyond it, a request keeps its place among those that are
    /// worked on until its answer is taken.
    package var answersSize = 256 * 1_048_576
    package var principalAnswersSize = 64 * 1_048_576
    /// Requests that wait for their turn: beyond it 503 for those who have most of them.
    package var waitingRequests = 1_024
    /// Open connections; more wait in the listening socket's queue.
    package var connections = 4_096
    /// How long a shutdown waits for what is running.
    package var shutdownTime: Duration = .seconds(30)

    package init() {}
}
