import NIOHTTP1

/// What is wrong with a request before anyone looks at what it asks for.
enum HTTPFault: Error, Hashable {
    case malformed
    case headersTooLarge
    case requestTooSlow
    case bodyTooLarge(limit: Int)
    case badEncoding
    case unsupportedEncoding
    case encodedTransfer
    case answerTooSlow
    case busy
    case queueFull
    case noHost
    /// What stands in this header is no host.
    case badHost(header: String)
    case targetTooLong
    case unsupportedTransferCoding

    /// What the parser refuses; nil for errors of the connection, which nobody can be told about.
    init?(parsing error: any Error) {
        switch error {
        case let fault as HTTPFault: self = fault
        case HTTPParserError.headerOverflow: self = .headersTooLarge
        case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection: return nil
        case is HTTPParserError: self = .malformed
        default: return nil
        }
    }

    var status: HTTPResponseStatus {
        switch self {
        case .malformed, .badEncoding, .noHost, .badHost, .bodyTooLarge(limit: 0): .badRequest
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .requestTooSlow: .requestTimeout
        case .bodyTooLarge: .payloadTooLarge
        case .unsupportedEncoding, .encodedTransfer: .unsupportedMediaType
        case .answerTooSlow: .gatewayTimeout
        case .busy, .queueFull: .serviceUnavailable
        case .targetTooLong: .uriTooLong
        case .unsupportedTransferCoding: .notImplemented
        }
    }

    var apiError: APIError {
        switch self {
        case .malformed: APIError(status, "http.malformed", "The request isn't HTTP/1.1. Check its first line and its headers.")
        case .noHost: APIError(status, "http.no_host", "The request has no Host header, or more than one. Send one.", target: "Host")
        case .badHost(let header):
            APIError(
                status, "http.bad_host", "\(header) isn't the name or address of a host. Write it like crm.example.com:8080.",
                target: header)
        case .headersTooLarge:
            APIError(status, "http.headers_too_large", "The request's headers are too large. Send fewer or shorter ones.")
        case .requestTooSlow: APIError(status, "http.request_timeout", "The request didn't arrive in time. Send it again.")
        case .bodyTooLarge(limit: 0):
            APIError(status, "http.body_not_allowed", "This request takes no body, not even an empty object. Send none.")
        case .bodyTooLarge(let limit):
            APIError(status, "http.body_too_large", "The body may have \(limit) bytes at most. Send it in several requests.")
        case .badEncoding: APIError(status, "http.bad_encoding", "The body isn't what its Content-Encoding says.")
        case .unsupportedEncoding:
            APIError(
                status, "http.unsupported_encoding",
                "A body may be sent as it is or with Content-Encoding: gzip; nothing else is supported.")
        case .encodedTransfer:
            APIError(status, "http.unsupported_encoding", "A body that is taken as a stream is sent as it is, without Content-Encoding.")
        case .answerTooSlow: APIError(status, "http.timeout", "The answer took too long, so the work was stopped. Ask for less at once.")
        case .busy: APIError(status, "http.busy", "The server works on as many requests as it can. Try again in a moment.")
        case .queueFull:
            APIError(
                status, "http.queue_full", "More requests wait than the server can work off soon, most of them yours. Send fewer at once."
            ).with(header: "retry-after", "1")
        case .unsupportedTransferCoding:
            APIError(
                status, "http.unsupported_transfer_coding",
                "Transfer-Encoding may be chunked and nothing else. Send a compressed body with Content-Encoding: gzip.",
                target: "Transfer-Encoding")
        case .targetTooLong: APIError(status, "http.uri_too_long", "The URL is too long. Ask for less, or with fewer conditions.")
        }
    }
}
