/// How a column of a file writes numbers.
package struct NumberFormat: Hashable, Sendable, CustomStringConvertible {
    package enum Mark: String, Hashable, Sendable {
        case point = "."
        case comma = ","
        /// Also the spaces that do not break (U+00A0, U+202F) and the thin one (U+2009).
        case space = " "
        /// Also the typographic one (U+2019), as Switzerland writes it.
        case apostrophe = "'"

        var byte: UInt8 { rawValue.utf8.first ?? 0 }
    }

    package var decimal: Mark
    /// Between thousands; nil when there is nothing. Numbers without it are read too.
    package var grouping: Mark?

    package init(decimal: Mark, grouping: Mark? = nil) {
        self.decimal = decimal
        self.grouping = grouping
    }

    /// The formats that are recognised, the plainest first.
    package static let all = [
        NumberFormat(decimal: .point), NumberFormat(decimal: .comma), NumberFormat(decimal: .point, grouping: .comma),
        NumberFormat(decimal: .comma, grouping: .point), NumberFormat(decimal: .point, grouping: .space),
        NumberFormat(decimal: .comma, grouping: .space), NumberFormat(decimal: .point, grouping: .apostrophe),
        NumberFormat(decimal: .comma, grouping: .apostrophe),
    ]

    /// An example that shows both marks, as people write them into a mapping: `1,234.5` or `1234,5`.
    package var description: String { "1\(grouping?.rawValue ?? "")234\(decimal.rawValue)5" }

    /// From such an example.
    package init?(example: String) {
        guard let format = Self.all.first(where: { $0.description == example }) else { return nil }
        self = format
    }

    /// The number without loss, as PostgreSQL and JSON write it (`-1234.50`), or nil when the text is none in this format.
    package func number(_ text: some StringProtocol) -> ParsedNumber? { number(Array(text.utf8)[...]) }

    package func number(_ text: ArraySlice<UInt8>) -> ParsedNumber? {
        guard let reading = NumberReading(text), let digits = canonical(reading.core) else { return nil }
        let isZero = digits.utf8.allSatisfy { $0 == 0x30 || $0 == 0x2E }
        return ParsedNumber(
            digits: reading.isNegative && !isZero ? "-" + digits : digits, currency: reading.currency, isPercentage: reading.isPercentage)
    }

    /// Digits and at most one point, from digits and marks.
    func canonical(_ core: [UInt8]) -> String? {
        let decimalAt = core.lastIndex(of: decimal.byte)
        let whole = core[..<(decimalAt ?? core.endIndex)]
        let fraction = decimalAt.map { core[($0 + 1)...] } ?? []
        let isDigit: (UInt8) -> Bool = { 0x30...0x39 ~= $0 }
        guard fraction.allSatisfy(isDigit), decimalAt == nil || !fraction.isEmpty, let integer = ungrouped(whole) else { return nil }
        if integer.isEmpty && fraction.isEmpty { return nil }
        let significant = integer.drop { $0 == 0x30 }
        let head = significant.isEmpty ? "0" : String(decoding: significant, as: UTF8.self)
        return fraction.isEmpty ? head : head + "." + String(decoding: fraction, as: UTF8.self)
    }

    private func ungrouped(_ whole: ArraySlice<UInt8>) -> [UInt8]? {
        let isDigit: (UInt8) -> Bool = { 0x30...0x39 ~= $0 }
        if whole.allSatisfy(isDigit) { return Array(whole) }
        guard let grouping else { return nil }
        let groups = whole.split(separator: grouping.byte, omittingEmptySubsequences: false)
        guard groups.count > 1, groups.allSatisfy({ $0.allSatisfy(isDigit) }), let first = groups.first, let last = groups.last,
            (1...3).contains(first.count), first.first != 0x30, last.count == 3
        else { return nil }
        let middle = groups.dropFirst().dropLast()
        // Thousands everywhere, or lakh and crore (12,34,567) as India writes them.
        let isIndian = grouping == .comma && first.count <= 2 && !middle.isEmpty && middle.allSatisfy { $0.count == 2 }
        guard middle.allSatisfy({ $0.count == 3 }) || isIndian else { return nil }
        return groups.flatMap { $0 }
    }
}

/// A number of a file.
package struct ParsedNumber: Hashable, Sendable {
    /// An optional minus, digits, and digits after a point where there are any.
    package var digits: String
    /// The symbol or ISO 4217 code beside the number, as written.
    package var currency: String?
    package var isPercentage: Bool
}
