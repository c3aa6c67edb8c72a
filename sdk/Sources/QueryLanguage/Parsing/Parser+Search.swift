extension Parser {
    /// Rule `search`. `AND`, `OR` and `NOT` are operators only where an operand stands beside them; else they are words.
    mutating func search() throws(QueryError) -> SearchExpression {
        skipBlanks()
        if peek() == UInt8(ascii: "'") {
            let start = position
            if let text = try? quoted(), isAtSearchEnd {
                try countNode(at: start)
                return .word(text)
            }
            position = start
        }
        let expression = try searchExpression()
        skipBlanks()
        guard isAtSearchEnd else { throw unexpected("a search word, AND, OR or the end") }
        return expression
    }

    private var isAtSearchEnd: Bool {
        isAtEnd || peek() == UInt8(ascii: ")") || (peek() == UInt8(ascii: ";") && !text.isEncoded(position))
    }

    private mutating func searchExpression() throws(QueryError) -> SearchExpression {
        try enter()
        var result = try searchConjunction()
        var chain = 0
        while skipSearchOperator("OR") {
            result = .or(result, try searchConjunction())
            try lengthen(&chain)
        }
        leave()
        return result
    }

    private mutating func searchConjunction() throws(QueryError) -> SearchExpression {
        var result = try searchTerm()
        var chain = 0
        while true {
            let isExplicit = skipSearchOperator("AND")
            if !isExplicit {
                guard ASCII.isBlank(peek()), startsOperand(afterBlanksAt: position), !isSearchOperator("OR") else { break }
                skipBlanks()
            }
            result = .and(result, try searchTerm())
            try lengthen(&chain)
        }
        return result
    }

    private mutating func searchTerm() throws(QueryError) -> SearchExpression {
        let start = position
        try countNode(at: start)
        if matches("NOT", ignoringCase: false), ASCII.isBlank(peek(3)), startsOperand(afterBlanksAt: position + 3) {
            position += 3
            skipBlanks()
            try enter()
            let operand = try searchTerm()
            leave()
            return .not(operand)
        }
        if let number = searchNumber() { return .word(number) }
        if skip("(") {
            skipBlanks()
            let inner = try searchExpression()
            skipBlanks()
            try expect(")", "')'")
            return inner
        }
        if peek() == UInt8(ascii: "\"") { return try searchPhrase() }
        while isSearchWordByte(at: position) { position += 1 }
        guard position > start else { throw unexpected("a search word or words in double quotes") }
        return .word(text.string(start..<position))
    }

    /// A phone number with an area in parentheses that other digits stand right beside, as `(212)555-0187` and `+44(0)2079460958`: one word. Nil, with nothing
    /// read, for all else: parentheses that stand alone are those of the search.
    private mutating func searchNumber() -> String? {
        let start = position
        var index = start
        var (isBeside, hasGroup) = (false, false)
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "(") {
                var end = index + 1
                while end < bytes.count, isDigit(end) { end += 1 }
                guard end > index + 1, end < bytes.count, bytes[end] == UInt8(ascii: ")") else { break }
                hasGroup = true
                index = end + 1
            } else if isDigit(index) || Self.numberSigns.contains(bytes[index]) {
                isBeside = isBeside || isDigit(index)
                index += 1
            } else {
                break
            }
        }
        let isWhole = index == bytes.count || !isSearchWordByte(at: index) && bytes[index] != UInt8(ascii: "(")
        guard hasGroup, isBeside, isWhole else { return nil }
        position = index
        return text.string(start..<index)
    }

    private static let numberSigns: [UInt8] = [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/")]

    private func isDigit(_ index: Int) -> Bool { bytes[index] &- UInt8(ascii: "0") < 10 }

    private mutating func searchPhrase() throws(QueryError) -> SearchExpression {
        let start = position
        position += 1
        while !isAtEnd, peek() != UInt8(ascii: "\"") { position += 1 }
        guard !isAtEnd, position > start + 1 else { throw fail(at: start, "The phrase that starts here has no closing quote or no words.") }
        let phrase = text.string((start + 1)..<position)
        position += 1
        return .phrase(phrase)
    }

    /// Whether a search operand follows the blanks at an index.
    private func startsOperand(afterBlanksAt start: Int) -> Bool {
        var index = start
        while index < bytes.count, ASCII.isBlank(bytes[index]) { index += 1 }
        guard index > start, index < bytes.count else { return false }
        return bytes[index] == UInt8(ascii: "(") || bytes[index] == UInt8(ascii: "\"") || isSearchWordByte(at: index)
    }

    private func isSearchOperator(_ word: StaticString) -> Bool {
        var distance = 0
        while ASCII.isBlank(peek(distance)) { distance += 1 }
        guard distance > 0, matches(word, at: distance, ignoringCase: false) else { return false }
        return startsOperand(afterBlanksAt: position + distance + word.utf8CodeUnitCount)
    }

    private mutating func skipSearchOperator(_ word: StaticString) -> Bool {
        guard isSearchOperator(word) else { return false }
        skipBlanks()
        position += word.utf8CodeUnitCount
        skipBlanks()
        return true
    }

    private func isSearchWordByte(at index: Int) -> Bool {
        guard index < bytes.count else { return false }
        switch bytes[index] {
        case 0x20, 0x09, UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\""): return false
        case UInt8(ascii: "'"): return index > position || index > 0 && isSearchWordStart(before: index)
        case UInt8(ascii: ";"), UInt8(ascii: "#"), UInt8(ascii: "&"): return text.isEncoded(index)
        default: return true
        }
    }

    /// A quote may stand in a word, as in `Daniel's`, not at its start.
    private func isSearchWordStart(before index: Int) -> Bool {
        let byte = bytes[index - 1]
        return !ASCII.isBlank(byte) && byte != UInt8(ascii: "(") && byte != UInt8(ascii: "=")
    }
}
