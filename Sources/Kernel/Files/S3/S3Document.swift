/// The small XML documents of S3, as far as they are needed: elements that hold text or other elements, without attributes that matter.
enum S3Document {
    /// What stands in each element of that name, in order; text as it was written, with its entities replaced.
    static func elements(_ name: String, in text: some StringProtocol) -> [String] {
        var found: [String] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "<\(name)>") {
            let inner = rest[start.upperBound...]
            guard let end = inner.firstRange(of: "</\(name)>") else { break }
            found.append(unescaped(inner[..<end.lowerBound]))
            rest = inner[end.upperBound...]
        }
        return found
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }

    private static func unescaped(_ text: some StringProtocol) -> String {
        guard text.contains("&") else { return String(text) }
        return String(text).replacing("&quot;", with: "\"").replacing("&#34;", with: "\"").replacing("&apos;", with: "'")
            .replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
    }
}
