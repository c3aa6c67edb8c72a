import NIOHTTP1

/// What a request demands of the record's version (RFC 9110 section 13).
struct Preconditions: Sendable, Hashable {
    enum Condition: Sendable, Hashable {
        case any
        case tags([EntityTag])
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
        case .tags(let tags):
            guard tags.count == 1 else {
                throw APIError(.badRequest, "odata.bad_etag", "A write names one ETag in If-Match.", target: "If-Match")
            }
            return tags[0].version
        }
    }

    var takesAnyVersion: Bool { ifMatch == .any }

    /// Whether a GET of what has this tag is answered with 304.
    func isUnmodified(_ tag: EntityTag) -> Bool {
        switch ifNoneMatch {
        case nil: false
        case .any: true
        case .tags(let tags): tags.contains(tag)
        }
    }

    private static func condition(_ header: String?, name: String) throws(APIError) -> Condition? {
        guard let header else { return nil }
        if header == "*" { return .any }
        var tags: [EntityTag] = []
        for item in header.split(separator: ",") {
            let text = item.drop { $0 == " " }
            let trimmed = text.last == " " ? text.prefix { $0 != " " } : text
            // An ETag that Tessera never gave is a well-formed one that matches nothing; anything else is a mistake.
            guard trimmed.utf8.count > 1, trimmed.hasSuffix("\""), trimmed.hasPrefix("\"") || trimmed.hasPrefix("W/\"") else {
                throw APIError(.badRequest, "odata.bad_etag", "\(name) takes ETags in double quotes, such as W/\"3\", or *.", target: name)
            }
            tags.append(EntityTag(trimmed) ?? EntityTag(-1))
        }
        return .tags(tags)
    }
}
