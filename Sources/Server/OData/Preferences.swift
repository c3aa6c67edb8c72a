/// The Prefer header (RFC 7240, OData Protocol 4.01 section 8.2.8), as far as Tessera has use for it.
struct Preferences: Sendable, Hashable {
    enum Return: String, Sendable, Hashable {
        case minimal, representation
    }

    var returning: Return?
    var maxPageSize: Int?
    /// Whether what follows a failure is done all the same; nil when the client doesn't say.
    var continuesOnError: Bool?
    /// `track-changes`: a delta link at the end of the list.
    var tracksChanges = false
    /// Answer at once with 202, and do the work in the background (RFC 7240, OData Protocol 4.01 section 8.2.8.8).
    var respondAsync = false

    static let none = Preferences()

    init() {}

    init(_ request: ServerRequest) {
        self.init(request.header(.prefer) ?? "")
    }

    /// What isn't known or well formed is ignored, as the standard asks.
    init(_ header: String) {
        for item in header.split(separator: ",") {
            let text = item.filter { $0 != " " && $0 != "\t" && $0 != "\"" }.lowercased()
            let token = text.prefix { $0 != ";" }
            let pair = token.split(separator: "=", maxSplits: 1)
            guard var name = pair.first else { continue }
            if name.hasPrefix("odata.") { name = name.dropFirst(6) }
            switch (name, pair.count > 1 ? pair[1] : nil) {
            case ("return", let value?): returning = returning ?? Return(rawValue: String(value))
            case ("maxpagesize", let value?):
                if maxPageSize == nil, let size = Int(value), size > 0 { maxPageSize = size }
            case ("continue-on-error", nil), ("continue-on-error", "true"): continuesOnError = continuesOnError ?? true
            case ("continue-on-error", "false"): continuesOnError = continuesOnError ?? false
            case ("track-changes", nil): tracksChanges = true
            case ("respond-async", nil): respondAsync = true
            default: continue
            }
        }
    }
}
