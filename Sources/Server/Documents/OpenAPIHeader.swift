/// Headers of answers that operations share.
enum OpenAPIHeader: String, CaseIterable {
    case version, changeSet, repeated, serverVersion, location, link, retryAfter, limit, limitPolicy

    private var name: String {
        switch self {
        case .version: "ETag"
        case .changeSet: "Tessera-Change-Set-Id"
        case .repeated: "Idempotency-Replayed"
        case .serverVersion: "Tessera-Version"
        case .location: "Location"
        case .link: "Link"
        case .retryAfter: "Retry-After"
        case .limit: "RateLimit"
        case .limitPolicy: "RateLimit-Policy"
        }
    }

    private var description: String {
        switch self {
        case .version: "The version of the record."
        case .changeSet:
            "The change set of what was written, where it is one that is listed: that of many records, or of a name that was given."
        case .repeated: "`true` where the answer is that to an earlier request with the same Idempotency-Key."
        case .serverVersion: "The version of the server."
        case .location: "Where what was made, or the job, can be read."
        case .link: "Where the next page is (`rel=\"next\"`), also while there is nothing yet."
        case .retryAfter: "Seconds to wait."
        case .limit: "Where the sender has a limit: requests left (`r`), and seconds until all are there again (`t`)."
        case .limitPolicy: "Where the sender has a limit: so many requests (`q`) in so many seconds (`w`)."
        }
    }

    /// `components/headers`.
    static func write(to json: inout JSONWriter) {
        json.object("headers") { json in
            for header in allCases {
                json.object(header.rawValue) { json in
                    json.field("description", header.description)
                    json.object("schema") { json in
                        json.field("type", header == .retryAfter ? "integer" : "string")
                        if header == .changeSet { json.field("format", "uuid") }
                    }
                }
            }
        }
    }

    /// An answer without content.
    static func emptyAnswer(_ status: Int, _ description: String, _ headers: [OpenAPIHeader] = [], to json: inout JSONWriter) {
        json.object(String(status)) { json in
            json.field("description", description)
            references(headers, to: &json)
        }
    }

    /// Those of an answer, and those that every answer to somebody with a token has.
    static func references(_ headers: [OpenAPIHeader] = [], to json: inout JSONWriter) {
        json.object("headers") { json in
            let repeated: [OpenAPIHeader] = headers.contains(.changeSet) ? [.repeated] : []
            for header in headers + repeated + [.limit, .limitPolicy] {
                json.object(header.name) { $0.field("$ref", "#/components/headers/\(header.rawValue)") }
            }
        }
    }
}
