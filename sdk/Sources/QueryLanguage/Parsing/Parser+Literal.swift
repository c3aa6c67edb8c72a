extension Parser {
    /// A string in single quotes, a quote in it doubled. A duration where one is expected is recognised by the checker.
    mutating func stringLiteral() throws(QueryError) -> Expression {
        let start = position
        let text = try quoted()
        return try node(.literal(.value(.string(text))), from: start)
    }

    /// The content of single quotes.
    mutating func quoted() throws(QueryError) -> String {
        let start = position
        try expect("'", "a quote")
        var content: [UInt8] = []
        var runStart = position
        while true {
            guard !isAtEnd else { throw fail(at: start, "The text that starts here has no closing quote.") }
            guard peek() == UInt8(ascii: "'") else {
                position += 1
                continue
            }
            content.append(contentsOf: bytes[runStart..<position])
            position += 1
            guard peek() == UInt8(ascii: "'") else { break }
            content.append(UInt8(ascii: "'"))
            position += 1
            runStart = position
        }
        return String(decoding: content, as: UTF8.self)
    }

    /// A literal that starts with a digit or a sign, or a GUID; nil when none of them starts here.
    mutating func numberOrDate() throws(QueryError) -> Expression? {
        let start = position
        let first = peek()
        if let guid = guidLiteral() { return try node(.literal(.value(.guid(guid))), from: start) }
        let isSigned = first == UInt8(ascii: "-") || first == UInt8(ascii: "+")
        if isSigned, matchesWord("INF", at: 1, ignoringCase: false) {
            position += 4
            return try node(.literal(.notFinite(first == UInt8(ascii: "-") ? "-INF" : "INF")), from: start)
        }
        guard ASCII.isDigit(isSigned ? peek(1) : first) else { return nil }
        if !isSigned {
            if let value = try dateLiteral() { return try node(.literal(.value(value)), from: start) }
            if let value = try timeLiteral() { return try node(.literal(.value(value)), from: start) }
        }
        return try node(.literal(.value(try number())), from: start)
    }

    private mutating func guidLiteral() -> GUID? {
        guard peek(8) == UInt8(ascii: "-"), ASCII.hexValue(peek()) != nil, position + GUID.textLength <= bytes.count else { return nil }
        guard !isIdentifierByte(peek(GUID.textLength)) else { return nil }
        guard let guid = GUID(utf8: bytes.span.extracting(position..<(position + GUID.textLength))) else { return nil }
        position += GUID.textLength
        return guid
    }

    /// A date, or a date-time, when four digits and a minus start here.
    private mutating func dateLiteral() throws(QueryError) -> Value? {
        let start = position
        guard let year = digitRun(), year >= 4, peek(year) == UInt8(ascii: "-"), ASCII.isDigit(peek(year + 1)) else { return nil }
        guard ASCII.isDigit(peek(year + 2)), peek(year + 3) == UInt8(ascii: "-"), ASCII.isDigit(peek(year + 4)) else { return nil }
        guard year == 4 else { throw fail(.invalidLiteral, at: start, "A date lies between 0001-01-01 and 9999-12-31.") }
        var length = 10
        let isDateTime = peek(10) | 0x20 == UInt8(ascii: "t") && ASCII.isDigit(peek(11))
        if isDateTime {
            length = 11
            while isDateTimeByte(peek(length)) { length += 1 }
            // A colon or a dot at the end belongs to what follows.
            while peek(length - 1) == UInt8(ascii: ":") || peek(length - 1) == UInt8(ascii: ".") { length -= 1 }
        }
        guard position + length <= bytes.count, !isIdentifierByte(peek(length)) else {
            throw fail(.invalidLiteral, at: start, "Expected a date such as 2024-02-29.")
        }
        let literal = position..<(position + length)
        if isDateTime {
            guard let value = DateTime(utf8: bytes.span.extracting(literal)) else {
                throw fail(
                    .invalidLiteral, at: start, "Expected a date and time such as 2024-02-29T08:30:00Z or 2024-02-29T08:30:00+01:00.")
            }
            position += length
            return .dateTime(value)
        }
        guard let value = CalendarDate(utf8: bytes.span.extracting(literal)) else {
            throw fail(.invalidLiteral, at: start, "There is no such date; dates are written as 2024-02-29.")
        }
        position += length
        return .date(value)
    }

    private func isDateTimeByte(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "+")
            || byte == UInt8(ascii: "-") || byte | 0x20 == UInt8(ascii: "z")
    }

    private mutating func timeLiteral() throws(QueryError) -> Value? {
        guard digitRun() == 2, peek(2) == UInt8(ascii: ":"), ASCII.isDigit(peek(3)), ASCII.isDigit(peek(4)) else { return nil }
        guard let (value, end) = TimeOfDay.scan(bytes.span, at: position), !(end < bytes.count && isIdentifierByte(bytes[end])) else {
            throw fail(.invalidLiteral, at: position, "Expected a time such as 08:30 or 23:59:59.5.")
        }
        position = end
        return .timeOfDay(value)
    }

    /// How many digits stand at the position, or nil for none.
    private func digitRun() -> Int? {
        var count = 0
        while ASCII.isDigit(peek(count)) { count += 1 }
        return count > 0 ? count : nil
    }

    /// A number: an integer when it has neither point nor exponent and fits, else a decimal.
    mutating func number() throws(QueryError) -> Value {
        let start = position
        if peek() == UInt8(ascii: "-") || peek() == UInt8(ascii: "+") { position += 1 }
        var isWhole = true
        while ASCII.isDigit(peek()) { position += 1 }
        if peek() == UInt8(ascii: "."), ASCII.isDigit(peek(1)) {
            isWhole = false
            position += 1
            while ASCII.isDigit(peek()) { position += 1 }
        }
        if peek() | 0x20 == UInt8(ascii: "e") {
            let signed = peek(1) == UInt8(ascii: "-") || peek(1) == UInt8(ascii: "+")
            if ASCII.isDigit(peek(signed ? 2 : 1)) {
                isWhole = false
                position += signed ? 2 : 1
                while ASCII.isDigit(peek()) { position += 1 }
            }
        }
        if peek() == UInt8(ascii: "-"), isWhole {
            throw fail(.invalidLiteral, at: start, "Expected a number, a date such as 2024-02-29 (years 1 to 9999), or a GUID.")
        }
        guard !isIdentifierByte(peek()), peek() != UInt8(ascii: ".") else {
            throw fail(at: position, "Expected a digit, a blank or the end of the number, found \(foundText).")
        }
        let slice = bytes.span.extracting(start..<position)
        if isWhole, let value = wholeNumber(slice) { return .integer(value) }
        guard let value = DecimalNumber(utf8: slice, digitLimit: limits.numberDigits) else {
            throw fail(.limit, at: start, "A number has at most \(limits.numberDigits) digits before and after the point.")
        }
        return .decimal(value)
    }

    private func wholeNumber(_ digits: Span<UInt8>) -> Int64? {
        var value: Int64 = 0
        let isNegative = digits[0] == UInt8(ascii: "-")
        for index in digits.indices where ASCII.isDigit(digits[index]) {
            let digit = Int64(digits[index] &- 48)
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// A literal that is a word, or starts with one: `null`, `true`, `INF`, `duration'…'`, `Namespace.Type'…'`.
    mutating func wordLiteral() throws(QueryError) -> Expression? {
        let start = position
        guard let end = qualifiedNameEnd(at: position) else { return nil }
        if end < bytes.count, bytes[end] == UInt8(ascii: "'") {
            let prefix = text.string(position..<end)
            position = end
            return try node(.literal(try prefixedLiteral(prefix, from: start)), from: start)
        }
        // A word that opens a path or a call isn't a literal.
        guard end >= bytes.count || (bytes[end] != UInt8(ascii: "/") && bytes[end] != UInt8(ascii: "(")) else { return nil }
        let literal: Literal? =
            switch end - start {
            case 4 where matches("null", ignoringCase: false): .value(.null)
            case 4 where matches("true", ignoringCase: version.ignoresCase): .value(.bool(true))
            case 5 where matches("false", ignoringCase: version.ignoresCase): .value(.bool(false))
            case 3 where matches("NaN", ignoringCase: false): .notFinite("NaN")
            case 3 where matches("INF", ignoringCase: false): .notFinite("INF")
            default: nil
            }
        guard let literal else { return nil }
        position = end
        return try node(.literal(literal), from: start)
    }

    private mutating func prefixedLiteral(_ prefix: String, from start: Int) throws(QueryError) -> Literal {
        let content = try quoted()
        switch prefix.lowercased() {
        case "duration":
            guard let value = DayTimeDuration(content) else {
                throw fail(.invalidLiteral, at: start, "Expected a duration such as duration'P1DT2H30M'.")
            }
            return .value(.duration(value))
        case "binary":
            guard content.utf8.allSatisfy(Parser.isBase64URL) else {
                throw fail(.invalidLiteral, at: start, "Expected base64url text such as binary'T0RhdGE'.")
            }
            return .binary(content)
        case "geography", "geometry":
            return .geo(prefix: prefix.lowercased(), text: content)
        default:
            guard Parser.isMemberList(content) else {
                throw fail(.invalidLiteral, at: start, "Expected names of members in quotes, such as \(prefix)'first,second'.")
            }
            return .enumeration(type: prefix, members: content)
        }
    }

    private static func isBase64URL(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "=")
    }

    /// Names or integers separated by commas.
    private static func isMemberList(_ text: String) -> Bool {
        let items = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        return items.allSatisfy { item in
            let digits = item.first == UInt8(ascii: "-") || item.first == UInt8(ascii: "+") ? item.dropFirst() : item
            if !digits.isEmpty, digits.allSatisfy(ASCII.isDigit) { return true }
            guard let first = item.first, !ASCII.isDigit(first) else { return false }
            return item.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") || $0 >= 0x80 }
        }
    }

    /// Where a name with dots that starts at an index ends; nil if none starts there.
    func qualifiedNameEnd(at start: Int) -> Int? {
        guard var end = identifierEnd(at: start) else { return nil }
        while end < bytes.count, bytes[end] == UInt8(ascii: "."), let next = identifierEnd(at: end + 1) { end = next }
        return end
    }
}
