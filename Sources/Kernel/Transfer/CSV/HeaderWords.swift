/// Takes names apart into words, and knows which of them mean the same.
enum HeaderWords {
    /// The words of a name in lower case and without accents: `lastName`, `LAST_NAME` and `Last-Name ` are all `last`, `name`.
    static func split(_ text: String) -> [String] {
        var words: [String] = []
        var current = ""
        var previous: Character?
        func finish() {
            if !current.isEmpty { words.append(fold(current.lowercased())) }
            current = ""
        }
        for character in text {
            if !character.isLetter && !character.isNumber {
                finish()
            } else if let previous, previous.isLowercase && character.isUppercase || previous.isLetter && character.isNumber {
                finish()
                current.append(character)
            } else {
                current.append(character)
            }
            previous = character
        }
        finish()
        return words
    }

    /// The same words with every common phrase replaced by the one that stands for all of its meaning.
    static func canonical(_ words: [String]) -> [String] {
        var result: [String] = []
        var index = 0
        while index < words.count {
            var length = min(longestPhrase, words.count - index)
            while length > 0 {
                if let meaning = meanings[words[index..<(index + length)].joined(separator: " ")] {
                    result.append(meaning)
                    break
                }
                length -= 1
            }
            if length == 0 { result.append(words[index]) }
            index += max(1, length)
        }
        return result
    }

    /// How many letters to insert, remove, change or swap with their neighbour to make one word of the other (optimal string alignment).
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for row in 1...left.count {
            var current = [row]
            for column in 1...right.count {
                let isSame = left[row - 1] == right[column - 1]
                var best = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    best = min(best, beforeLast[column - 2] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }

    private static let accents: [Character: String] = {
        var table: [Character: String] = ["ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d"]
        let groups = [
            "a": "àáâãäåāăą", "c": "çćč", "d": "ď", "e": "èéêëēėęě", "g": "ğģ", "i": "ìíîïīįı", "k": "ķ", "l": "ľĺļ", "n": "ñńňņ",
            "o": "òóôõöōő",
            "r": "řŕ", "s": "śšşș", "t": "ťţț", "u": "ùúûüūůűų", "y": "ýÿ", "z": "źżž",
        ]
        for (plain, letters) in groups {
            for letter in letters { table[letter] = plain }
        }
        return table
    }()

    private static func fold(_ word: String) -> String {
        if word.utf8.allSatisfy({ $0 < 0x80 }) { return word }
        return word.map { accents[$0] ?? String($0) }.joined()
    }

    /// Each line means one thing, of what there is in any deployment: kinds of fields, parts of addresses, what every record has. Its first phrase
    /// stands for all. What a module's fields are called besides, its manifest says (`also_called`).
    private static let phrases: [[String]] = [
        ["id", "identifier", "record id"],
        ["email", "e mail", "email address", "e mail address", "mail address", "emails", "e mails", "primary email", "mail"],
        ["phone", "telephone", "tel", "phone number", "telephone number", "tel no", "phone no", "phones", "primary phone", "telefon"],
        ["mobile", "mobile phone", "mobile number", "cell", "cell phone", "cellphone", "handy"],
        ["fax", "fax number", "telefax"],
        ["street", "street address", "address line 1", "address 1", "strasse"],
        ["postal code", "postcode", "post code", "zip", "zip code", "zipcode", "postalcode", "plz"],
        ["city", "town", "locality", "ort", "stadt", "ville"],
        ["region", "state", "province", "county", "state province", "state region", "bundesland"],
        ["country", "nation", "country name", "country region", "pays"],
        ["work", "business"],
        ["website", "web site", "homepage", "home page", "url", "web page", "web", "web address"],
        ["description", "note", "notes", "comment", "comments", "remark", "remarks", "about"],
        ["tags", "tag", "keywords", "labels"],
        ["language", "locale", "preferred language"],
        ["time zone", "timezone", "tz"],
        ["owner", "owned by", "assigned to", "responsible"],
        ["created at", "created", "creation date", "date created", "created on", "create date"],
        ["updated at", "updated", "modified", "last modified", "modified on", "last updated", "modified date"],
        ["amount", "value", "sum", "total"],
        ["category", "kind", "type", "class"],
    ]

    private static let meanings: [String: String] = {
        var table: [String: String] = [:]
        for line in phrases {
            for phrase in line { table[phrase] = line.first }
        }
        return table
    }()

    private static let longestPhrase = meanings.keys.map { $0.split(separator: " ").count }.max() ?? 1
}
