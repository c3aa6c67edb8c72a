import NIOCore
import NIOHTTP1

/// What is sent back. Headers that every response has are added where it is written.
struct ServerResponse: Sendable {
    enum Body: Sendable {
        case none
        case bytes(ByteBuffer)
        case stream(ResponseStream)
    }

    /// Names in lower case. A plain list: nothing has to be looked up in it.
    typealias Headers = [(String, String)]

    var status: HTTPResponseStatus
    var headers: Headers
    var body: Body
    /// What is given back when the answer has been taken: its part of the memory for answers, or the place of its request.
    var held: (any AnyObject & Sendable)?

    init(_ status: HTTPResponseStatus, headers: Headers = [], body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A finished JSON text.
    static func json(_ bytes: [UInt8], status: HTTPResponseStatus = .ok, contentType: String = "application/json") -> ServerResponse {
        ServerResponse(status, headers: [("content-type", contentType)], body: .bytes(ByteBuffer(bytes: bytes)))
    }
}
