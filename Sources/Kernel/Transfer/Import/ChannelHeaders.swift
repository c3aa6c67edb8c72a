import Catalog

/// Headers of columns that hold mail addresses and phone numbers: `Mobile`, `Work phone`, `E-mail 2 address`. All of them fill the one list of
/// their sort, with the kind that they name.
struct ChannelHeaders {
    private let emails: Field?
    private let phones: Field?

    /// Types with several lists of a sort have none that is meant by such a header.
    init(_ type: RecordType) {
        func only(_ isWanted: (FieldType) -> Bool) -> Field? {
            let found = type.fields.filter { isWanted($0.type) }
            return found.count == 1 && found[0].readOnly == false ? found[0] : nil
        }
        emails = only { if case .emails = $0 { true } else { false } }
        phones = only { if case .phones = $0 { true } else { false } }
    }

    /// What a column is to fill: what its header was matched with, or a list and a kind where the header says no less than that.
    func better(than match: HeaderMatch, for header: String) -> String? {
        guard let (field, kind) = meaning(of: header) else { return match.key }
        let key = kind.map { "\(field.key)/\($0)" } ?? field.key
        guard let known = match.key else { return key }
        let isSameList = known == field.key || known == field.primaryProperty
        if isSameList { return kind == nil ? known : key }
        return match.confidence < 0.85 ? key : known
    }

    /// Every word of the header has to be known, so that the opt-out of mails is no mail address.
    private func meaning(of header: String) -> (field: Field, kind: String?)? {
        var words = HeaderWords.split(header)
        if let index = words.firstIndex(of: "e"), index + 1 < words.count, words[index + 1].hasPrefix("mail") { words.remove(at: index) }
        var kinds: Set<String> = []
        var isEmail = false
        var isPhone = false
        for word in words {
            if Self.emails.contains(word) {
                isEmail = true
            } else if Self.phones.contains(word) {
                isPhone = true
            } else if let kind = Self.numbers[word] {
                isPhone = true
                kinds.insert(kind)
            } else if let kind = Self.kinds[word] {
                kinds.insert(kind)
            } else if !Self.fillers.contains(word), !word.allSatisfy(\.isNumber) {
                return nil
            }
        }
        guard isEmail != isPhone, let field = isEmail ? emails : phones else { return nil }
        return (field, VCardKind.kind(types: Array(kinds), label: nil))
    }

    private static let emails: Set<String> = ["email", "emails", "mail", "mails"]
    private static let phones: Set<String> = [
        "phone", "phones", "telephone", "tel", "telefon", "telefonnummer", "telefone", "telephon", "landline", "festnetz",
    ]
    /// Words that say number and kind in one.
    private static let numbers = [
        "mobile": "mobile", "cell": "mobile", "cellphone": "mobile", "mobil": "mobile", "mobiltelefon": "mobile", "handy": "mobile",
        "handynummer": "mobile", "mobilnummer": "mobile", "fax": "fax", "telefax": "fax", "faxnummer": "fax", "pager": "pager",
    ]
    private static let kinds = [
        "work": "work", "business": "work", "office": "work", "company": "work", "arbeit": "work", "geschaftlich": "work",
        "dienstlich": "work", "buro": "work", "home": "home", "private": "home", "personal": "home", "privat": "home", "other": "other",
        "main": "main", "car": "car",
    ]
    private static let fillers: Set<String> = [
        "number", "no", "nr", "nummer", "address", "adresse", "value", "primary", "secondary", "alternate", "alternative", "additional",
    ]
}
