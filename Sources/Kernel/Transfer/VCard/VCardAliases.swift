/// Gives properties that programs write under names of their own the standard's name, and labels of groups to the properties they label.
enum VCardAliases {
    /// A parameter of ours: the words that a user gave a number or an address.
    static let label = "X-LABEL"

    static func standardised(_ card: VCard) -> [VCard.Property] {
        var labels: [String: String] = [:]
        for property in card.properties {
            if let group = property.group?.lowercased(), property.name == "X-ABLABEL" { labels[group] = plain(property.text) }
        }
        return card.properties.map { property in
            let label = property.group.flatMap { labels[$0.lowercased()] }
            var standard = standardised(property, label: label)
            if let label { standard.parameters.append(VCard.Parameter(Self.label, [label])) }
            return standard
        }
    }

    /// Apple's own labels stand in `_$!<…>!$_`.
    private static func plain(_ label: String) -> String {
        label.hasPrefix("_$!<") && label.hasSuffix(">!$_") ? VCardKind.snakeCase(String(label.dropFirst(4).dropLast(4))) : label
    }

    private static func standardised(_ property: VCard.Property, label: String?) -> VCard.Property {
        var property = property
        switch property.name {
        case "X-ABDATE":
            if label?.lowercased() == "anniversary" { property.name = "ANNIVERSARY" }
        case "X-ABRELATEDNAMES":
            if label?.lowercased() == "assistant" { property.name = "X-ASSISTANT" }
        case "X-ANDROID-CUSTOM": readAndroid(&property)
        case "X-SOCIALPROFILE", "SOCIALPROFILE":
            property.name = "SOCIALPROFILE"
            let services = property.values(of: "SERVICE-TYPE")
            if !services.isEmpty { property.parameters.append(VCard.Parameter("TYPE", services)) }
        default:
            if let name = names[property.name] {
                property.name = name
            } else if let scheme = messengers[property.name] {
                property.name = "IMPP"
                if case .text(let text) = property.value, !text.contains(":") { property.value = .text("\(scheme):\(text)") }
            }
        }
        return property
    }

    /// `X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;Johny;1;…`
    private static func readAndroid(_ property: inout VCard.Property) {
        let parts = property.components.map { $0.joined(separator: ",") }
        guard parts.count > 1, !parts[1].isEmpty else { return }
        switch parts[0] {
        case "vnd.android.cursor.item/nickname": property.name = "NICKNAME"
        case "vnd.android.cursor.item/contact_event" where parts.count > 2 && parts[2] == "1": property.name = "ANNIVERSARY"
        case "vnd.android.cursor.item/contact_event" where parts.count > 2 && parts[2] == "3": property.name = "BDAY"
        default: return
        }
        property.value = .text(VCardText.escaped(parts[1]))
    }

    /// What 4.0 and its extensions (RFC 9554) made of names that older versions had to make up.
    static let newNames: Set<String> = ["ANNIVERSARY", "GENDER", "LANG", "PRONOUNS", "SOCIALPROFILE"]

    private static let names: [String: String] = {
        var names = [
            "X-MS-ANNIVERSARY": "ANNIVERSARY", "X-EVOLUTION-ANNIVERSARY": "ANNIVERSARY", "X-KADDRESSBOOK-X-ANNIVERSARY": "ANNIVERSARY",
            "X-MS-ASSISTANT": "X-ASSISTANT", "X-EVOLUTION-ASSISTANT": "X-ASSISTANT", "X-KADDRESSBOOK-X-ASSISTANTSNAME": "X-ASSISTANT",
            "X-NICKNAME": "NICKNAME",
        ]
        for name in newNames { names["X-" + name] = name }
        return names
    }()

    private static let messengers = [
        "X-AIM": "aim", "X-ICQ": "icq", "X-JABBER": "xmpp", "X-MSN": "msnim", "X-YAHOO": "ymsgr", "X-SKYPE": "skype",
        "X-SKYPE-USERNAME": "skype", "X-GADUGADU": "gg", "X-GOOGLE-TALK": "xmpp", "X-QQ": "qq", "X-MS-IMADDRESS": "im",
        "X-TWITTER": "twitter",
    ]

    /// What says something about the card or repeats another property, and is nobody's loss.
    static let incidental: Set<String> = [
        "PRODID", "REV", "PROFILE", "X-ABLABEL", "X-ABADR", "LABEL", "SORT-STRING", "UID", "FN", "KIND", "MAILER", "X-MS-OL-DESIGN",
        "X-MS-OL-DEFAULT-POSTAL-ADDRESS", "X-ABUID", "SOURCE", "CLASS", FailedRows.property,
    ]
}
