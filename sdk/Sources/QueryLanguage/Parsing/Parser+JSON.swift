extension Parser {
    /// A JSON array or object whose values may be expressions: rule `arrayOrObject`.
    mutating func json() throws(QueryError) -> Expression {
        let start = position
        try enter()
        let kind: Expression.Kind
        if skip("[") {
            kind = .array(try jsonItems())
        } else {
            try expect("{", "'[' or '{'")
            kind = .object(try jsonMembers())
        }
        leave()
        return try node(kind, from: start)
    }

    private mutating func jsonItems() throws(QueryError) -> [Expression] {
        var items: [Expression] = []
        skipBlanks()
        if skip("]") { return items }
        repeat {
            skipBlanks()
            items.append(try jsonValue())
            skipBlanks()
        } while skip(",")
        try expect("]", "',' or ']'")
        return items
    }

    private mutating func jsonMembers() throws(QueryError) -> [Expression.ObjectMember] {
        var members: [Expression.ObjectMember] = []
        skipBlanks()
        if skip("}") { return members }
        repeat {
            skipBlanks()
            let start = position
            let name = try jsonString()
            if members.contains(where: { $0.name == name }) { throw fail(at: start, "The member \"\(name)\" is there twice.") }
            skipBlanks()
            try expect(":", "':'")
            skipBlanks()
            members.append(Expression.ObjectMember(name: name, value: try jsonValue()))
            skipBlanks()
        } while skip(",")
        try expect("}", "',' or '}'")
        return members
    }

    private mutating func jsonValue() throws(QueryError) -> Expression {
        let start = position
        guard peek() == UInt8(ascii: "\"") else { return try expression() }
        let text = try jsonString()
        return try node(.literal(.value(.string(text))), from: start)
    }

    private mutating func jsonString() throws(QueryError) -> String {
        let start = position
        try expect("\"", "a string in double quotes")
        var content: [UInt8] = []
        while true {
            guard !isAtEnd else { throw fail(at: start, "The string that starts here has no closing quote.") }
            let byte = peek()
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"): try jsonEscape(into: &content)
            case 0..<0x20: throw fail(at: position - 1, "A control character in a JSON string must be escaped.")
            default: content.append(byte)
            }
        }
    }

    private mutating func jsonEscape(into content: inout [UInt8]) throws(QueryError) {
        let byte = peek()
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content.append(contentsOf: String(try jsonUnicodeEscape()).utf8)
        default: throw fail(at: position - 1, "Expected an escape such as \\n or \\u00e9.")
        }
    }

    private mutating func jsonUnicodeEscape() throws(QueryError) -> Character {
        let start = position - 2
        guard let first = hexUnit() else { throw fail(at: start, "Expected four hexadecimal digits after \\u.") }
        var value = first
        if first >= 0xD800, first < 0xDC00, peek() == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "u") {
            position += 2
            guard let second = hexUnit(), second >= 0xDC00, second < 0xE000 else {
                throw fail(at: start, "Expected the second half of a surrogate pair.")
            }
            value = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
        }
        guard value > 0, let scalar = Unicode.Scalar(value) else { throw fail(at: start, "There is no such character.") }
        return Character(scalar)
    }

    private mutating func hexUnit() -> UInt32? {
        var value: UInt32 = 0
        for distance in 0..<4 {
            guard let digit = ASCII.hexValue(peek(distance)) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }
}
