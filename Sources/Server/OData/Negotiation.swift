import NIOHTTP1
import Records

/// How a request wants its answer, and how its own body is to be read (OData Protocol 4.01 sections 8.1 and 8.2).
struct Negotiation: Sendable, Hashable {
    /// What a resource can be served as.
    enum Representation: Sendable, Hashable {
        case json, xml, csv, workbook, cards, text, events

        var mediaTypes: [String] {
            switch self {
            case .json: ["application/json"]
            case .xml: ["application/xml", "text/xml"]
            case .csv: ["text/csv"]
            case .workbook: ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]
            case .cards: ["text/vcard"]
            case .text: ["text/plain"]
            case .events: ["application/cloudevents-batch+json", "application/json"]
            }
        }
    }

    var format: ReadFormat
    /// Of the body: numbers may come as strings.
    var bodyIEEE754Compatible = false
    var representation: Representation = .json
    /// Of cards, as `text/vcard;version=3.0` asks for it; nil for the newest.
    var cardVersion: String?

    var version: ReadFormat.Version { format.version }

    /// `@` or `@odata.`, as control information is named in this version.
    var prefix: String { version == .v4_0 ? "@odata." : "@" }

    /// The media type of JSON answers.
    var contentType: String {
        let metadata =
            switch (version, format.metadata) {
            case (.v4_0, .none): "application/json;odata.metadata=none"
            case (.v4_0, .minimal): "application/json;odata.metadata=minimal"
            case (.v4_0, .full): "application/json;odata.metadata=full"
            case (.v4_01, .none): "application/json;metadata=none"
            case (.v4_01, .minimal): "application/json;metadata=minimal"
            case (.v4_01, .full): "application/json;metadata=full"
            }
        return format.ieee754Compatible ? metadata + ";IEEE754Compatible=true" : metadata
    }

    /// The request's headers that an answer goes by, for whoever keeps it.
    static let vary = "Accept, OData-MaxVersion, Prefer"

    /// What an ETag says of the representation of a record; nothing of the one that a client gets who has no preference.
    var mark: String {
        let metadata =
            switch format.metadata {
            case .minimal: ""
            case .none: "-none"
            case .full: "-full"
            }
        return (version == .v4_0 ? "-40" : "") + metadata + (format.ieee754Compatible ? "-ieee" : "")
    }

    var versionHeader: String { version == .v4_0 ? "4.0" : "4.01" }

    /// Reads the headers.
    ///
    /// - Parameters:
    ///   - override: the value of `$format`, which wins over Accept.
    ///   - served: what the resource has, the one first that a client gets who has no preference.
    static func of(
        _ request: ServerRequest, format override: String? = nil, serving served: [Representation] = [.json]
    ) throws(APIError) -> Negotiation {
        var negotiation = Negotiation(format: ReadFormat(version: try version(of: request)))
        negotiation.representation = served.first ?? .json
        if served.isEmpty { return negotiation }
        if let override {
            guard try negotiation.accept(expandingShortNames(override), served) else { throw notAcceptable(served, target: "$format") }
        } else if let accept = request.header(.accept), accept != "*/*" {
            guard try negotiation.accept(accept, served) else { throw notAcceptable(served, target: "Accept") }
        }
        return negotiation
    }

    /// Checks the media type of a body and notes its parameters.
    mutating func readContentType(of request: ServerRequest) throws(APIError) {
        guard let value = request.header(.contentType) else {
            throw APIError(
                .unsupportedMediaType, "odata.no_content_type", "The body needs Content-Type: application/json.", target: "Content-Type")
        }
        let type = MediaRange(value[...])
        guard type.name == "application/json" else {
            throw APIError(
                .unsupportedMediaType, "odata.unsupported_content_type", "The body must be application/json.", target: "Content-Type")
        }
        if let charset = type.parameters["charset"], charset != "utf-8" {
            throw APIError(.unsupportedMediaType, "odata.unsupported_charset", "JSON is sent in UTF-8.", target: "Content-Type")
        }
        bodyIEEE754Compatible = type.parameters["ieee754compatible"] == "true"
    }

    static func version(of request: ServerRequest) throws(APIError) -> ReadFormat.Version {
        if let version = request.header(.odataVersion), version != "4.0", version != "4.01" {
            throw APIError(
                .badRequest, "odata.unsupported_version", "The body's OData-Version must be 4.0 or 4.01.", target: "OData-Version")
        }
        guard let maximum = request.header(.odataMaxVersion) else { return .v4_01 }
        let parts = maximum.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let major = Int(parts[0]), Int(parts[1]) != nil, major >= 0 else {
            throw APIError(
                .badRequest, "odata.unsupported_version", "OData-MaxVersion must be a version such as 4.0 or 4.01.",
                target: "OData-MaxVersion")
        }
        guard major >= 4 else {
            throw APIError(
                .badRequest, "odata.unsupported_version", "Tessera speaks OData 4.0 and 4.01, no older version.", target: "OData-MaxVersion"
            )
        }
        return maximum == "4.0" ? .v4_0 : .v4_01
    }

    /// Takes what the header likes best of what is served; false when it takes none of it. For each representation its most specific range
    /// counts (RFC 9110 section 12.5.1).
    private mutating func accept(_ header: String, _ served: [Representation]) throws(APIError) -> Bool {
        let ranges = header.split(separator: ",").map(MediaRange.init)
        var best: (representation: Representation, range: MediaRange)?
        for candidate in served {
            var closest: (range: MediaRange, precision: Int)?
            for range in ranges {
                guard let precision = range.precision(for: candidate) else { continue }
                if let found = closest, (found.precision, found.range.quality) >= (precision, range.quality) { continue }
                closest = (range, precision)
            }
            guard let range = closest?.range, range.quality > best?.range.quality ?? 0 else { continue }
            best = (candidate, range)
        }
        guard let best else { return false }
        representation = best.representation
        let parameters = best.range.parameters
        format.ieee754Compatible = parameters["ieee754compatible"] == "true"
        if representation == .cards { cardVersion = parameters["version"] }
        switch parameters["metadata"] ?? parameters["odata.metadata"] {
        case nil, "minimal": format.metadata = .minimal
        case "none": format.metadata = .none
        case "full": format.metadata = .full
        default:
            throw APIError(.notAcceptable, "odata.unknown_metadata_level", "metadata must be none, minimal or full.", target: "Accept")
        }
        return true
    }

    private static func expandingShortNames(_ format: String) -> String {
        switch format {
        case "json": "application/json"
        case "xml": "application/xml"
        case "csv": "text/csv"
        case "xlsx": Representation.workbook.mediaTypes[0]
        case "vcard": "text/vcard"
        case let format where format.hasPrefix("vcard-"): "text/vcard;version=\(format.dropFirst(6))"
        default: format
        }
    }

    private static func notAcceptable(_ served: [Representation], target: String) -> APIError {
        let types = served.compactMap(\.mediaTypes.first).joined(separator: " or ")
        return APIError(.notAcceptable, "odata.not_acceptable", "This is served as \(types).", target: target)
    }
}

/// One item of an Accept header, or a Content-Type (RFC 9110 section 12.5.1); names and parameter values in lower case.
struct MediaRange: Hashable {
    var name: String
    var parameters: [String: String] = [:]
    /// In thousandths.
    var quality = 1_000

    init(_ text: Substring) {
        var parts = text.split(separator: ";", omittingEmptySubsequences: true).map(Self.trimmed)
        name = parts.isEmpty ? "" : parts.removeFirst()
        for part in parts {
            let pair = part.split(separator: "=", maxSplits: 1).map { Self.trimmed($0[...]) }
            guard pair.count == 2 else { continue }
            let value = pair[1].filter { $0 != "\"" }
            if pair[0] == "q" { quality = Self.thousandths(value) } else { parameters[pair[0]] = value }
        }
    }

    /// How closely the range names a representation; nil when it doesn't.
    func precision(for representation: Negotiation.Representation) -> Int? {
        if representation.mediaTypes.contains(name) { return 2 }
        if name == "*/*" { return 0 }
        guard name.hasSuffix("/*"), let type = representation.mediaTypes.first else { return nil }
        return type.hasPrefix(name.dropLast()) ? 1 : nil
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text.lowercased()
    }

    private static func thousandths(_ text: String) -> Int {
        guard let value = Double(text), value >= 0, value <= 1 else { return 0 }
        return Int(value * 1_000)
    }
}
