import NIOHTTP1

/// What a request demands of the record's version (RFC 9110 section 13).
struct Preconditions: Sendable, Hashable {
    enum Condition: Sendable, Hashable {
        case any
        case versions([Int64])
    }

    var ifMatch: Condition?
    var ifNoneMatch: Condition?

    init(ifMatch: Condition? = nil, ifNoneMatch: Condition? = nil) {
        self.ifMatch = ifMatch
        self.ifNoneMatch = ifNoneMatch
    }

    init(_ request: ServerRequest) throws(APIError) {
        ifMatch = try Self.condition(request.header(.ifMatch), name: "If-Match")
        ifNoneMatch = try Self.condition(request.header(.ifNoneMatch), name: "If-None-Match")
    }

    /// The version that a change of an existing record expects; nil when it takes any.
    func expectedVersion() throws(APIError) -> Int64? {
        guard ifNoneMatch == nil else {
            throw APIError(.badRequest, "odata.bad_precondition", "A change of an existing record takes If-Match.", target: "If-None-Match")
        }
        switch ifMatch {
        case nil, .any: return nil
        case .versions(let versions):
            guard versions.count == 1 else {
                throw APIError(.badRequest, "odata.bad_etag", "A write names one ETag in If-Match.", target: "If-Match")
            }
            return versions[0]
        }
    }

    var takesAnyVersion: Bool { ifMatch == .any }

    /// Whether a GET of this version is answered with 304.
    func isUnmodified(_ version: Int64) -> Bool {
        switch ifNoneMatch {
        case nil: false
        case .any: true
        case .versions(let versions): versions.contains(version)
        }
    }

    /// The ETag of a version: weak, since one version has several representations.
    static func etag(_ version: Int64) -> String { "W/\"\(version)\"" }

    /// The version in an ETag, weak or strong; nil when it isn't one of Tessera's.
    static func version(inETag text: some StringProtocol) -> Int64? {
        var rest = text[...]
        if rest.hasPrefix("W/") { rest = rest.dropFirst(2) }
        guard rest.utf8.count > 2, rest.hasPrefix("\""), rest.hasSuffix("\"") else { return nil }
        guard let version = Int64(rest.dropFirst().dropLast()), version >= 0 else { return nil }
        return version
    }

    private static func condition(_ header: String?, name: String) throws(APIError) -> Condition? {
        guard let header else { return nil }
        if header == "*" { return .any }
        var versions: [Int64] = []
        for item in header.split(separator: ",") {
            let text = item.drop { $0 == " " }
            let trimmed = text.last == " " ? text.prefix { $0 != " " } : text
            // An ETag that Tessera never gave is a well-formed one that matches nothing; anything else is a mistake.
            guard trimmed.utf8.count > 1, trimmed.hasSuffix("\""), trimmed.hasPrefix("\"") || trimmed.hasPrefix("W/\"") else {
                throw APIError(.badRequest, "odata.bad_etag", "\(name) takes ETags in double quotes, such as W/\"3\", or *.", target: name)
            }
            versions.append(version(inETag: trimmed) ?? -1)
        }
        return .versions(versions)
    }
}
