import Catalog
import QueryLanguage

/// Reads the emails or phones of a record: several, typed, one of them primary.
struct ChannelReader {
    let field: Field
    let limit: Int

    func emails(_ value: Value) throws(FieldChecker.Refusal) -> [ListRow] {
        try rows(value, main: "address", extra: ["kind", "is_primary", "opted_out", "invalid"]) { text, row throws(FieldChecker.Refusal) in
            let address = try Self.address(text, named: field.label)
            row["address"] = .string(address)
            row["normalised"] = .string(CaseMapping.lowercased(address))
            row["opted_out"] = row["opted_out"] ?? .bool(false)
        }
    }

    /// `normalised` and `invalid` are filled in later, for all numbers of a batch at once.
    func phones(_ value: Value) throws(FieldChecker.Refusal) -> [ListRow] {
        try rows(value, main: "number", extra: ["kind", "is_primary", "extension", "invalid"]) { text, row throws(FieldChecker.Refusal) in
            let number = text.trimmingSpaces()
            guard
                number.utf8.contains(where: \.isASCIIDigit) || number.unicodeScalars.contains(where: { $0.properties.numericType != nil }),
                number.unicodeScalars.count <= 60
            else {
                throw FieldChecker.Refusal(code: "records.bad_phone", message: "An entry of \(field.label) is no phone number.")
            }
            row["number"] = .string(number)
            row["extension"] = row["extension"] ?? .null
        }
    }

    private func rows(
        _ value: Value, main: String, extra: Set<String>, complete: (String, inout ListRow) throws(FieldChecker.Refusal) -> Void
    ) throws(FieldChecker.Refusal) -> [ListRow] {
        if value.isNull { return [] }
        guard case .collection(let items) = value else { throw FieldChecker.wrongType(field.label, "a list", value) }
        guard items.count <= limit else {
            throw FieldChecker.Refusal(
                code: "records.too_many", message: "\(field.label) may have at most \(limit) entries; it has \(items.count).")
        }
        var rows: [ListRow] = []
        for item in items {
            var row: ListRow = ["kind": .null, "is_primary": .bool(false), "invalid": .bool(false)]
            let text: String
            switch item {
            case .string: text = try FieldChecker.string(item, named: field.label)
            case .complex(let members):
                guard let given = members[main] else {
                    throw FieldChecker.Refusal(code: "records.required", message: "An entry of \(field.label) has no \(main).")
                }
                text = try FieldChecker.string(given, named: field.label)
                for (name, member) in members where name != main && name != "normalised" {
                    guard extra.contains(name) else {
                        throw FieldChecker.Refusal(
                            code: "records.unknown_property",
                            message: "An entry of \(field.label) has no \(name); it has \(main), \(extra.sorted().joined(separator: ", "))."
                        )
                    }
                    row[name] = try Self.member(name, member, named: field.label)
                }
            default: throw FieldChecker.wrongType(field.label, "texts or objects", item)
            }
            try complete(text, &row)
            rows.append(row)
        }
        return try Self.withOnePrimary(rows, unique: main == "address" ? "normalised" : "number", named: field.label)
    }

    private static func member(_ name: String, _ value: Value, named label: String) throws(FieldChecker.Refusal) -> Value {
        switch name {
        case "kind", "extension":
            return try value.isNull ? .null : FieldChecker.text(value, TextRules(maxLength: 40), named: "\(name) of \(label)")
        default: return try value.isNull ? .bool(false) : FieldChecker.boolean(value, named: "\(name) of \(label)")
        }
    }

    /// The first entry is primary when none says so; two that do contradict each other.
    private static func withOnePrimary(_ rows: [ListRow], unique: String, named label: String) throws(FieldChecker.Refusal) -> [ListRow] {
        var rows = rows
        let primaries = rows.indices.filter { rows[$0]["is_primary"] == .bool(true) }
        guard primaries.count <= 1 else {
            throw FieldChecker.Refusal(code: "records.two_primaries", message: "\(label) has two primary entries; flag one.")
        }
        if primaries.isEmpty, !rows.isEmpty { rows[0]["is_primary"] = .bool(true) }
        guard Set(rows.map { $0[unique] }).count == rows.count else {
            throw FieldChecker.Refusal(code: "records.duplicate_entry", message: "\(label) has the same entry twice.")
        }
        return rows
    }

    /// An address of RFC 5321 in its usual form: one `@`, at most 254 bytes, no spaces or controls; the domain in lower case.
    private static func address(_ text: String, named label: String) throws(FieldChecker.Refusal) -> String {
        let trimmed = text.trimmingSpaces()
        let parts = trimmed.split(separator: "@", omittingEmptySubsequences: false)
        let unprintable = trimmed.unicodeScalars.contains {
            $0.value <= 0x20 || $0.value == 0x7F || "<>(),;:\"\\[]".unicodeScalars.contains($0)
        }
        guard parts.count == 2, let local = parts.first, let domain = parts.last, !local.isEmpty, local.utf8.count <= 64,
            trimmed.utf8.count <= 254, !unprintable, isDomain(domain)
        else {
            throw FieldChecker.Refusal(
                code: "records.bad_email", message: "An entry of \(label) is no mail address; write it like name@example.com.")
        }
        return "\(local)@\(domain.lowercased())"
    }

    private static func isDomain(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.allSatisfy { !$0.isEmpty && $0.utf8.count <= 63 && $0.first != "-" && $0.last != "-" }
    }
}
