/// The parts of a text that looks like a number, before it is decided which mark is the decimal one.
struct NumberReading {
    /// Digits, `.`, `,`, one kind of space and one of apostrophe.
    private(set) var core: [UInt8] = []
    private(set) var isNegative = false
    private(set) var currency: String?
    private(set) var isPercentage = false

    private static let longestText = 128

    init?(_ text: ArraySlice<UInt8>) {
        guard text.count <= Self.longestText else { return nil }
        if readPlainly(text) { return }
        guard var characters = Self.characters(text) else { return nil }
        Self.trim(&characters)
        if characters.first == "(" && characters.last == ")" && characters.count > 2 {
            isNegative = true
            characters = characters.dropFirst().dropLast()
        }
        guard readEnds(&characters) else { return nil }
        for character in characters {
            guard let byte = character.asciiValue, 0x30...0x39 ~= byte || ".,' ".utf8.contains(byte) else { return nil }
            core.append(byte)
        }
        guard core.contains(where: { 0x30...0x39 ~= $0 }) else { return nil }
    }

    /// Reads digits, points and commas with at most a minus in front: nearly all numbers of nearly all files.
    private mutating func readPlainly(_ text: ArraySlice<UInt8>) -> Bool {
        let hasMinus = text.first == UInt8(ascii: "-")
        let rest = hasMinus ? text.dropFirst() : text
        guard rest.contains(where: { 0x30...0x39 ~= $0 }),
            rest.allSatisfy({ 0x30...0x39 ~= $0 || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ",") })
        else { return false }
        isNegative = hasMinus
        core = Array(rest)
        return true
    }

    /// True for digits alone, which mean the same in every format.
    var isPlain: Bool { core.allSatisfy { 0x30...0x39 ~= $0 } }

    /// Takes signs, currencies and the percent sign off both ends.
    private mutating func readEnds(_ characters: inout ArraySlice<Character>) -> Bool {
        var signs = isNegative ? 1 : 0
        while true {
            Self.trim(&characters)
            if let first = characters.first, Self.minus.contains(first) || first == "+" {
                signs += 1
                isNegative = isNegative || first != "+"
                characters = characters.dropFirst()
            } else if let last = characters.last, Self.minus.contains(last) {
                signs += 1
                isNegative = true
                characters = characters.dropLast()
            } else if characters.last == "%" && !isPercentage {
                isPercentage = true
                characters = characters.dropLast()
            } else if currency == nil, let name = Self.currency(atStartOf: characters) {
                currency = name
                characters = characters.dropFirst(name.count)
            } else if currency == nil, let name = Self.currency(atEndOf: characters) {
                currency = name
                characters = characters.dropLast(name.count)
            } else {
                return signs <= 1
            }
        }
    }

    /// The text's characters with all spaces and apostrophes made one kind; nil when it is not UTF-8.
    private static func characters(_ text: ArraySlice<UInt8>) -> ArraySlice<Character>? {
        guard let string = String(validating: text, as: UTF8.self) else { return nil }
        return string.map { character in
            switch character {
            case "\u{00A0}", "\u{202F}", "\u{2009}", "\t": " "
            case "\u{2019}": "'"
            default: character
            }
        }[...]
    }

    private static func trim(_ characters: inout ArraySlice<Character>) {
        while characters.first == " " { characters = characters.dropFirst() }
        while characters.last == " " { characters = characters.dropLast() }
    }

    private static let minus: Set<Character> = ["-", "\u{2212}"]

    /// Longer ones first, so that `R$` is not taken for `R`.
    private static let currencies: [String] = [
        "EUR", "USD", "GBP", "CHF", "JPY", "CNY", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "TRY", "INR", "AUD", "CAD", "NZD", "SGD",
        "HKD", "ZAR", "BRL", "MXN", "KRW", "THB", "IDR", "MYR", "PHP", "VND", "ILS", "AED", "SAR", "UAH", "BGN", "ISK", "CLP", "COP", "ARS",
        "PEN",
        "NGN", "KES", "EGP", "MAD", "TWD", "PKR", "BDT", "LKR", "RUB", "US$", "CA$", "AU$", "NZ$", "HK$", "Fr.", "kr.", "Kč", "zł", "kr",
        "Ft",
        "R$", "A$", "C$", "S$", "€", "$", "£", "¥", "₹", "₽", "₺", "₩", "₪", "₫", "₴", "฿", "R",
    ]

    private static let byFirst = Dictionary(grouping: currencies.map(Array.init)) { $0[0] }
    private static let byLast = Dictionary(grouping: currencies.map(Array.init)) { $0[$0.count - 1] }

    private static func currency(atStartOf characters: ArraySlice<Character>) -> String? {
        characters.first.flatMap { byFirst[$0] }?.first { characters.starts(with: $0) }.map { String($0) }
    }

    private static func currency(atEndOf characters: ArraySlice<Character>) -> String? {
        characters.last.flatMap { byLast[$0] }?.first { characters.suffix($0.count).elementsEqual($0) }.map { String($0) }
    }
}
