import QueryLanguage

/// Writes random `$apply` queries about `LabTypes.thing`.
struct GroupGenerator {
    var random: SeededRandom

    private static let keys = [
        "active", "colour", "count", "name", "day", "amount_currency", "place/city", "place/country", "group/label", "group/size",
        "parent/name", "parent/colour", "parent/group/label", "subject/lab.thing/active", "born", "short", "busy",
        "parent/parent/colour/category", "warmth",
    ]
    private static let computed = "compute(year(day) as born,substring(name,0,1) as short,tags/any() as busy,colour/category as warmth)"
    private static let aggregates = [
        "$count as n", "count with sum as counts", "count with average as mean", "count with max as most", "ratio with sum as ratios",
        "ratio with average as share", "ratio mul 2 with min as least", "amount with sum as money", "amount with average as price",
        "name with min as first", "tolower(name) with max as last", "name with countdistinct as names", "day with max as latest",
        "moment with min as earliest", "span with sum as time", "span with average as pause", "span with max as longest",
        "colour with countdistinct as colours", "group with countdistinct as groups", "children/$count with sum as family",
        "parent/ratio with max as parents", "length(name) with average as letters", "cast(count,Edm.String) with min as text",
        "amount with countdistinct as amounts", "emails/$count(filter=is_primary) with max as mails",
    ]
    private static let numbers = [
        "n", "counts", "mean", "most", "ratios", "share", "least", "names", "colours", "groups", "family", "parents", "letters", "mails",
    ]

    init(random: SeededRandom) { self.random = random }

    mutating func query() -> String {
        var steps: [String] = []
        if random.oneIn(3) { steps.append("filter(\(random.pick(["active", "count gt 1", "children/any()", "name ne null", "false"])))") }
        steps.append(Self.computed)
        let keys = some(Self.keys, 0...3)
        var aggregates = some(Self.aggregates, keys.isEmpty ? 1...4 : 0...4)
        let names = { (items: [String]) in items.map { String($0.split(separator: " ").last ?? "") } }
        if keys.contains("amount_currency") { aggregates.removeAll { $0.hasPrefix("amount with") && random.oneIn(2) } }
        let inner = "aggregate(\(aggregates.joined(separator: ",")))"
        steps.append(
            keys.isEmpty
                ? (aggregates.isEmpty ? "aggregate($count as n)" : inner)
                : "groupby((\(keys.joined(separator: ",")))\(aggregates.isEmpty ? "" : ",\(inner)"))")
        let known = names(aggregates).filter { Self.numbers.contains($0) }
        var options = ""
        if let number = known.first {
            switch Int.random(in: 0..<5, using: &random) {
            case 0: steps.append("filter(\(number) gt 1)")
            case 1:
                steps += [
                    "compute(\(number) add 1 as more)", "aggregate(more with sum as total,more with average as middle,$count as rows)",
                ]
            case 2: options = "&compute=\(number) mul 2 as twice&filter=twice ge 4 or twice eq null"
            case 3: options = "&orderby=\(number) desc"
            default: break
            }
        }
        return "apply=\(steps.joined(separator: "/"))\(options)".replacing(" ", with: "%20")
    }

    private mutating func some(_ items: [String], _ counts: ClosedRange<Int>) -> [String] {
        var rest = items
        return (0..<Int.random(in: counts, using: &random)).map { _ in rest.remove(at: Int.random(in: 0..<rest.count, using: &random)) }
    }
}
