import QueryLanguage
import Records

/// The tokens of incremental sync: as text from outside, and sealed as the server seals them, with anything inside.
struct DeltaTokenFront: Front {
    static let name = "delta-tokens"
    static let longestInput = 4_000
    static let dictionary = [
        "10:20:", "10:20:10,14", ":", ",", "|", "0", "18446744073709551615", "18446744073709551616", "-", "\u{0}", "AQUA", "é", "_-",
    ]

    private static let query = "lab.sample|filter"

    mutating func run(_ input: [UInt8]) -> Outcome {
        let text = String(decoding: input, as: UTF8.self)
        if let token = SyncToken(text, for: Self.query), token.encoded(for: Self.query) != text {
            return Outcome("accepted", finding: "A token has two spellings.")
        }
        return sealed(text)
    }

    /// Parts between bars: what was seen, what is told of, the database.
    private func sealed(_ text: String) -> Outcome {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        let until = parts.count > 1 ? parts[1] : nil
        let token = SyncToken(
            seen: parts[0], issued: Int64(text.utf8.count), system: parts.count > 2 ? parts[2] : "", until: until,
            last: until == nil ? nil : GUID(high: 1, low: 2), form: ListForm(list: "1", categories: "2"))
        let spelling = token.encoded(for: Self.query)
        let isGood = SyncToken.isSnapshot(parts[0]) && until.map(SyncToken.isSnapshot) ?? true
        let read = SyncToken(spelling, for: Self.query)
        if isGood, read != token { return Outcome("refused", finding: "A token doesn't read as what it was made of.") }
        if !isGood, read != nil { return Outcome("accepted", finding: "A token holds what is no snapshot.") }
        if SyncToken(spelling, for: Self.query + "2") != nil { return Outcome("accepted", finding: "Another query's token is taken.") }
        var changed = Array(spelling.utf8)
        let place = text.utf8.count % changed.count
        changed[place] = changed[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        if SyncToken(String(decoding: changed, as: UTF8.self), for: Self.query) != nil {
            return Outcome("accepted", finding: "A changed token is taken.")
        }
        return Outcome("\(isGood) \(until == nil)")
    }
}
