import NIOHTTP1

/// An error as the API tells it: an OData error object (OData JSON 4.01 section 21.1) with a stable code and a sentence that helps.
struct APIError: Error, Sendable, Hashable {
    struct Detail: Sendable, Hashable {
        var code: String
        var message: String
        var target: String?
    }

    var status: HTTPResponseStatus
    var code: String
    var message: String
    /// The property, option or header that is wrong.
    var target: String?
    var details: [Detail] = []
    /// More that a program can use, as text: `column` of a query option, `line` of a body, `currentVersion` of a record.
    var innerError: [InnerField] = []
    /// Headers that go with it: `WWW-Authenticate`, `Allow`.
    var headers: [Header] = []

    struct InnerField: Sendable, Hashable {
        var name: String
        var value: Int
    }

    struct Header: Sendable, Hashable {
        var name: String
        var value: String
    }

    init(_ status: HTTPResponseStatus, _ code: String, _ message: String, target: String? = nil, details: [Detail] = []) {
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.details = details
    }

    func with(header name: String, _ value: String) -> APIError {
        var copy = self
        copy.headers.append(Header(name: name, value: value))
        return copy
    }

    func with(inner name: String, _ value: Int) -> APIError {
        var copy = self
        copy.innerError.append(InnerField(name: name, value: value))
        return copy
    }

    /// The object under `error`.
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("code", code)
            writer.field("message", message)
            if let target { writer.field("target", target) }
            if !details.isEmpty {
                writer.array("details") { writer in
                    for detail in details {
                        writer.object { writer in
                            writer.field("code", detail.code)
                            if let target = detail.target { writer.field("target", target) }
                            writer.field("message", detail.message)
                        }
                    }
                }
            }
            if !innerError.isEmpty {
                writer.object("innererror") { writer in
                    for field in innerError { writer.field(field.name, field.value) }
                }
            }
        }
    }

    var response: ServerResponse {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("error")
            write(to: &writer)
        }
        var response = ServerResponse.json(writer.bytes, status: status)
        response.headers += headers.map { ($0.name, $0.value) }
        return response
    }
}
