import NIOCore
import NIOHTTP1

/// What is sent back. Headers that every response has are added where it is written.
struct ServerResponse: Sendable {
    enum Body: Sendable {
        case none
        case bytes(ByteBuffer)
        /// Written piece by piece as it is made; an error ends the connection, so that the client notices.
        case stream(@Sendable (any ResponseSink) async throws -> Void)
    }

    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var body: Body

    init(_ status: HTTPResponseStatus, headers: HTTPHeaders = HTTPHeaders(), body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A finished JSON text.
    static func json(_ bytes: [UInt8], status: HTTPResponseStatus = .ok, contentType: String = "application/json") -> ServerResponse {
        ServerResponse(status, headers: HTTPHeaders([("content-type", contentType)]), body: .bytes(ByteBuffer(bytes: bytes)))
    }
}

/// Takes the pieces of a streamed response; waits while the client is slower than the source.
protocol ResponseSink: Sendable {
    func write(_ piece: ByteBuffer) async throws
}
