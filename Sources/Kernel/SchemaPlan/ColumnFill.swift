import Catalog
import QueryLanguage

extension ColumnFill {
    /// What existing records get for a field, by column.
    static func fills(of field: Field, timeZone: String) -> [ColumnFill] {
        switch field.defaultValue {
        case nil: []
        case .value(let value): literal(value).map { [ColumnFill(sql: $0, isConstant: true)] } ?? []
        case .money(let amount, let currency):
            [ColumnFill(sql: "\(amount)", isConstant: true), ColumnFill(sql: SQLName.literal(currency), isConstant: true)]
        case .today: [ColumnFill(sql: "(now() AT TIME ZONE \(SQLName.literal(timeZone)))::date", isConstant: false)]
        case .now: [ColumnFill(sql: "now()", isConstant: false)]
        }
    }

    /// A constant for DDL, which takes no parameters; nil for values that no field has as its default.
    private static func literal(_ value: Value) -> String? {
        switch value {
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .decimal(let number): "\(number)"
        case .string(let text): SQLName.literal(text)
        case .date(let date): "'\(date)'::date"
        case .dateTime(let moment): "'\(moment)'::timestamptz"
        case .duration(let length): "'\(length.microseconds) microseconds'::interval"
        case .collection(let items): array(items)
        case .null, .timeOfDay, .guid, .complex: nil
        }
    }

    private static func array(_ items: [Value]) -> String {
        let texts = items.compactMap { item in if case .string(let text) = item { SQLName.literal(text) } else { nil } }
        return texts.isEmpty ? "'{}'::text[]" : "ARRAY[\(texts.joined(separator: ", "))]::text[]"
    }
}
