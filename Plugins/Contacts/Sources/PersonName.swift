/// The parts of a person's name, and what to call the person.
struct PersonName {
    /// A name part without white space around it, and with one space where there was any inside. Nil when nothing is left.
    static func tidied(_ part: String) -> String? {
        if isTidy(part) { return part }
        let words = part.unicodeScalars.split(whereSeparator: \.properties.isWhitespace).map { Substring($0) }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }

    /// Whether the part is plain ASCII with no more than one space between words: nearly all are, and need no look at Unicode's tables.
    private static func isTidy(_ part: String) -> Bool {
        var previous = UInt8(ascii: " ")
        for byte in part.utf8 {
            guard byte >= 0x20, byte < 0x7F, byte != 0x20 || previous != 0x20 else { return false }
            previous = byte
        }
        return previous != 0x20
    }

    /// What a person without a name is called: the mail address's local part, else the phone number, else words that say so.
    static func display(first: String?, last: String?, email: EmailAddress?, phone: String?) -> String {
        let name = [first, last].compactMap(\.self).joined(separator: " ")
        if !name.isEmpty { return name }
        if let local = email?.localPart { return local }
        if let phone = phone.flatMap(tidied) { return phone }
        return unnamed
    }

    /// The name of a person of whom nothing is known yet.
    static let unnamed = "Unnamed person"
}
