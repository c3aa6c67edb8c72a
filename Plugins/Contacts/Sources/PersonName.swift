/// The parts of a person's name, and what to call the person.
struct PersonName {
    /// A name part without white space around it, and with one space where there was any inside. Nil when nothing is left.
    static func tidied(_ part: String) -> String? {
        let words = part.unicodeScalars.split(whereSeparator: \.properties.isWhitespace).map { Substring($0) }
        return words.isEmpty ? nil : words.joined(separator: " ")
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
