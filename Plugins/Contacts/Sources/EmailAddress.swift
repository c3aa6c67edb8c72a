/// A mail address, as it is kept.
///
/// The domain is lower-cased, since case means nothing in it (RFC 4343); an internationalised one stays as it was typed. The part
/// before the `@` belongs to the receiver (RFC 5321, 2.4) and keeps its case; the store ignores that when it compares.
struct EmailAddress {
    /// The address without blanks around it and with its domain in lower case.
    let text: String

    init(_ typed: String) {
        let trimmed = typed.trimmingWhitespace()
        guard let at = trimmed.lastIndex(of: "@") else {
            text = String(trimmed)
            return
        }
        text = trimmed[...at] + trimmed[at...].dropFirst().lowercased()
    }

    /// What stands before the `@`; nil when there is nothing or no `@`.
    var localPart: String? {
        guard let at = text.lastIndex(of: "@"), at > text.startIndex else { return nil }
        return String(text[..<at])
    }
}
