import JSONReading
import QueryLanguage

/// The `skiptoken` of the link that goes on where an expanded link to many was cut.
///
/// PostgreSQL makes it together with the list, in which alone it is known which record was the last one shown:
///
///     xFINGERPRINT.REMAINING.KEYS     base64url of ["id of the record that has the link", "first sort key", …]
///
/// Like a `PageToken` it is bound to its link and order, and grants nothing. `REMAINING` is empty where `top` doesn't say how many may follow.
enum ExpansionToken {
    /// What is known of it before the list is read.
    static func head(of query: CheckedQuery, remaining: Int64?) -> String {
        let hex = String(PageToken.fingerprint(of: [], query: order(of: query)), radix: 16)
        return "x\(hex).\(remaining.map { "\($0)" } ?? "")."
    }

    /// SQL: the keys of a row, as a token has them.
    ///
    /// - Parameter owner: the alias of the record that has the link.
    static func keys(_ keys: [SortKey], owner: String) -> String {
        let texts = ["\(owner).\"id\""] + keys.map(text)
        return "translate(encode(convert_to(json_build_array(\(texts.joined(separator: ", ")))::text, 'UTF8'), 'base64'), E'+/=\\n', '-_')"
    }

    /// Where the list of a link goes on; nil for anything that wasn't made for this query and owner.
    static func read(_ text: String, for query: CheckedQuery, owner: GUID?) -> PageToken? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let types = SortKey.types(of: query)
        guard parts.count == 3, let owner, let bytes = Base64URL.decode(String(parts[2])) else { return nil }
        let remaining = Int64(parts[1])
        guard text.hasPrefix(head(of: query, remaining: remaining)), let items = try? JSONReader.value(of: bytes).items,
            items.count == types.count + 1, items[0].asText.flatMap({ GUID($0) }) == owner
        else { return nil }
        var values: [Value] = []
        for (item, type) in zip(items.dropFirst(), types) {
            if item.isNull {
                values.append(.null)
            } else {
                guard let text = item.asText, let value = type.isText ? .string(text) : Value(text: text, type: type) else { return nil }
                values.append(value)
            }
        }
        return PageToken(remaining: remaining, values: values)
    }

    private static func order(of query: CheckedQuery) -> String { "\(query.shape.name)|" + QueryKey("", orderOf: query).shape }

    /// A sort key as text that `Value` reads.
    private static func text(_ key: SortKey) -> String {
        switch key.type {
        case .dateTimeOffset: "replace(((\(key.sql)) AT TIME ZONE 'UTC')::text, ' ', 'T') || 'Z'"
        case .duration: "tessera.iso_duration(\(key.sql))"
        default: "(\(key.sql))::text"
        }
    }
}
