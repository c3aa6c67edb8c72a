/// Reads one whole line of a card: `group.NAME;PARAMETER=value:value`.
enum VCardLine {
    /// - Returns: nil for a line without a name, which some programs leave behind.
    /// - Throws: for a line that is no property.
    static func property(_ bytes: [UInt8], line: Int) throws(VCardError) -> VCard.Property? {
        guard !bytes.allSatisfy({ $0 <= 0x20 }) else { return nil }
        var head = Head(bytes)
        guard let name = head.readName() else {
            throw VCardError(line: line, "This is no property: write NAME:value, or begin a continued line with a blank.")
        }
        var property = VCard.Property(group: name.group, name: name.name, value: .text(""))
        while let parameter = head.readParameter() { property.parameters.append(parameter) }
        guard let value = head.value else { throw VCardError(line: line, "The property \(name.name) has no ':' before its value.") }
        let isText = decode(value, into: &property)
        if !isText { property.parameters.removeAll { $0.name == "ENCODING" } }
        return property
    }

    /// Undoes the transfer encoding. Returns whether the value is a text.
    private static func decode(_ value: ArraySlice<UInt8>, into property: inout VCard.Property) -> Bool {
        let encoding = property.values(of: "ENCODING").first?.uppercased()
        let charset = property.values(of: "CHARSET").first
        property.parameters.removeAll { $0.name == "CHARSET" }
        switch encoding {
        case "QUOTED-PRINTABLE", "Q":
            property.parameters.removeAll { $0.name == "ENCODING" }
            property.value = .text(text(quotedPrintable(value)[...], charset).replacing("\r\n", with: "\n"))
            return true
        case "BASE64", "B":
            if let binary = Base64.decode(value) {
                property.value = .binary(binary)
                return false
            }
            property.value = .text(text(value, charset))
            return true
        default:
            property.parameters.removeAll { $0.name == "ENCODING" }
            if binaries.contains(property.name), let (mediaType, content) = DataURI.decode(value) {
                property.parameters.removeAll { $0.name == "VALUE" }
                if let mediaType { property.parameters.append(VCard.Parameter(CardFile.mediaTypeParameter, [mediaType])) }
                property.value = .binary(content)
                return false
            }
            property.value = .text(text(value, charset))
            return true
        }
    }

    /// Properties that may hold their content in a `data:` URI (RFC 6350, 6.2.4, 6.6.3, 6.7.5, 6.8.1).
    private static let binaries: Set<String> = ["PHOTO", "LOGO", "SOUND", "KEY"]

    /// UTF-8 unless something else is named; what isn't valid UTF-8 and names nothing is taken for Windows-1252.
    private static func text(_ bytes: ArraySlice<UInt8>, _ charset: String?) -> String {
        let isWestern =
            charset.map { ["ISO-8859-1", "LATIN1", "WINDOWS-1252", "CP1252", "ISO-8859-15"].contains($0.uppercased()) } ?? false
        if !isWestern {
            if let text = String(validating: bytes, as: UTF8.self) { return text }
            if charset != nil { return String(decoding: bytes, as: UTF8.self) }
        }
        var decoded: [UInt8] = []
        for byte in bytes { Windows1252.append(byte, to: &decoded) }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func quotedPrintable(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "=") else {
                decoded.append(byte)
                continue
            }
            guard index + 1 < bytes.endIndex, let high = bytes[index].hexDigit, let low = bytes[index + 1].hexDigit else {
                // A soft break at the end, or an equals sign that nobody encoded.
                if index < bytes.endIndex { decoded.append(byte) }
                continue
            }
            decoded.append(high << 4 | low)
            index += 2
        }
        return decoded
    }

    // MARK: Before the value

    private struct Head {
        let bytes: [UInt8]
        private var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        /// What follows the colon that was reached.
        var value: ArraySlice<UInt8>? {
            guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { return nil }
            return bytes[(position + 1)...]
        }

        mutating func readName() -> (group: String?, name: String)? {
            let start = position
            while position < bytes.count, bytes[position] != UInt8(ascii: ";"), bytes[position] != UInt8(ascii: ":") { position += 1 }
            let whole = String(decoding: bytes[start..<position], as: UTF8.self).trimmingBlanks()
            guard !whole.isEmpty, whole.utf8.count <= 200, whole.utf8.allSatisfy({ $0.isVCardName || $0 == UInt8(ascii: ".") }) else {
                return nil
            }
            let parts = whole.split(separator: ".", omittingEmptySubsequences: true)
            guard let name = parts.last else { return nil }
            return (parts.count > 1 ? parts.dropLast().joined(separator: ".") : nil, name.uppercased())
        }

        mutating func readParameter() -> VCard.Parameter? {
            guard position < bytes.count, bytes[position] == UInt8(ascii: ";") else { return nil }
            position += 1
            let start = position
            while position < bytes.count, ![UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "=")].contains(bytes[position]) {
                position += 1
            }
            let name = String(decoding: bytes[start..<position], as: UTF8.self).trimmingBlanks()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "=") else { return Self.bare(name) }
            var values: [String] = []
            repeat {
                position += 1
                values.append(readParameterValue())
            } while position < bytes.count && bytes[position] == UInt8(ascii: ",")
            return VCard.Parameter(name.uppercased(), values)
        }

        private mutating func readParameterValue() -> String {
            if position < bytes.count, bytes[position] == UInt8(ascii: "\""),
                let end = bytes[(position + 1)...].firstIndex(of: UInt8(ascii: "\""))
            {
                let text = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
                position = end + 1
                while position < bytes.count, !Self.endsValue(bytes[position]) { position += 1 }
                return Self.uncareted(text)
            }
            let start = position
            while position < bytes.count, !Self.endsValue(bytes[position]) { position += 1 }
            return Self.uncareted(String(decoding: bytes[start..<position], as: UTF8.self).trimmingBlanks())
        }

        private static func endsValue(_ byte: UInt8) -> Bool { byte == 0x3B || byte == 0x3A || byte == 0x2C }

        /// A parameter of 2.1 without a name.
        private static func bare(_ word: String) -> VCard.Parameter {
            switch word.uppercased() {
            case "QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT": VCard.Parameter("ENCODING", [word])
            case "INLINE", "URL", "CID", "CONTENT-ID": VCard.Parameter("VALUE", [word])
            default: VCard.Parameter("TYPE", [word])
            }
        }

        /// RFC 6868.
        private static func uncareted(_ text: String) -> String {
            guard text.utf8.contains(UInt8(ascii: "^")) else { return text }
            var result = ""
            var rest = text[...]
            while let character = rest.popFirst() {
                guard character == "^", let next = rest.first, let meaning = ["n": "\n", "'": "\"", "^": "^"][next] else {
                    result.append(character)
                    continue
                }
                result += meaning
                rest.removeFirst()
            }
            return result
        }
    }
}

extension UInt8 {
    fileprivate var isVCardName: Bool {
        self >= 0x30 && self <= 0x39 || (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7A || self == UInt8(ascii: "-")
            || self == UInt8(ascii: "_")
    }

    var hexDigit: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}
