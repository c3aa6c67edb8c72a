extension Value {
    /// Appends the value as an OData literal, as it is written in a filter: `'it''s'`, `2024-02-29`, `duration'P1D'`.
    ///
    /// Collections are written as JSON arrays, structured values as JSON objects with their members sorted by name; strings in
    /// them are JSON strings.
    public func writeLiteral(to output: inout [UInt8]) {
        switch self {
        case .string(let text):
            output.append(UInt8(ascii: "'"))
            for byte in text.utf8 {
                if byte == UInt8(ascii: "'") { output.append(byte) }
                output.append(byte)
            }
            output.append(UInt8(ascii: "'"))
        case .duration(let duration):
            output.append(contentsOf: "duration'".utf8)
            duration.write(to: &output)
            output.append(UInt8(ascii: "'"))
        case .collection(let items):
            Value.writeList(items, open: "[", close: "]", to: &output) { $0.writeNestedLiteral(to: &$1) }
        case .complex(let members):
            let sorted = members.sorted { utf8Precedes($0.key, $1.key) }
            Value.writeList(sorted, open: "{", close: "}", to: &output) { member, output in
                JSONText.appendString(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.writeNestedLiteral(to: &output)
            }
        default:
            writePlain(to: &output)
        }
    }

    /// The value as an OData literal: see `writeLiteral(to:)`.
    public var literal: String {
        var bytes: [UInt8] = []
        writeLiteral(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads one OData literal, such as `'it''s'` or `2024-02-29`; nil for anything else. Text isn't normalised.
    public init?(literal text: String) {
        guard let expression = try? Expression.parse(text), case .literal(.value(let value)) = expression.kind else { return nil }
        self = value
    }

    /// Appends the value as JSON, as OData's JSON format has it: numbers bare, dates, times, durations and GUIDs as strings.
    ///
    /// Members of structured values are sorted by name, so that equal values print alike.
    public func writeJSON(to output: inout [UInt8]) {
        switch self {
        case .null, .bool, .integer, .decimal:
            writePlain(to: &output)
        case .string(let text):
            JSONText.appendString(text, to: &output)
        case .date, .timeOfDay, .dateTime, .duration, .guid:
            output.append(UInt8(ascii: "\""))
            writePlain(to: &output)
            output.append(UInt8(ascii: "\""))
        case .collection(let items):
            Value.writeList(items, open: "[", close: "]", to: &output) { $0.writeJSON(to: &$1) }
        case .complex(let members):
            let sorted = members.sorted { utf8Precedes($0.key, $1.key) }
            Value.writeList(sorted, open: "{", close: "}", to: &output) { member, output in
                JSONText.appendString(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.writeJSON(to: &output)
            }
        }
    }

    /// The value as JSON: see `writeJSON(to:)`.
    public var json: String {
        var bytes: [UInt8] = []
        writeJSON(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the bare text of a single value: no quotes, `true`, `12.50`, `P1D`, nothing for null. What a CSV cell holds.
    ///
    /// Collections and structured values are written as JSON.
    public func writeText(to output: inout [UInt8]) {
        switch self {
        case .null: break
        case .string(let text): output.append(contentsOf: text.utf8)
        case .collection, .complex: writeJSON(to: &output)
        default: writePlain(to: &output)
        }
    }

    /// The bare text of a single value: see `writeText(to:)`.
    public var text: String {
        if case .string(let text) = self { return text }
        var bytes: [UInt8] = []
        writeText(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads the bare text of a value of a type: what `writeText` writes, a JSON string's content, PostgreSQL's text for most.
    ///
    /// Nil when the text isn't of the type, when a choice has no such member, and for types that aren't single values. Strings
    /// are taken as they are: normalising to NFC is the caller's.
    public init?(text: String, type: PropertyType) {
        let bytes = text.utf8.span
        switch type {
        case .boolean:
            guard text == "true" || text == "false" else { return nil }
            self = .bool(text == "true")
        case .int64:
            guard let value = Int64(text) else { return nil }
            self = .integer(value)
        case .decimal:
            guard let value = DecimalNumber(utf8: bytes) else { return nil }
            self = .decimal(value)
        case .string:
            self = .string(text)
        case .choice(let choice):
            guard choice.members.contains(text) else { return nil }
            self = .string(text)
        case .date:
            guard let value = CalendarDate(utf8: bytes) else { return nil }
            self = .date(value)
        case .timeOfDay:
            guard let value = TimeOfDay(utf8: bytes) else { return nil }
            self = .timeOfDay(value)
        case .dateTimeOffset:
            guard let value = DateTime(utf8: bytes) else { return nil }
            self = .dateTime(value)
        case .duration:
            guard let value = DayTimeDuration(utf8: bytes) else { return nil }
            self = .duration(value)
        case .guid:
            guard let value = GUID(utf8: bytes) else { return nil }
            self = .guid(value)
        case .untyped, .complex, .collection, .entity, .entityCollection, .entityOfSeveral:
            return nil
        }
    }

    private func writePlain(to output: inout [UInt8]) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): output.append(contentsOf: String(value).utf8)
        case .decimal(let value): value.write(to: &output)
        case .date(let value): value.write(to: &output)
        case .timeOfDay(let value): value.write(to: &output)
        case .dateTime(let value): value.write(to: &output)
        case .duration(let value): value.write(to: &output)
        case .guid(let value): value.write(to: &output)
        case .string, .collection, .complex: break
        }
    }

    /// Inside arrays and objects strings are JSON strings; everything else is as outside.
    private func writeNestedLiteral(to output: inout [UInt8]) {
        if case .string(let text) = self {
            JSONText.appendString(text, to: &output)
        } else {
            writeLiteral(to: &output)
        }
    }

    private static func writeList<Item>(
        _ items: [Item], open: Unicode.Scalar, close: Unicode.Scalar, to output: inout [UInt8], write: (Item, inout [UInt8]) -> Void
    ) {
        output.append(UInt8(ascii: open))
        for (index, item) in items.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            write(item, &output)
        }
        output.append(UInt8(ascii: close))
    }
}

/// Whether a text sorts before another by code point; UTF-8 bytes sort alike.
func utf8Precedes(_ left: String, _ right: String) -> Bool {
    compareUTF8(left, right) < 0
}

/// Below zero, zero or above, by code point. Never by `Character`: that would take canonical equivalents as equal.
func compareUTF8(_ left: String, _ right: String) -> Int {
    let (a, b) = (left.utf8.span, right.utf8.span)
    for index in 0..<min(a.count, b.count) where a[index] != b[index] {
        return a[index] < b[index] ? -1 : 1
    }
    return a.count - b.count
}
