/// Headers of answers that operations share.
enum OpenAPIHeader: String, CaseIterable {
    case version, changeSet, serverVersion

    private var name: String {
        switch self {
        case .version: "ETag"
        case .changeSet: "Tessera-Change-Set-Id"
        case .serverVersion: "Tessera-Version"
        }
    }

    private var description: String {
        switch self {
        case .version: "The version of the record."
        case .changeSet:
            "The change set of what was written, where it is one that is listed: that of many records, or of a name that was given."
        case .serverVersion: "The version of the server."
        }
    }

    /// `components/headers`.
    static func write(to json: inout JSONWriter) {
        json.object("headers") { json in
            for header in allCases {
                json.object(header.rawValue) { json in
                    json.field("description", header.description)
                    json.object("schema") { json in
                        json.field("type", "string")
                        if header == .changeSet { json.field("format", "uuid") }
                    }
                }
            }
        }
    }

    /// Those of an answer.
    static func references(_ headers: [OpenAPIHeader], to json: inout JSONWriter) {
        json.object("headers") { json in
            for header in headers {
                json.object(header.name) { $0.field("$ref", "#/components/headers/\(header.rawValue)") }
            }
        }
    }
}
