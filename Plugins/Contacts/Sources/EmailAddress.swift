/// A mail address, as it is kept.
///
/// The domain is lower-cased, since case means nothing in it (RFC 4343); an internationalised one stays as it was typed. The part
/// before the `@` belongs to the receiver (RFC 5321, 2.4) and keeps its case; the store ignores that when it compares.
struct EmailAddress {
    /// The address without blanks around it and with its domain in lower case.
    let text: String
    /// What stands before the `@`; nil when there is nothing or no `@`.
    let localPart: String?

    init(_ typed: String) {
        let trimmed = typed.trimmingWhitespace()
        guard let at = trimmed.utf8.lastIndex(of: UInt8(ascii: "@")) else {
            text = String(trimmed)
            localPart = nil
            return
        }
        let domain = trimmed[at...]
        let isLowerCase = domain.utf8.allSatisfy { $0 < 0x80 && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        text = isLowerCase ? String(trimmed) : trimmed[..<at] + domain.lowercased()
        localPart = at == trimmed.startIndex ? nil : String(trimmed[..<at])
    }
}
