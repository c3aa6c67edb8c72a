/// Writes JSON from top to bottom, members in the order they are given.
struct JSONText {
    private(set) var text = ""
    private var needsComma = false

    mutating func object(_ body: (inout JSONText) -> Void) {
        begin("{")
        body(&self)
        end("}")
    }

    mutating func array<Element>(_ name: String, _ elements: [Element], _ body: (inout JSONText, Element) -> Void) {
        key(name)
        begin("[")
        for element in elements { body(&self, element) }
        end("]")
    }

    mutating func member(_ name: String, _ value: String?) {
        key(name)
        if let value { string(value) } else { plain("null") }
    }

    mutating func member(_ name: String, _ value: Bool) {
        key(name)
        plain(value ? "true" : "false")
    }

    mutating func member(_ name: String, _ value: Int) {
        key(name)
        plain(String(value))
    }

    mutating func string(_ value: String) { plain(Self.quoted(value)) }

    private mutating func key(_ name: String) {
        plain(Self.quoted(name))
        text += ":"
        needsComma = false
    }

    private mutating func plain(_ value: String) {
        if needsComma { text += "," }
        text += value
        needsComma = true
    }

    private mutating func begin(_ bracket: String) {
        if needsComma { text += "," }
        text += bracket
        needsComma = false
    }

    private mutating func end(_ bracket: String) {
        text += bracket
        needsComma = true
    }

    private static func quoted(_ value: String) -> String {
        var quoted = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\u{0}"..."\u{1f}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
