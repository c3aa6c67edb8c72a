import JSONReading
import QueryLanguage

/// Single values, collections and structured values.
extension RecordDecoder {
    /// Whether a value of this kind begins here; if not, says so and passes over it.
    mutating func begins(_ kind: JSONReader.Kind, _ wanted: String) throws(JSONSyntaxError) -> Bool {
        let found = try reader.peek()
        if found == kind { return true }
        note("json.wrong_type", at: reader.offset, "Expected \(wanted), found \(found.description).")
        try reader.skipValue()
        return false
    }

    /// One value, an array of values, or null; nil when it was wrong.
    mutating func readValue(_ type: PropertyType) throws(JSONSyntaxError) -> Value? {
        if case .collection(let item) = type {
            if try reader.peek() == .null {
                try reader.readNull()
                return .collection([])
            }
            return try readList { (decoder) throws(JSONSyntaxError) in try decoder.readScalar(item) }
        }
        if try reader.peek() == .null {
            try reader.readNull()
            return .null
        }
        return try readScalar(type)
    }

    /// One value that isn't null; nil when it was wrong.
    mutating func readScalar(_ type: PropertyType) throws(JSONSyntaxError) -> Value? {
        let kind = try reader.peek()
        let offset = reader.offset
        switch (type, kind) {
        case (.boolean, .bool): return .bool(try reader.readBool())
        case (.int64, .number): return integer(try reader.readNumber(), at: offset)
        case (.decimal, .number): return decimal(try reader.readNumber(), at: offset)
        case (.int64, .string) where ieee754Compatible: return integer(Array(try reader.readString().utf8)[...], at: offset)
        case (.decimal, .string) where ieee754Compatible: return decimal(Array(try reader.readString().utf8)[...], at: offset)
        case (.string, .string), (.choice, .string): return .string(normalizedNFC(try reader.readString()))
        case (.date, .string), (.timeOfDay, .string), (.dateTimeOffset, .string), (.duration, .string), (.guid, .string):
            let text = try reader.readString()
            if let value = Value(text: text, type: type) { return value }
            note("json.wrong_type", at: offset, "Expected \(Self.wanted(type)).")
            return nil
        default:
            note("json.wrong_type", at: offset, "Expected \(Self.wanted(type)), found \(kind.description).")
            try reader.skipValue()
            return nil
        }
    }

    /// An array whose items are read one by one; wrong ones are left out.
    mutating func readList(_ item: (inout RecordDecoder) throws(JSONSyntaxError) -> Value?) throws(JSONSyntaxError) -> Value? {
        if try reader.peek() == .null {
            try reader.readNull()
            return .collection([])
        }
        guard try begins(.array, "an array") else { return nil }
        var items: [Value] = []
        var index = 0
        try reader.beginArray()
        while try reader.nextElement(index) {
            path.append(String(index))
            if let value = try item(&self) { items.append(value) }
            path.removeLast()
            index += 1
        }
        return .collection(items)
    }

    /// An object whose members are values, or null.
    mutating func readMembers(_ types: [String: PropertyType]) throws(JSONSyntaxError) -> Value? {
        if try reader.peek() == .null {
            try reader.readNull()
            return .null
        }
        guard try begins(.object, "an object") else { return nil }
        var members: [String: Value] = [:]
        var keys = try reader.beginObject()
        while let key = try reader.nextKey(&keys) {
            path.append(key.name)
            if let type = types[key.name] {
                // Made by the server from the value as it was written.
                if key.name == "normalised" { try reader.skipValue() } else { members[key.name] = try readValue(type) }
            } else {
                if !key.name.utf8.contains(UInt8(ascii: "@")) {
                    let hint = Spelling.closest(to: key.name, in: types.keys).map { " Did you mean '\($0)'?" } ?? ""
                    note("records.unknown_property", at: key.offset, "There is no '\(key.name)' here.\(hint)")
                }
                try reader.skipValue()
            }
            path.removeLast()
        }
        return .complex(members)
    }

    /// Any JSON, for fields that keep it.
    mutating func readUntyped() throws(JSONSyntaxError) -> Value? {
        let offset = reader.offset
        switch try reader.peek() {
        case .null:
            try reader.readNull()
            return .null
        case .bool: return .bool(try reader.readBool())
        case .string: return .string(normalizedNFC(try reader.readString()))
        case .number:
            let digits = try reader.readNumber()
            let isWhole = !digits.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }
            if isWhole, let value = Int64(String(decoding: digits, as: UTF8.self)) { return .integer(value) }
            return decimal(digits, at: offset)
        case .array:
            return try readList { (decoder) throws(JSONSyntaxError) in try decoder.readUntyped() }
        case .object:
            var members: [String: Value] = [:]
            var keys = try reader.beginObject()
            while let key = try reader.nextKey(&keys) {
                path.append(key.name)
                members[key.name] = try readUntyped()
                path.removeLast()
            }
            return .complex(members)
        }
    }

    private mutating func integer(_ digits: ArraySlice<UInt8>, at offset: Int) -> Value? {
        let text = String(decoding: digits, as: UTF8.self)
        if let value = Int64(text), digits.first != UInt8(ascii: "+") { return .integer(value) }
        let isWhole = digits.allSatisfy { $0 &- 48 < 10 || $0 == UInt8(ascii: "-") }
        note(
            "json.wrong_type", at: offset,
            isWhole ? "The number is outside of what 64 bits hold." : "Expected a whole number, written without point and exponent.")
        return nil
    }

    private mutating func decimal(_ digits: ArraySlice<UInt8>, at offset: Int) -> Value? {
        guard Self.isReasonable(digits), let value = DecimalNumber(String(decoding: digits, as: UTF8.self)) else {
            note("json.wrong_type", at: offset, "The number has more than 1,000 digits, or isn't one.")
            return nil
        }
        // As an exponent they would take no room on the way in, and all of it on the way out.
        addedDigits += max(0, Self.exponent(of: digits) - Self.freeDigits)
        guard addedDigits <= Self.maximumAddedDigits else {
            note(
                "json.too_large", at: offset,
                "The numbers with exponents up to here come to too many digits when they are written out; write them as strings.")
            return nil
        }
        return .decimal(value)
    }

    /// A short text can stand for a very long number: `1e130000` would be 54 kB, and a body could hold a million of them.
    private static func isReasonable(_ digits: ArraySlice<UInt8>) -> Bool { digits.count <= 1_000 && exponent(of: digits) < 1_000 }

    /// Zeros that an exponent may stand for, in each number, and beyond that in all of a body.
    private static let freeDigits = 20
    private static let maximumAddedDigits = 10_000

    /// How far the exponent moves the point, either way.
    private static func exponent(of digits: ArraySlice<UInt8>) -> Int {
        guard let exponent = digits.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) else { return 0 }
        let magnitude = digits[(exponent + 1)...].drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "0") }
        return magnitude.isEmpty ? 0 : Int(String(decoding: magnitude, as: UTF8.self)) ?? .max
    }

    private static func wanted(_ type: PropertyType) -> String {
        switch type {
        case .boolean: "true or false"
        case .int64: "a whole number"
        case .decimal: "a number"
        case .string: "a string"
        case .choice(let choice): "one of \(choice.members.prefix(12).map { "\"\($0)\"" }.joined(separator: ", "))"
        case .date: "a date such as \"2026-05-31\""
        case .timeOfDay: "a time such as \"14:30:00\""
        case .dateTimeOffset: "a date and time with offset, such as \"2026-05-31T14:30:00Z\""
        case .duration: "a duration such as \"P1DT2H\""
        case .guid: "an id such as \"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b\""
        default: type.displayName
        }
    }
}
