import TesseraKit

/// The lists of ways to reach somebody, as the `emails` and `phones` fields hold them: objects with `address` or `number`,
/// `kind`, `is_primary` and more, which is passed through.
enum Channels {
    /// The emails with their addresses as they are kept; nil when they were so already.
    static func tidiedEmails(_ emails: FieldValue) -> FieldValue? {
        guard var list = emails.list else { return nil }
        var isChanged = false
        for index in list.indices {
            guard var email = list[index].object, let typed = email["address"]?.text else { continue }
            let address = EmailAddress(typed).text
            guard address.utf8.elementsEqual(typed.utf8) == false else { continue }
            email["address"] = .text(address)
            list[index] = .object(email)
            isChanged = true
        }
        return isChanged ? .list(list) : nil
    }

    /// The member of the element that is marked primary, else of the first one.
    static func primary(_ member: String, of channels: FieldValue) -> String? {
        let elements = (channels.list ?? []).compactMap(\.object)
        let primary = elements.first { $0["is_primary"]?.boolean == true } ?? elements.first
        return primary?[member]?.text
    }
}
