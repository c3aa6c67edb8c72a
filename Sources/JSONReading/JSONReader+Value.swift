package import QueryLanguage

extension JSONReader {
    /// Reads whatever value comes next: numbers exact, objects as `.complex`, arrays as `.collection`.
    package mutating func readValue() throws(JSONSyntaxError) -> Value {
        switch try peek() {
        case .null:
            try readNull()
            return .null
        case .bool: return .bool(try readBool())
        case .string: return .string(try readString())
        case .number:
            let start = offset
            let digits = String(decoding: try readNumber(), as: UTF8.self)
            if let integer = Int64(digits) { return .integer(integer) }
            guard let number = DecimalNumber(digits) else { throw JSONSyntaxError(at: start, "This number has too many digits.") }
            return .decimal(number)
        case .array:
            try beginArray()
            var items: [Value] = []
            while try nextElement(items.count) { items.append(try readValue()) }
            return .collection(items)
        case .object:
            var keys = try beginObject()
            var members: [String: Value] = [:]
            while let key = try nextKey(&keys) { members[key.name] = try readValue() }
            return .complex(members)
        }
    }

    /// The one value of a text.
    package static func value(of bytes: [UInt8]) throws(JSONSyntaxError) -> Value {
        var reader = JSONReader(bytes)
        let value = try reader.readValue()
        try reader.finish()
        return value
    }
}
