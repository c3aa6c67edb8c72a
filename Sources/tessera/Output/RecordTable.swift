import QueryLanguage
import Records

/// Records as a table: a line each, columns that hold something.
enum RecordTable {
    /// Characters of one cell.
    private static let widest = 40
    /// Columns of a list that selects none.
    private static let mostColumns = 8
    private static let common: Set<String> = ["version", "created_at", "updated_at", "deleted_at", "created_by", "updated_by"]

    /// - Parameter isSelected: whether the list says itself which properties it wants.
    static func text(_ records: [ShownRecord], isSelected: Bool) -> String {
        let columns = columns(of: records, isSelected: isSelected)
        guard !columns.isEmpty else { return "" }
        let rows = [columns] + records.map { record in columns.map { name in cell(record.members.first { $0.name == name }?.value) } }
        let widths = columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.enumerated().map { number, row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return number == 0 ? Console.styled(line, .bold) : line
        }.joined(separator: "\n")
    }

    private static func columns(of records: [ShownRecord], isSelected: Bool) -> [String] {
        var names: [String] = []
        var filled: Set<String> = []
        for record in records {
            for (name, value) in record.members where !name.contains("@") {
                if !names.contains(name) { names.append(name) }
                if !cell(value).isEmpty { filled.insert(name) }
            }
        }
        guard !isSelected else { return names }
        return Array(names.filter { filled.contains($0) && !common.contains($0) }.prefix(mostColumns))
    }

    private static func cell(_ value: Value?) -> String {
        let text: String
        switch value {
        case nil, .null: return ""
        case .collection(let items): text = items.map { cell($0) }.joined(separator: "; ")
        case .complex(let members):
            // What stands for the whole: a name, an address, a number.
            let main = ["name", "display_name", "address", "number"].compactMap { members[$0]?.asText }.first
            text = main ?? value?.json ?? ""
        case .string(let string): text = string
        case .some(let other): text = other.text
        }
        let line = String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 })
        return line.count > widest ? "\(line.prefix(widest - 1))…" : line
    }
}
