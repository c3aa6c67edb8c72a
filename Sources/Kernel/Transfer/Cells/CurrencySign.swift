/// The currencies that a sign beside an amount may mean.
enum CurrencySign {
    /// The ISO 4217 code of a sign or code.
    ///
    /// - Parameter preferred: the currencies that are taken when the sign can mean them, the likeliest first.
    /// - Returns: nil for what is no currency, and for a sign of several none of which is preferred.
    static func code(_ sign: String, preferred: [String]) -> String? {
        if sign.utf8.count == 3, sign.utf8.allSatisfy({ $0 >= 0x41 && $0 <= 0x5A }) { return sign }
        guard let meanings = meanings[sign] else { return nil }
        if let match = preferred.first(where: meanings.contains) { return match }
        return meanings.count == 1 || clear.contains(sign) ? meanings.first : nil
    }

    /// Whether a sign or code may stand beside an amount in that currency.
    static func canMean(_ sign: String, _ code: String) -> Bool { sign == code || meanings[sign]?.contains(code) == true }

    private static let meanings: [String: [String]] = [
        "€": ["EUR"], "£": ["GBP", "EGP", "SYP", "LBP"], "$": ["USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "CLP", "COP", "ARS"],
        "US$": ["USD"], "CA$": ["CAD"], "C$": ["CAD"], "AU$": ["AUD"], "A$": ["AUD"], "NZ$": ["NZD"], "HK$": ["HKD"], "S$": ["SGD"],
        "R$": ["BRL"], "¥": ["JPY", "CNY"], "₹": ["INR"], "₽": ["RUB"], "₺": ["TRY"], "₩": ["KRW"], "₪": ["ILS"], "₫": ["VND"],
        "₴": ["UAH"], "฿": ["THB"], "zł": ["PLN"], "Kč": ["CZK"], "Ft": ["HUF"], "Fr.": ["CHF"], "R": ["ZAR"],
        "kr": ["SEK", "NOK", "DKK", "ISK"], "kr.": ["DKK", "SEK", "NOK", "ISK"],
    ]

    /// Signs of several currencies of which the first is what people mean abroad.
    private static let clear: Set<String> = ["£", "$", "¥"]
}
