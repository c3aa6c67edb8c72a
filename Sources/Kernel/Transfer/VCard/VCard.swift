/// One card: RFC 6350 (4.0), RFC 2426 (3.0), vCard 2.1 of the Internet Mail Consortium.
package struct VCard: Sendable, Hashable {
    package enum Version: String, Sendable, CaseIterable {
        case v2_1 = "2.1", v3_0 = "3.0", v4_0 = "4.0"
    }

    /// As the card says; 3.0 for a card that doesn't.
    package var version: Version
    /// All properties but BEGIN, VERSION and END, in the order of the card.
    package var properties: [Property]

    package init(version: Version = .v4_0, properties: [Property] = []) {
        self.version = version
        self.properties = properties
    }

    package struct Property: Sendable, Hashable {
        /// `item1` of `item1.TEL`: properties with the same group belong together.
        package var group: String?
        /// In capital letters.
        package var name: String
        package var parameters: [Parameter]
        package var value: Value

        package init(group: String? = nil, name: String, parameters: [Parameter] = [], value: Value) {
            self.group = group
            self.name = name
            self.parameters = parameters
            self.value = value
        }
    }

    package struct Parameter: Sendable, Hashable {
        /// In capital letters.
        package var name: String
        package var values: [String]

        package init(_ name: String, _ values: [String]) {
            self.name = name
            self.values = values
        }
    }

    package enum Value: Sendable, Hashable {
        /// As the card has it, transfer encoding undone and escapes kept, since what they separate depends on the property.
        case text(String)
        case binary([UInt8])
    }
}

extension VCard.Property {
    /// The values of all parameters of a name.
    func values(of parameter: String) -> [String] { parameters.filter { $0.name == parameter }.flatMap(\.values) }

    /// What TYPE says, in small letters, `pref` left out.
    var types: [String] {
        values(of: "TYPE").flatMap { $0.split(separator: ",") }.map { $0.lowercased() }.filter { $0 != "pref" && !$0.isEmpty }
    }

    /// 1 is the most preferred, 100 the least; nil when nothing is said.
    var preference: Int? {
        if let given = values(of: "PREF").first { return Int(given) ?? 1 }
        return values(of: "TYPE").contains { $0.lowercased().split(separator: ",").contains("pref") } ? 1 : nil
    }

    /// Whether there is nothing but separators.
    var isEmpty: Bool {
        switch value {
        case .text(let text): text.utf8.allSatisfy { $0 <= 0x20 || $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: ",") }
        case .binary(let bytes): bytes.isEmpty
        }
    }

    /// The value as one text.
    var text: String {
        switch value {
        case .text(let text): VCardText.unescaped(text)
        case .binary: ""
        }
    }

    /// The parts between semicolons, each as its parts between commas.
    var components: [[String]] {
        guard case .text(let text) = value else { return [] }
        return VCardText.split(text, at: ";").map { VCardText.split($0, at: ",").map(VCardText.unescaped) }
    }

    /// The parts between commas.
    var list: [String] {
        guard case .text(let text) = value else { return [] }
        return VCardText.split(text, at: ",").map(VCardText.unescaped)
    }
}

/// Escapes of values: `\n`, `\,`, `\;`, `\\`.
enum VCardText {
    /// Also `\:`, as some write it. A backslash before anything else is one.
    static func unescaped(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return text }
        var result = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if !isEscaped {
                if scalar == "\\" { isEscaped = true } else { result.append(scalar) }
                continue
            }
            isEscaped = false
            switch scalar {
            case "n", "N": result.append("\n")
            case ",", ";", "\\", ":": result.append(scalar)
            default:
                result.append("\\")
                result.append(scalar)
            }
        }
        if isEscaped { result.append("\\") }
        return String(result)
    }

    static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", ",", ";": result.append(contentsOf: "\\\(scalar)".unicodeScalars)
            case "\r": result.append(contentsOf: "\\n".unicodeScalars)
            case "\n": if previous != "\r" { result.append(contentsOf: "\\n".unicodeScalars) }
            default: result.append(scalar)
            }
            previous = scalar
        }
        return String(result)
    }

    /// The parts between separators that no backslash stands before, still escaped.
    static func split(_ text: String, at separator: Unicode.Scalar) -> [String] {
        var parts: [String] = []
        var part = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if scalar == separator, !isEscaped {
                parts.append(String(part))
                part = String.UnicodeScalarView()
                continue
            }
            isEscaped = scalar == "\\" && !isEscaped
            part.append(scalar)
        }
        parts.append(String(part))
        return parts
    }
}
