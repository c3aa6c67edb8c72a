/// Writes cards into a buffer that the caller takes whenever it likes.
///
/// 3.0 and 4.0 fold lines at 75 bytes (RFC 6350, 3.2). 2.1 knows neither escapes of line breaks nor character sets but ASCII by default, so
/// what needs more is written quoted-printable in UTF-8, which all of its readers know.
package struct VCardWriter: Sendable {
    package let version: VCard.Version
    private var buffer: [UInt8] = []

    package init(version: VCard.Version = .v4_0) { self.version = version }

    /// How many bytes wait to be taken.
    package var count: Int { buffer.count }

    /// Hands over what was written so far.
    package mutating func take() -> [UInt8] {
        defer { buffer = [] }
        return buffer
    }

    /// Writes a card in the writer's version, whatever the card's own.
    package mutating func card(_ card: VCard) {
        line("BEGIN:VCARD")
        line("VERSION:\(version.rawValue)")
        for property in card.properties { write(property) }
        line("END:VCARD")
    }

    private mutating func write(_ property: VCard.Property) {
        let mediaType = property.values(of: CardFile.mediaTypeParameter).first
        var head = (property.group.map { $0 + "." } ?? "") + property.name
        for parameter in property.parameters where parameter.name != CardFile.mediaTypeParameter { head += text(of: parameter) }
        switch property.value {
        case .binary(let bytes):
            let encoded = Base64.encode(bytes)
            if version != .v4_0, let mediaType { head += text(of: VCard.Parameter("TYPE", [CardFile.type(of: mediaType)])) }
            switch version {
            case .v2_1:
                fold(Array("\(head);ENCODING=BASE64:".utf8) + encoded)
                buffer.append(contentsOf: [0x0D, 0x0A])
            case .v3_0: fold(Array("\(head);ENCODING=b:".utf8) + encoded)
            case .v4_0: fold(Array("\(head):data:\(mediaType ?? "application/octet-stream");base64,".utf8) + encoded)
            }
        case .text(let text):
            guard version == .v2_1, text.contains("\\n") || !text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
                if version == .v2_1 { line("\(head):\(text)") } else { fold("\(head):\(text)") }
                return
            }
            quotedPrintable("\(head);CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:", Self.withLineBreaks(text))
        }
    }

    private func text(of parameter: VCard.Parameter) -> String {
        let values = parameter.values.map(Self.quoted)
        // 2.1 has each type on its own, without a name.
        if version == .v2_1, parameter.name == "TYPE" { return values.map { ";\($0.uppercased())" }.joined() }
        return ";\(parameter.name)=\(values.joined(separator: ","))"
    }

    private static func quoted(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 < 0x21 || ";:,\"^".utf8.contains($0) }) else { return value }
        let careted = value.replacing("^", with: "^^").replacing("\n", with: "^n").replacing("\"", with: "^'")
        return "\"\(careted)\""
    }

    /// Escaped line breaks as they are encoded: CR LF.
    private static func withLineBreaks(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if isEscaped, scalar == "n" {
                result.removeLast()
                result.append(contentsOf: "\r\n".unicodeScalars)
            } else {
                result.append(scalar)
            }
            isEscaped = scalar == "\\" && !isEscaped
        }
        return String(result)
    }

    private mutating func line(_ text: String) {
        buffer.append(contentsOf: text.utf8)
        buffer.append(contentsOf: [0x0D, 0x0A])
    }

    /// At most 75 bytes a line, never within a character.
    private mutating func fold(_ text: String) {
        var length = 0
        for scalar in text.unicodeScalars {
            let bytes = UTF8.encode(scalar)?.count ?? 0
            if length + bytes > 75 {
                buffer.append(contentsOf: [0x0D, 0x0A, 0x20])
                length = 1
            }
            buffer.append(contentsOf: String(scalar).utf8)
            length += bytes
        }
        buffer.append(contentsOf: [0x0D, 0x0A])
    }

    /// The same for what is ASCII alone, which may be megabytes.
    private mutating func fold(_ ascii: [UInt8]) {
        buffer.reserveCapacity(buffer.count + ascii.count / 74 * 77 + 80)
        var start = 0
        while start < ascii.count {
            let end = min(ascii.count, start + (start == 0 ? 75 : 74))
            if start > 0 { buffer.append(contentsOf: [0x0D, 0x0A, 0x20]) }
            buffer.append(contentsOf: ascii[start..<end])
            start = end
        }
        buffer.append(contentsOf: [0x0D, 0x0A])
    }

    private mutating func quotedPrintable(_ head: String, _ text: String) {
        buffer.append(contentsOf: head.utf8)
        var length = head.utf8.count
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            // Without colons no part of a value, in a line of its own, can look like the end of the card.
            let isPlain = byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "=") && byte != UInt8(ascii: ":")
            if length + (isPlain ? 1 : 3) > 75 {
                buffer.append(contentsOf: [UInt8(ascii: "="), 0x0D, 0x0A])
                length = 0
            }
            if isPlain {
                buffer.append(byte)
                length += 1
            } else {
                buffer.append(contentsOf: [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]])
                length += 3
            }
        }
        buffer.append(contentsOf: [0x0D, 0x0A])
    }
}
