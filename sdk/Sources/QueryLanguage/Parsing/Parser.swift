/// The recursive descent over the bytes of one text. Extensions add the rules of the grammar.
///
/// Nothing here recurses without `nested`, which bounds the depth, and nothing makes a node without `node`, which bounds their number.
struct Parser {
    let text: SourceText
    let bytes: [UInt8]
    let limits: QueryLimits
    /// The next byte to look at.
    var position = 0
    /// How many rules that can contain themselves are open.
    var depth = 0
    /// Nodes made so far, by earlier parts of the same query too.
    var nodes = 0
    /// Whether operators, functions and option names must be written as OData 4.0 has them.
    var version: QueryVersion

    init(_ text: SourceText, limits: QueryLimits, version: QueryVersion = .v401, nodes: Int = 0) throws(QueryError) {
        self.text = text
        bytes = text.bytes
        self.limits = limits
        self.version = version
        self.nodes = nodes
        guard bytes.count <= limits.textLength else {
            throw QueryError(.limit, at: text.column(limits.textLength), "The query is longer than \(limits.textLength) bytes.")
        }
        if let invalid = text.firstInvalidIndex {
            throw text.invalid(at: invalid)
        }
    }

    var isAtEnd: Bool { position >= bytes.count }

    /// The byte at a distance from the position, 0 behind the end: no text contains that.
    func peek(_ distance: Int = 0) -> UInt8 {
        let index = position + distance
        return index >= 0 && index < bytes.count ? bytes[index] : 0
    }

    /// Steps over a byte if it is the next one.
    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    /// Steps over optional blanks.
    mutating func skipBlanks() {
        while ASCII.isBlank(peek()) { position += 1 }
    }

    mutating func expect(_ scalar: Unicode.Scalar, _ what: @autoclosure () -> String) throws(QueryError) {
        guard skip(scalar) else { throw unexpected(what()) }
    }

    /// Whether an ASCII word stands at a distance, in any case, whatever follows it.
    func matches(_ word: StaticString, at distance: Int = 0, ignoringCase: Bool = true) -> Bool {
        let start = position + distance
        guard start + word.utf8CodeUnitCount <= bytes.count else { return false }
        return word.withUTF8Buffer { expected in
            for index in expected.indices {
                let byte = ignoringCase ? ASCII.lowercased(bytes[start + index]) : bytes[start + index]
                guard byte == expected[index] else { return false }
            }
            return true
        }
    }

    /// Whether a word stands at a distance and no letter, digit or underscore follows it.
    func matchesWord(_ word: StaticString, at distance: Int = 0, ignoringCase: Bool = true) -> Bool {
        matches(word, at: distance, ignoringCase: ignoringCase)
            && !isIdentifierByte(peek(distance + word.utf8CodeUnitCount))
    }

    func isIdentifierByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    func range(from start: Int) -> SourceRange {
        SourceRange(start: text.column(start), end: text.column(position))
    }

    /// Counts a node and makes it.
    mutating func node(_ kind: Expression.Kind, from start: Int) throws(QueryError) -> Expression {
        try countNode(at: start)
        return Expression(kind, range: range(from: start))
    }

    mutating func countNode(at start: Int) throws(QueryError) {
        nodes += 1
        guard nodes <= limits.nodes else {
            throw QueryError(.limit, at: text.column(start), "The query has more than \(limits.nodes) parts.")
        }
    }

    /// Opens one level of nesting; every call is followed by `leave()` on success. After an error the parser isn't used again.
    mutating func enter() throws(QueryError) {
        depth += 1
        guard depth <= min(limits.depth, QueryLimits.greatestDepth) else {
            throw QueryError(.limit, at: text.column(position), "The query is nested deeper than \(limits.depth) levels.")
        }
    }

    /// Counts one more operator of a chain. A chain is a tree that leans left: its length is depth for whoever walks the tree.
    func lengthen(_ chain: inout Int) throws(QueryError) {
        chain += 1
        guard depth + chain <= min(limits.depth, QueryLimits.greatestDepth) else {
            throw QueryError(.limit, at: text.column(position), "The query is nested deeper than \(limits.depth) levels.")
        }
    }

    mutating func leave() {
        depth -= 1
    }

    func fail(_ code: QueryError.Code = .syntax, at index: Int, _ message: String, suggestion: String? = nil) -> QueryError {
        QueryError(code, at: text.column(index), message, suggestion: suggestion)
    }

    /// "Expected X, found Y." at the position.
    func unexpected(_ expectation: String, suggestion: String? = nil) -> QueryError {
        fail(at: position, "Expected \(expectation), found \(foundText).", suggestion: suggestion)
    }

    /// What stands at the position, for messages.
    var foundText: String {
        if isAtEnd { return "the end" }
        if ASCII.isBlank(peek()) { return "a blank" }
        var end = position
        if isIdentifierByte(bytes[end]) {
            while end < bytes.count, isIdentifierByte(bytes[end]), end - position < 40 { end += 1 }
            // A cut must not split a code point.
            while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        } else {
            end += 1
        }
        return "'\(text.string(position..<end))'"
    }

    /// Reads an identifier: a letter or underscore, then letters, digits, underscores; at most 128 code points.
    mutating func identifier(_ expectation: @autoclosure () -> String) throws(QueryError) -> String {
        guard let end = identifierEnd(at: position) else { throw unexpected(expectation()) }
        let name = text.string(position..<end)
        guard name.utf8.count <= 128 || name.unicodeScalars.count <= 128 else {
            throw fail(at: position, "A name has at most 128 characters.")
        }
        position = end
        return name
    }

    /// Where the identifier that starts at an index ends; nil if none starts there.
    func identifierEnd(at start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if ASCII.isLetter(byte) || byte == UInt8(ascii: "_") || (index > start && ASCII.isDigit(byte)) {
                index += 1
            } else if byte >= 0x80, let width = letterWidth(at: index, isFirst: index == start) {
                index += width
            } else {
                break
            }
        }
        return index > start ? index : nil
    }

    /// The width in bytes of a letter beyond ASCII; nil when the code point can't stand in a name.
    private func letterWidth(at index: Int, isFirst: Bool) -> Int? {
        var decoder = UTF8()
        var iterator = bytes[index...].makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber:
            return UTF8.width(scalar)
        case .decimalNumber, .nonspacingMark, .spacingMark, .connectorPunctuation, .format:
            return isFirst ? nil : UTF8.width(scalar)
        default:
            return nil
        }
    }
}
