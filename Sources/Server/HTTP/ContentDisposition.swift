/// The header that names a download (RFC 6266).
enum ContentDisposition {
    /// - Parameter name: cleaned already.
    static func value(isInline: Bool, name: String) -> String {
        let kind = isInline ? "inline" : "attachment"
        let plain = String(String.UnicodeScalarView(name.unicodeScalars.map { isPlain($0) ? $0 : "_" }))
        guard plain != name else { return "\(kind); filename=\"\(plain)\"" }
        return "\(kind); filename=\"\(plain)\"; filename*=UTF-8''\(encoded(name))"
    }

    /// Characters that every client reads alike between quotes.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        (0x20..<0x7F).contains(scalar.value) && scalar != "\"" && scalar != "\\" && scalar != "%"
    }

    /// RFC 8187 section 3.2.1.
    private static func encoded(_ name: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            let isLetterOrDigit = byte &- 48 < 10 || (byte | 0x20) &- 97 < 26
            if isLetterOrDigit || "!#$&+-.^_`|~".utf8.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
