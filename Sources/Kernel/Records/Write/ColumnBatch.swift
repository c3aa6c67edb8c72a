import Catalog
package import Postgres
package import QueryLanguage

/// Values of many rows, column by column: one array parameter per column, so that a statement's text depends on the columns alone.
struct ColumnBatch {
    private var names: [String] = []
    private var types: [ColumnType] = []
    private var arrays: [PostgresParameter] = []

    var columns: [String] { names }

    mutating func add(_ name: String, _ type: ColumnType, _ values: [Value]) {
        names.append(name)
        types.append(type)
        arrays.append(Self.array(type, values))
    }

    /// `unnest($1::uuid[], …) AS i(id, …)`.
    func unnest(as alias: String) -> SQL {
        var sql = SQL("unnest(")
        for index in arrays.indices {
            if index > 0 { sql.append(raw: ", ") }
            sql.append(parameter: arrays[index])
            sql.append(raw: "::\(Self.transport(types[index]))[]")
        }
        sql.append(raw: ") AS \(alias)(\(names.map { "\"\($0)\"" }.joined(separator: ", ")))")
        return sql
    }

    /// A column of `alias` in the type it is stored as.
    func column(_ index: Int, of alias: String) -> String {
        types[index] == .textArray ? "\(alias).\"\(names[index])\"::text[]" : "\(alias).\"\(names[index])\""
    }

    /// All columns from `start` on, comma-separated, in the types they are stored as.
    func columnList(of alias: String, from start: Int = 0) -> String {
        (start..<names.count).map { column($0, of: alias) }.joined(separator: ", ")
    }

    /// Arrays of arrays would be flattened, so that lists travel as text; numerics travel without their scale.
    private static func transport(_ type: ColumnType) -> String {
        switch type {
        case .textArray: "text"
        case .numeric: "numeric"
        default: type.sql
        }
    }

    private static func array(_ type: ColumnType, _ values: [Value]) -> PostgresParameter {
        switch type {
        case .uuid:
            values.map { value -> PostgresUUID? in if case .guid(let id) = value { PostgresUUID(guid: id) } else { nil } }.postgresParameter
        case .text: values.map(\.storedText).postgresParameter
        case .textArray: values.map(\.storedList).postgresParameter
        case .bigint: values.map { value -> Int64? in if case .integer(let number) = value { number } else { nil } }.postgresParameter
        case .smallint:
            values.map { value -> Int16? in if case .integer(let number) = value { Int16(clamping: number) } else { nil } }
                .postgresParameter
        case .boolean: values.map { value -> Bool? in if case .bool(let flag) = value { flag } else { nil } }.postgresParameter
        case .date:
            values.map { value -> PostgresDate? in
                if case .date(let date) = value { PostgresDate(daysSince2000: date.daysSinceEpoch - 10_957) } else { nil }
            }.postgresParameter
        case .timestamptz:
            values.map { value -> PostgresTimestamp? in
                if case .dateTime(let moment) = value { PostgresTimestamp(microsecondsSince1970: moment.microseconds) } else { nil }
            }.postgresParameter
        case .interval:
            values.map { value -> PostgresInterval? in
                if case .duration(let duration) = value { PostgresInterval(microseconds: duration.microseconds) } else { nil }
            }.postgresParameter
        case .numeric:
            values.map { value -> PostgresNumeric? in
                switch value {
                case .decimal(let number): PostgresNumeric("\(number)")
                case .integer(let number): PostgresNumeric(number)
                default: nil
                }
            }.postgresParameter
        case .jsonb: values.map { $0.isNull ? nil : PostgresJSON($0.json) }.postgresParameter
        }
    }
}

extension Value {
    fileprivate var storedText: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A text array in PostgreSQL's text form, every element quoted.
    fileprivate var storedList: String? {
        guard case .collection(let items) = self else { return nil }
        var text = "{"
        for (index, item) in items.enumerated() {
            guard case .string(let element) = item else { continue }
            if index > 0 { text += "," }
            text += "\""
            for scalar in element.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { text += "\\" }
                text.unicodeScalars.append(scalar)
            }
            text += "\""
        }
        return text + "}"
    }
}

extension PostgresUUID {
    package init(guid: GUID) { self.init(high: guid.high, low: guid.low) }
}

extension GUID {
    package init(postgres uuid: PostgresUUID) { self.init(high: uuid.high, low: uuid.low) }
}
