/// A statement as a value: its text with `$1`, `$2`, … and the parameters those stand for.
///
/// Values never become part of the text:
///
///     let sql: SQL = "SELECT name FROM people WHERE id = \(bind: id) AND \(condition)"
///
/// Pieces compose; placeholders are renumbered where they meet. Text that is the same from call to call is prepared once per
/// connection, so keep the text free of anything that varies.
package struct SQL: Sendable, Hashable {
    /// The statement with numbered placeholders.
    package private(set) var text: String
    package private(set) var parameters: [PostgresParameter]
    /// Where the placeholders begin in the UTF-8 of `text`, in order.
    private var placeholders: [Int]
    /// The text came from outside with its placeholders in it, so their places are looked up when they are needed.
    private var isVerbatim = false
    package var planning = Planning.byServer

    package init() {
        text = ""
        parameters = []
        placeholders = []
    }

    /// A finished text with its `$n` in place, such as one kept in a cache of statements.
    package init(verbatim text: String, parameters: [PostgresParameter] = []) {
        self.text = text
        self.parameters = parameters
        self.placeholders = []
        self.isVerbatim = true
    }

    package var isEmpty: Bool { text.isEmpty }

    package mutating func append(raw fragment: String) {
        text += fragment
    }

    /// Appends a placeholder for this value.
    package mutating func append(bind value: some PostgresEncodable) {
        append(parameter: value.postgresParameter)
    }

    package mutating func append(parameter: PostgresParameter) {
        if isVerbatim { resolvePlaceholders() }
        parameters.append(parameter)
        placeholders.append(text.utf8.count)
        text += "$"
        text += String(parameters.count)
    }

    /// Appends a quoted identifier.
    package mutating func append(identifier name: String) {
        text += SQL.quoted(identifier: name)
    }

    package mutating func append(_ other: SQL) {
        if other.planning == .eachTime { planning = .eachTime }
        guard !other.parameters.isEmpty else {
            text += other.text
            return
        }
        var other = other
        if other.isVerbatim { other.resolvePlaceholders() }
        if isVerbatim { resolvePlaceholders() }
        let offset = parameters.count
        parameters.append(contentsOf: other.parameters)
        guard offset > 0 else {
            let start = text.utf8.count
            text += other.text
            placeholders.append(contentsOf: other.placeholders.map { $0 + start })
            return
        }
        appendRenumbered(other, by: offset)
    }

    package static func + (left: SQL, right: SQL) -> SQL {
        var sum = left
        sum.append(right)
        return sum
    }

    package static func += (left: inout SQL, right: SQL) {
        left.append(right)
    }

    package static func joined(_ pieces: some Sequence<SQL>, separator: String) -> SQL {
        var sum = SQL()
        var isFirst = true
        for piece in pieces {
            if !isFirst { sum.append(raw: separator) }
            sum.append(piece)
            isFirst = false
        }
        return sum
    }

    /// `name` in double quotes, those inside doubled.
    package static func quoted(identifier name: String) -> String {
        var quoted = "\""
        quoted.reserveCapacity(name.utf8.count + 2)
        for scalar in name.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        quoted += "\""
        return quoted
    }

    /// A string constant. Only for statements that take no parameters, such as DDL; everywhere else bind the value.
    package static func quoted(literal value: String) -> String {
        var quoted = value.utf8.contains(UInt8(ascii: "\\")) ? " E'" : "'"
        for scalar in value.unicodeScalars {
            if scalar == "'" || scalar == "\\" { quoted.unicodeScalars.append(scalar) }
            quoted.unicodeScalars.append(scalar)
        }
        quoted += "'"
        return quoted
    }

    package static func == (left: SQL, right: SQL) -> Bool {
        left.text == right.text && left.parameters == right.parameters
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(text)
        hasher.combine(parameters)
    }

    private mutating func appendRenumbered(_ other: SQL, by offset: Int) {
        let source = other.text.utf8
        var copied = source.startIndex
        for placeholder in other.placeholders {
            let dollar = source.index(source.startIndex, offsetBy: placeholder)
            text += other.text[copied..<dollar]
            var end = source.index(after: dollar)
            var number = 0
            while end < source.endIndex, let digit = SQL.digit(source[end]), number < 100_000 {
                number = number * 10 + digit
                end = source.index(after: end)
            }
            placeholders.append(text.utf8.count)
            text += "$"
            text += String(number + offset)
            copied = end
        }
        text += other.text[copied...]
    }

    private mutating func resolvePlaceholders() {
        isVerbatim = false
        guard !parameters.isEmpty else { return }
        placeholders = PlaceholderScanner.placeholders(in: text)
    }

    static func digit(_ byte: UInt8) -> Int? {
        let digit = byte &- UInt8(ascii: "0")
        return digit < 10 ? Int(digit) : nil
    }
}

extension SQL: CustomStringConvertible {
    /// The text alone, so that no value gets into a log.
    package var description: String { text }
}
