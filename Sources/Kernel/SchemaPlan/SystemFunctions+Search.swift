import QueryLanguage

/// The words by which records are found (docs/search.md), by the same table as in memory.
extension SystemFunctions {
    static let search: [SystemFunction] = [searchFold, searchWords, searchEmail, searchURL, searchPhone]

    /// `SearchFolding.fold`, of text in normalization form C, as all text is stored.
    static let searchFold = SystemFunction(
        signature: "tessera.search_fold(text)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.search_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN CASE
                WHEN octet_length(value) = length(value) THEN translate(pg_catalog.lower(value COLLATE "C"), '''`', '')
                WHEN value !~ '[^\\u0001-\\u024F]' THEN \(folded(upTo: 0x2FF))
                ELSE \(folded(upTo: 0x10FFFF))
            END
            """
    )

    /// `SearchFolding.words`, not shortened yet. One expression, and not STRICT, so that PostgreSQL puts it in the place of the call.
    static let searchWords = SystemFunction(
        signature: "tessera.search_words(text)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.search_words(value text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN string_to_array(
                btrim(regexp_replace(tessera.search_fold(value) COLLATE "C", '[\(ranges(SearchFolding.separators))]+', ' ', 'g')), ' ')
            """
    )

    /// A mail address is found from its beginning and from its domain.
    static let searchEmail = SystemFunction(
        signature: "tessera.search_email(text)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.search_email(value text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN ARRAY[tessera.search_fold(value), split_part(tessera.search_fold(value), '@', 2)]
            """
    )

    /// A web address is found by its host, without `www.`.
    static let searchURL = SystemFunction(
        signature: "tessera.search_url(text)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.search_url(value text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN ARRAY[substring(tessera.search_fold(value) COLLATE "C" FROM '^(?:[a-z][a-z0-9+.-]*://)?(?:www\\.)?([^/?#:]*)')]
            """
    )

    /// A number is found by its digits from the country code on, from behind the country code on, and from the beginning of each group of digits
    /// as it was written, if there are four of them at least. Country codes are those of ITU-T E.164.
    ///
    /// One that is written without gaps doesn't tell where an area ends: it is found by its last four digits, and by its last six, seven and eight,
    /// which numbers without an area have; in the plan of +1 by its last seven.
    static let searchPhone = SystemFunction(
        signature: "tessera.search_phone(text, text)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.search_phone(number text, normalised text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN ARRAY(
                SELECT DISTINCT r.run FROM (
                    SELECT string_to_array(btrim(regexp_replace(number COLLATE "C", '[^0-9]+', ' ', 'g')), ' ') AS parts,
                        CASE WHEN number ~ '^ *[+]' THEN '+' || regexp_replace(number COLLATE "C", '[^0-9]+', '', 'g') ELSE normalised END AS dialled
                ) AS w CROSS JOIN LATERAL (
                    SELECT substring(w.dialled COLLATE "C" FROM '^\\+(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|2[1-689][0-9]|3[578][0-9]|42[0-9]|5[09][0-9]|6[789][0-9]|8[035789][0-9]|9[679][0-9])([0-9]+)') AS digits
                ) AS n CROSS JOIN LATERAL (
                    SELECT regexp_replace(normalised COLLATE "C", '[^0-9]+', '', 'g') AS run
                    UNION ALL
                    SELECT n.digits
                    UNION ALL
                    SELECT array_to_string(w.parts[place:], '') FROM generate_subscripts(w.parts, 1) AS place
                    UNION ALL
                    SELECT right(n.digits, size) FROM generate_series(4, length(n.digits) - 1) AS size
                    WHERE length(w.parts[cardinality(w.parts)]) > 6
                        AND (size = 4 OR CASE WHEN starts_with(w.dialled, '+1') THEN size = 7 ELSE size BETWEEN 6 AND 8 END)
                ) AS r
                WHERE length(r.run) >= 4)
            """
    )

    /// Lower case of Latin letters may lie behind them.
    private static func folded(upTo last: UInt32) -> String {
        let pairs = SearchFolding.pairs.filter { $0.from.value <= last }
        var (from, to) = ("", "")
        for pair in pairs {
            from.unicodeScalars.append(pair.from)
            to.unicodeScalars.append(pair.to)
        }
        // What has no counterpart vanishes.
        for value in SearchFolding.vanishing.joined() where value <= last && value != 0x27 {
            if let scalar = Unicode.Scalar(value) { from.unicodeScalars.append(scalar) }
        }
        let translated = "translate(tessera.lower(value), '\(from)''', '\(to)')"
        return SearchFolding.expansions.filter { $0.from.value <= last }.reduce(translated) { "replace(\($0), '\($1.from)', '\($1.to)')" }
    }

    /// For a bracket expression of PostgreSQL's regular expressions.
    private static func ranges(_ ranges: [ClosedRange<UInt32>]) -> String {
        func escaped(_ value: UInt32) -> String {
            let digits = String(value, radix: 16, uppercase: true)
            return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
        return ranges.map {
            $0.lowerBound == $0.upperBound ? escaped($0.lowerBound) : "\(escaped($0.lowerBound))-\(escaped($0.upperBound))"
        }
        .joined()
    }
}
