import QueryLanguage

/// Days as cards write them: `19800322`, `1980-03-22`, `--0203`, each with or without a time.
///
/// A day without a year is kept in 1604, a leap year long ago: so do Apple's address books, which write it as such with `X-APPLE-OMIT-YEAR`.
enum VCardDate {
    static let noYear = 1604

    static func date(_ text: String) -> CalendarDate? {
        let day = text.split(separator: "T", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        let digits = day.filter { $0 != "-" }
        guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        if day.hasPrefix("--"), digits.count == 4 { return CalendarDate("\(noYear)-\(digits.prefix(2))-\(digits.suffix(2))") }
        guard digits.count == 8 else { return nil }
        return CalendarDate("\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.suffix(2))")
    }

    static func property(_ name: String, _ date: String, version: VCard.Version) -> VCard.Property {
        let digits = date.filter { $0 != "-" }
        let hasYear = !date.hasPrefix("\(noYear)-")
        if version == .v4_0 { return VCard.Property(name: name, value: .text(hasYear ? digits : "--" + digits.suffix(4))) }
        let parameters = hasYear ? [] : [VCard.Parameter("X-APPLE-OMIT-YEAR", ["\(noYear)"])]
        return VCard.Property(name: name, parameters: parameters, value: .text(date))
    }
}
