import Postgres
import QueryLanguage

extension Value {
    /// The value as a parameter of its own PostgreSQL type. Null and lists of values need a type from elsewhere: see the other forms.
    var parameter: PostgresParameter {
        switch self {
        case .null: .null()
        case .bool(let value): value.postgresParameter
        case .integer(let value): value.postgresParameter
        case .decimal(let value): .literal(value.description, type: .numeric)
        case .string(let value): value.postgresParameter
        case .date(let value): .literal(value.description, type: .date)
        case .timeOfDay(let value): .literal(value.description, type: .time)
        case .dateTime(let value): value.parameter
        case .duration(let value): PostgresInterval(microseconds: value.microseconds).postgresParameter
        case .guid(let value): value.parameter
        case .collection, .complex: .null()
        }
    }

    /// The value as a parameter of the type that a property of this kind has in its column; null keeps the type.
    func parameter(as type: PropertyType) -> PostgresParameter {
        isNull ? .null(type.postgresType) : parameter
    }

    /// Values of one type as an array parameter: the right side of `= ANY($1)`.
    static func arrayParameter(_ values: [Value], of type: PropertyType) -> PostgresParameter {
        switch type {
        case .boolean: values.compactMap { if case .bool(let value) = $0 { value } else { nil } }.postgresParameter
        case .int64: values.compactMap { if case .integer(let value) = $0 { value } else { nil } }.postgresParameter
        case .guid: values.compactMap { if case .guid(let value) = $0 { PostgresUUID(guid: value) } else { nil } }.postgresParameter
        case .string, .choice: values.compactMap { if case .string(let value) = $0 { value } else { nil } }.postgresParameter
        default: .literal(arrayLiteral(values), type: type.postgresArrayType)
        }
    }

    /// `{"2024-01-01","2024-01-02"}`: for the types whose text form needs no escapes.
    private static func arrayLiteral(_ values: [Value]) -> String {
        var text = "{"
        for value in values {
            if text.utf8.count > 1 { text += "," }
            text += "\"\(value.text)\""
        }
        return text + "}"
    }
}

extension GUID {
    var parameter: PostgresParameter { PostgresUUID(guid: self).postgresParameter }
}

extension DateTime {
    var parameter: PostgresParameter {
        PostgresTimestamp(microsecondsSince1970: microseconds)?.postgresParameter ?? .literal(description, type: .timestamptz)
    }
}

extension PropertyType {
    /// The type of a column, or of a parameter, that holds a single value of this type.
    var postgresType: PostgresType {
        switch self {
        case .boolean: .bool
        case .int64: .int8
        case .decimal: .numeric
        case .string, .choice: .text
        case .date: .date
        case .timeOfDay: .time
        case .dateTimeOffset: .timestamptz
        case .duration: .interval
        case .guid: .uuid
        case .untyped: .jsonb
        case .complex, .collection, .entity, .entityCollection, .entityOfSeveral: .unspecified
        }
    }

    var postgresArrayType: PostgresType {
        switch self {
        case .boolean: .boolArray
        case .int64: .int8Array
        case .decimal: .numericArray
        case .string, .choice: .textArray
        case .date: .dateArray
        case .timeOfDay: .timeArray
        case .dateTimeOffset: .timestamptzArray
        case .duration: .intervalArray
        case .guid: .uuidArray
        case .untyped: .jsonbArray
        case .complex, .collection, .entity, .entityCollection, .entityOfSeveral: .unspecified
        }
    }

    /// The name of the type in SQL.
    var sqlName: String {
        switch self {
        case .boolean: "boolean"
        case .int64: "bigint"
        case .decimal: "numeric"
        case .date: "date"
        case .timeOfDay: "time"
        case .dateTimeOffset: "timestamptz"
        case .duration: "interval"
        case .guid: "uuid"
        case .untyped: "jsonb"
        default: "text"
        }
    }

    var isText: Bool {
        switch self {
        case .string, .choice: true
        default: false
        }
    }
}

extension PostgresType {
    static let time = PostgresType(rawValue: 1083)
    static let timeArray = PostgresType(rawValue: 1183)
}

extension PostgresRow {
    /// A column decoded as the value of a property or expression of this type.
    func value(_ column: Int, as type: PropertyType) throws -> Value {
        if isNull(column) { return .null }
        switch type {
        case .boolean: return .bool(try decode(Bool.self, column))
        case .int64: return .integer(try decode(Int64.self, column))
        case .guid: return .guid(GUID(postgres: try decode(PostgresUUID.self, column)))
        case .dateTimeOffset: return .dateTime(DateTime(microseconds: try decode(PostgresTimestamp.self, column).microsecondsSince1970))
        case .duration: return .duration(DayTimeDuration(microseconds: try decode(PostgresInterval.self, column).totalMicroseconds))
        case .string, .choice: return .string(try decode(String.self, column))
        default: return Value(text: try decode(String.self, column), type: type) ?? .null
        }
    }
}

extension PostgresInterval {
    /// Days count 24 hours; duration fields hold no months.
    var totalMicroseconds: Int64 {
        let (days, overflow) = Int64(days).multipliedReportingOverflow(by: 86_400_000_000)
        let (sum, carry) = days.addingReportingOverflow(microseconds)
        return overflow || carry ? (self.days < 0 ? .min : .max) : sum
    }
}
