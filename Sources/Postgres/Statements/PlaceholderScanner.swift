/// Finds `$1`, `$2`, … in a statement, passing over strings, quoted identifiers, dollar quotes and comments
/// (PostgreSQL manual, 4.1 Lexical Structure).
struct PlaceholderScanner {
    private let bytes: [UInt8]
    private var position = 0

    /// Offsets of the dollar signs in the UTF-8 of the text.
    static func placeholders(in text: String) -> [Int] {
        var scanner = PlaceholderScanner(bytes: Array(text.utf8))
        return scanner.scan()
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func scan() -> [Int] {
        var found: [Int] = []
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "'"): skipQuoted(by: UInt8(ascii: "'"), escapes: isEscapeString)
            case UInt8(ascii: "\""): skipQuoted(by: UInt8(ascii: "\""), escapes: false)
            case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"): skipLineComment()
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): skipBlockComment()
            case UInt8(ascii: "$") where !followsName:
                if let next = peek(1), SQL.digit(next) != nil {
                    found.append(position)
                    position += 2
                } else {
                    skipDollarQuote()
                }
            default: position += 1
            }
        }
        return found
    }

    private func peek(_ distance: Int) -> UInt8? {
        position + distance < bytes.count ? bytes[position + distance] : nil
    }

    /// `E'…'` knows backslashes, unless the E ends a longer word.
    private var isEscapeString: Bool {
        guard position >= 1, bytes[position - 1] | 0x20 == UInt8(ascii: "e") else { return false }
        return position < 2 || !Self.isNamePart(bytes[position - 2])
    }

    private var followsName: Bool { position > 0 && Self.isNamePart(bytes[position - 1]) }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || SQL.digit(byte) != nil
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// A doubled quote ends one string and begins the next, which comes to the same.
    private mutating func skipQuoted(by quote: UInt8, escapes: Bool) {
        position += 1
        while position < bytes.count {
            if escapes, bytes[position] == UInt8(ascii: "\\") {
                position += 2
                continue
            }
            position += 1
            if bytes[position - 1] == quote {
                // The second half of a doubled quote stays in the same kind of string.
                guard escapes, position < bytes.count, bytes[position] == quote else { return }
                position += 1
            }
        }
    }

    private mutating func skipLineComment() {
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
    }

    /// Block comments nest.
    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if bytes[position] == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                depth += 1
                position += 2
            } else if bytes[position] == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                position += 2
            } else {
                position += 1
            }
        } while depth > 0 && position < bytes.count
    }

    private mutating func skipDollarQuote() {
        var end = position + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "$"), Self.isNamePart(bytes[end]) { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "$") else {
            position += 1
            return
        }
        let tag = bytes[position...end]
        position = end + 1
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "$"), bytes[position...].starts(with: tag) {
                position += tag.count
                return
            }
            position += 1
        }
    }
}
