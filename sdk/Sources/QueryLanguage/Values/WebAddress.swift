/// The form in which web addresses are stored and compared: one without a scheme is taken as https.
///
/// ```swift
/// WebAddress.normal(" example.com/a ")  // "https://example.com/a"
/// WebAddress.normal("example.com:8080")  // "https://example.com:8080"
/// WebAddress.normal("tel:+4722123456")  // as it is
/// ```
public enum WebAddress {
    /// The address with its scheme and without blanks around it; a text that is none stays as it is.
    public static func normal(_ text: String) -> String {
        let address = CodePoints.trimmed(text)
        guard !address.isEmpty else { return text }
        return scheme(of: address) == nil ? "https://" + address : address
    }

    /// The scheme of an address in lower case; nil for one that begins with its host.
    public static func scheme(of address: String) -> String? {
        let bytes = address.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), let first = bytes.first, isLetter(first),
            bytes[..<colon].allSatisfy({ isLetter($0) || isDigit($0) || [0x2B, 0x2D, 0x2E].contains($0) })
        else { return nil }
        let scheme = String(address[..<colon]).lowercased()
        let isPort = bytes[colon...].dropFirst().first.map(isDigit) ?? false
        return isPort && !beforeNumbers.contains(scheme) ? nil : scheme
    }

    /// Schemes that digits may follow; `example.com:8080` is a host and its port.
    private static let beforeNumbers: Set<String> = ["tel", "sms", "sip", "sips", "callto"]

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
