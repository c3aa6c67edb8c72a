/// The kind of an address or number, as TYPE has it and as records have it: `TYPE=WORK,FAX` is `work_fax`, `TYPE=CELL` is `mobile`.
enum VCardKind {
    /// In the order in which several stand in a kind.
    private static let words = [
        "home", "work", "mobile", "fax", "pager", "main", "car", "iphone", "modem", "isdn", "bbs", "pcs", "textphone", "other",
    ]

    /// What every address or number is, or only says what it can do.
    private static let incidental: Set<String> = [
        "internet", "voice", "video", "text", "msg", "x400", "dom", "intl", "postal", "parcel", "pref",
    ]

    /// - Parameter label: what a user wrote, which says more than any type.
    static func kind(types: [String], label: String?) -> String? {
        if let label { return String(label.trimmingBlanks().prefix(40)) }
        let given = Set(types.map { $0 == "cell" ? "mobile" : $0 }).subtracting(incidental)
        let known = words.filter(given.contains)
        let other = given.subtracting(words).sorted().map(snakeCase)
        let kind = (known + other).joined(separator: "_")
        return kind.isEmpty ? nil : String(kind.prefix(40))
    }

    /// The types of a kind; nil when it has no such types and needs a label.
    static func types(of kind: String) -> [String]? {
        let parts = kind.split(separator: "_").map(String.init)
        guard !parts.isEmpty, words.filter(Set(parts).contains) == parts else { return nil }
        return parts.map { $0 == "mobile" ? "cell" : $0 }
    }

    /// The kinds of the same number, as one.
    static func merged(_ first: String?, _ second: String?) -> String? {
        guard let first, let second else { return first ?? second }
        return kind(types: "\(first)_\(second)".split(separator: "_").map(String.init), label: nil)
    }

    /// `AssistantPhone` → `assistant_phone`; what isn't letters stays as it is.
    static func snakeCase(_ label: String) -> String {
        let text = label.trimmingBlanks()
        guard text.utf8.allSatisfy({ ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
        else {
            return String(text.prefix(40))
        }
        var result = ""
        for character in text {
            if character == "-" {
                result += "_"
            } else if character.isUppercase, let last = result.last, last != "_" {
                result += "_" + character.lowercased()
            } else {
                result += character.lowercased()
            }
        }
        return String(result.prefix(40))
    }
}
