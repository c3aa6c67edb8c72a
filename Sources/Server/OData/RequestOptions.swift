import NIOHTTP1
import QueryLanguage
import Records

/// The query of a request: the system query options, and those that are Tessera's own.
struct RequestOptions: Sendable {
    /// Options by their name without `$`, as `QueryOptions.ranges` has them.
    typealias Name = String

    var system = QueryOptions()
    /// `include_deleted=true`: deleted records too.
    var includeDeleted = false
    /// `count_mode=estimated`: counts may come from the planner.
    var countMode: CountMode = .exact
    /// `dry_run=true`: tell what would change, keep nothing. An option and no preference, since a server that doesn't know it must refuse it.
    var dryRun = false

    /// `q` and `types` of a search over several collections.
    var words: String?
    var types: [String]?

    /// `from` and `topic` of the event log: a position, and which topics.
    var from: Int64?
    var topic: String?
    /// `subscription` and `state` of events that are put aside.
    var subscription: String?
    var state: String?

    static let none = RequestOptions()

    /// `name=…`: how a file that is sent is called.
    var fileName: String?

    private static let ownNames = ["include_deleted", "count_mode", "dry_run", "name", "from", "topic", "subscription", "state"]

    private init() {}

    init(_ query: Substring?, version: ReadFormat.Version) throws(APIError) {
        guard let query, !query.isEmpty else { return }
        do {
            system = try QueryOptions.parse(urlQuery: String(query), version: version == .v4_0 ? .v40 : .v401)
        } catch {
            throw APIError(query: error, target: Self.option(at: error.column, in: query))
        }
        for option in system.custom { try readCustom(option, version) }
    }

    private mutating func readCustom(_ option: QueryOptions.CustomOption, _ version: ReadFormat.Version) throws(APIError) {
        switch (option.name, option.value) {
        case ("include_deleted", "true"): includeDeleted = true
        case ("include_deleted", "false"): includeDeleted = false
        case ("include_deleted", _): throw Self.badValue(option.name, "true or false")
        case ("dry_run", "true"): dryRun = true
        case ("dry_run", "false"): dryRun = false
        case ("dry_run", _): throw Self.badValue(option.name, "true or false")
        case ("count_mode", "exact"): countMode = .exact
        case ("count_mode", "estimated"): countMode = .estimated
        case ("name", let name): fileName = name
        case ("q", let value): words = value
        case ("types", let value):
            let names = (value ?? "").split(separator: ",").map(String.init)
            guard !names.isEmpty else { throw Self.badValue(option.name, "names of collections, with commas between") }
            types = names
        case ("from", let value):
            guard let position = value.flatMap({ Int64($0) }), position >= 0 else {
                throw Self.badValue(option.name, "a position, a number from 0 on")
            }
            from = position
        case ("topic", let value): topic = value ?? ""
        case ("subscription", let value): subscription = value ?? ""
        case ("state", let value):
            guard let value, ["waiting", "quiet", "held", "parked"].contains(value) else {
                throw Self.badValue(option.name, "waiting, quiet, held or parked")
            }
            state = value
        case ("count_mode", _): throw Self.badValue(option.name, "exact or estimated")
        default: throw Self.unknown(option.name, version)
        }
    }

    /// Refuses the options that the resource has no use for: a condition that is ignored would show what it was to keep out.
    func allow(_ allowed: Set<Name>, of resource: String) throws(APIError) {
        if words != nil, !allowed.contains("q") { throw Self.unknown("q", .v4_01) }
        if types != nil, !allowed.contains("types") { throw Self.unknown("types", .v4_01) }
        if from != nil, !allowed.contains("from") { throw Self.unknown("from", .v4_01) }
        if topic != nil, !allowed.contains("topic") { throw Self.unknown("topic", .v4_01) }
        if subscription != nil, !allowed.contains("subscription") { throw Self.unknown("subscription", .v4_01) }
        if state != nil, !allowed.contains("state") { throw Self.unknown("state", .v4_01) }
        guard !dryRun || allowed.contains("dry_run") else {
            throw APIError(.badRequest, "query.option_not_allowed", "\(resource) can't be tried with dry_run.", target: "dry_run")
        }
        for name in system.ranges.keys.sorted() where !allowed.contains(name) && name != "format" {
            throw APIError(
                .badRequest, "query.option_not_allowed",
                "\(resource) takes no $\(name)."
                    + (allowed.isEmpty ? "" : " It takes \(allowed.sorted().map(Self.written).joined(separator: ", "))."),
                target: "$\(name)")
        }
        guard !includeDeleted || allowed.contains("include_deleted") else {
            throw APIError(
                .badRequest, "query.option_not_allowed",
                "\(resource) takes no include_deleted: reading records of a collection and counting them does.", target: "include_deleted")
        }
        guard countMode == .exact || allowed.contains("count_mode") else {
            throw APIError(
                .badRequest, "query.option_not_allowed", "\(resource) takes no count_mode: lists and $count do.",
                target: "count_mode")
        }
        guard fileName == nil || allowed.contains("name") else {
            throw APIError(.badRequest, "query.option_not_allowed", "\(resource) takes no name.", target: "name")
        }
    }

    /// The option of a query string in which a column lies, the standard's with their `$`.
    static func option(at column: Int, in query: Substring) -> String? {
        var end = 0
        for part in query.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            // The end of an option, too, is a place in it: where something is missing.
            end += part.count + 1
            guard column <= end else { continue }
            var name = String(decoding: part.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self).replacing("%24", with: "$")
            if standardNames.contains(name.lowercased()) { name = "$\(name.lowercased())" }
            return name.isEmpty ? nil : name
        }
        return nil
    }

    /// The standard's options with their `$`, Tessera's own without.
    private static func written(_ name: Name) -> String { standardNames.contains(name) ? "$\(name)" : name }

    private static func unknown(_ name: String, _ version: ReadFormat.Version) -> APIError {
        if version == .v4_0, standardNames.contains(name.lowercased()) {
            return APIError(
                .badRequest, "query.unknown_option", "OData 4.0 asks for a $ before system query options: write $\(name).", target: name)
        }
        let hint = Spelling.closest(to: name, in: standardNames + ownNames).map { " Did you mean '\($0)'?" } ?? ""
        return APIError(.badRequest, "query.unknown_option", "There is no query option '\(name)'.\(hint)", target: name)
    }

    private static func badValue(_ name: String, _ wanted: String) -> APIError {
        APIError(.badRequest, "query.invalid_literal", "\(name) must be \(wanted).", target: name)
    }

    static let standardNames = [
        "filter", "orderby", "select", "expand", "compute", "search", "apply", "top", "skip", "skiptoken", "deltatoken", "count", "format",
    ]
}
