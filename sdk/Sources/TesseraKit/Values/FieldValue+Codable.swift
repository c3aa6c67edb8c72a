extension FieldValue: Codable {
    /// A key of an encoded object.
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private enum Tag {
        static let decimal = Key(stringValue: "$decimal")
        static let date = Key(stringValue: "$date")
        static let dateTime = Key(stringValue: "$date_time")
        static let duration = Key(stringValue: "$duration")
        static let guid = Key(stringValue: "$guid")
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .boolean(let value): try Self.encodeSingle(value, to: encoder)
        case .integer(let value): try Self.encodeSingle(value, to: encoder)
        case .text(let value): try Self.encodeSingle(value, to: encoder)
        case .list(let value): try Self.encodeSingle(value, to: encoder)
        case .decimal(let value): try Self.encodeTagged(value, as: Tag.decimal, to: encoder)
        case .date(let value): try Self.encodeTagged(value, as: Tag.date, to: encoder)
        case .dateTime(let value): try Self.encodeTagged(value, as: Tag.dateTime, to: encoder)
        case .duration(let value): try Self.encodeTagged(value, as: Tag.duration, to: encoder)
        case .guid(let value): try Self.encodeTagged(value, as: Tag.guid, to: encoder)
        case .object(let fields):
            var container = encoder.container(keyedBy: Key.self)
            for (name, value) in fields {
                try container.encode(value, forKey: Key(stringValue: name.utf8.first == UInt8(ascii: "$") ? "$" + name : name))
            }
        }
    }

    public init(from decoder: any Decoder) throws {
        if let keyed = try? decoder.container(keyedBy: Key.self) {
            self = try Self.decodeObject(keyed)
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else {
            self = .list(try container.decode([FieldValue].self))
        }
    }

    private static func encodeSingle(_ value: some Encodable, to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }

    private static func encodeTagged(_ value: some Encodable, as tag: Key, to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(value, forKey: tag)
    }

    private static func decodeObject(_ container: KeyedDecodingContainer<Key>) throws -> FieldValue {
        let keys = container.allKeys
        if keys.count == 1, let key = keys.first, let value = try decodeTagged(key, in: container) { return value }
        var fields: [String: FieldValue] = [:]
        for key in keys {
            var name = key.stringValue
            if name.hasPrefix("$") {
                name.removeFirst()
                guard name.hasPrefix("$") else {
                    throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "'$\(name)' is no kind of value.")
                }
            }
            fields[name] = try container.decode(FieldValue.self, forKey: key)
        }
        return .object(fields)
    }

    private static func decodeTagged(_ key: Key, in container: KeyedDecodingContainer<Key>) throws -> FieldValue? {
        switch key.stringValue {
        case Tag.decimal.stringValue: .decimal(try container.decode(ExactDecimal.self, forKey: key))
        case Tag.date.stringValue: .date(try container.decode(CalendarDate.self, forKey: key))
        case Tag.dateTime.stringValue: .dateTime(try container.decode(Timestamp.self, forKey: key))
        case Tag.duration.stringValue: .duration(try container.decode(TimeSpan.self, forKey: key))
        case Tag.guid.stringValue: .guid(try container.decode(Guid.self, forKey: key))
        default: nil
        }
    }
}
