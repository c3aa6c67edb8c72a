/// A header value with parameters, such as Content-Disposition or Content-Type (RFC 9110 section 5.6.6).
package struct HeaderParameters: Sendable, Hashable {
    /// What stands before the first semicolon, in lower case.
    package var value: String
    /// By name in lower case. Of a name given twice the first counts.
    package var parameters: [String: String] = [:]

    package init(_ header: String) {
        var rest = header.unicodeScalars[...]
        value = Self.trimmed(Self.take(from: &rest, until: ";")).lowercased()
        while !rest.isEmpty {
            rest = rest.dropFirst()
            let name = Self.trimmed(Self.take(from: &rest, until: "=", or: ";")).lowercased()
            guard rest.first == "=" else { continue }
            rest = rest.dropFirst()
            while rest.first == " " || rest.first == "\t" { rest = rest.dropFirst() }
            let value: String
            if rest.first == "\"" {
                value = Self.takeQuoted(from: &rest)
                _ = Self.take(from: &rest, until: ";")
            } else {
                value = Self.trimmed(Self.take(from: &rest, until: ";"))
            }
            if !name.isEmpty, parameters[name] == nil { parameters[name] = value }
        }
    }

    /// The name of a file: `filename*` (RFC 8187) where there is one that can be read, else `filename`.
    package var fileName: String? {
        if let text = parameters["filename*"].flatMap(Self.decoded) { return text }
        return parameters["filename"]
    }

    /// `UTF-8''na%C3%AFve.txt`
    private static func decoded(_ text: String) -> String? {
        let parts = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].lowercased() == "utf-8" else { return nil }
        var bytes: [UInt8] = []
        var rest = parts[2].utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    private static func take(
        from rest: inout Substring.UnicodeScalarView, until end: Unicode.Scalar, or other: Unicode.Scalar? = nil
    ) -> Substring {
        let stop = rest.firstIndex { $0 == end || $0 == other } ?? rest.endIndex
        defer { rest = rest[stop...] }
        return Substring(rest[..<stop])
    }

    private static func takeQuoted(from rest: inout Substring.UnicodeScalarView) -> String {
        rest = rest.dropFirst()
        var text = String.UnicodeScalarView()
        while let scalar = rest.popFirst(), scalar != "\"" {
            // Browsers send backslashes of Windows paths as they are; only what must be escaped is.
            if scalar == "\\", rest.first == "\"" || rest.first == "\\", let escaped = rest.popFirst() {
                text.append(escaped)
            } else {
                text.append(scalar)
            }
        }
        return String(text)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
