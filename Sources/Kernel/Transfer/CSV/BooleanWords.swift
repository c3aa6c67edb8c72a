/// The words that files use for true and false.
package enum BooleanWords {
    /// Lower case. English first; the others are what spreadsheets in those languages write.
    private static let words: [String: Bool] = [
        "true": true, "false": false, "t": true, "f": false, "yes": true, "no": false, "y": true, "n": false, "1": true, "0": false,
        "on": true,
        "off": false, "x": true, "-": false, "✓": true, "✔": true, "✗": false, "✘": false, "☑": true, "☐": false, "checked": true,
        "unchecked": false,
        "active": true, "inactive": false, "enabled": true, "disabled": false, "wahr": true, "falsch": false, "ja": true, "nein": false,
        "vrai": true,
        "faux": false, "oui": true, "non": false, "verdadero": true, "falso": false, "sí": true, "si": true, "vero": true,
        "verdadeiro": true,
        "sim": true, "não": false, "waar": true, "onwaar": false, "nee": false, "sant": true, "falskt": false, "nej": false,
    ]

    /// What a text says, whatever its case and the spaces around it; nil when it is no such word.
    package static func value(_ text: some StringProtocol) -> Bool? {
        guard text.utf8.count <= 32 else { return nil }
        var trimmed = Substring(text)
        while let first = trimmed.first, first == " " || first == "\t" { trimmed.removeFirst() }
        while let last = trimmed.last, last == " " || last == "\t" { trimmed.removeLast() }
        return words[trimmed.lowercased()]
    }
}
