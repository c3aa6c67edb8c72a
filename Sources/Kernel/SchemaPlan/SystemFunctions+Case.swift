import QueryLanguage

/// `tolower` and `toupper` of the query language (docs/query-language.md), by the same table as in memory and whatever the database's locale.
extension SystemFunctions {
    static let lower = caseFunction("lower", pairs: CaseMapping.lowercasePairs)
    static let upper = caseFunction("upper", pairs: CaseMapping.uppercasePairs)

    /// `translate` looks every character up in its whole list. So text in ASCII goes through PostgreSQL's own function, which under "C" changes
    /// nothing else, and Latin text through a short list.
    ///
    /// One expression, and not STRICT, so that PostgreSQL puts it in the place of the call.
    private static func caseFunction(_ name: String, pairs: [(from: Unicode.Scalar, to: Unicode.Scalar)]) -> SystemFunction {
        let others = pairs.filter { !$0.from.isASCII }
        let latin = others.filter { $0.from.value <= 0x24F }
        return SystemFunction(
            signature: "tessera.\(name)(text)",
            sql: """
                CREATE OR REPLACE FUNCTION tessera.\(name)(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
                RETURN CASE
                    WHEN octet_length(value) = length(value) THEN pg_catalog.\(name)(value COLLATE "C")
                    WHEN value !~ '[^\\u0001-\\u024F]' THEN translate(pg_catalog.\(name)(value COLLATE "C"), \(lists(latin)))
                    ELSE translate(pg_catalog.\(name)(value COLLATE "C"), \(lists(others)))
                END
                """
        )
    }

    private static func lists(_ pairs: [(from: Unicode.Scalar, to: Unicode.Scalar)]) -> String {
        var (from, to) = ("", "")
        for pair in pairs {
            from.unicodeScalars.append(pair.from)
            to.unicodeScalars.append(pair.to)
        }
        return "'\(from)', '\(to)'"
    }
}
