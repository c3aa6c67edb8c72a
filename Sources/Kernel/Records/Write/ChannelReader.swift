import Catalog
import QueryLanguage

/// Reads the emails or phones of a record: several, typed, one of them primary.
struct ChannelReader {
    let field: Field
    let limit: Int
    /// Whether the entries join others, one of which is primary already.
    var joins = false

    /// What was read, and what is wrong with it: with any problem, the rows aren't to be stored.
    struct Reading {
        var rows: [ListRow] = []
        var problems: [Problem] = []
    }

    /// Why an entry is refused, and where in the list: `1/address`.
    struct Problem {
        var path: String
        var refusal: FieldChecker.Refusal
    }

    /// - Throws: what is wrong with the list as a whole.
    func emails(_ value: Value) throws(FieldChecker.Refusal) -> Reading {
        try read(value, main: "address", extra: ["kind", "is_primary", "opted_out", "invalid"]) {
            text, index, row throws(FieldChecker.Refusal) in
            let kept = try address(text, at: index)
            row["address"] = .string(kept)
            row["normalised"] = .string(CaseMapping.lowercased(kept))
            row["opted_out"] = row["opted_out"] ?? .bool(false)
        }
    }

    /// `normalised` and `invalid` are filled in later, for all numbers of a batch at once.
    ///
    /// - Throws: what is wrong with the list as a whole.
    func phones(_ value: Value) throws(FieldChecker.Refusal) -> Reading {
        try read(value, main: "number", extra: ["kind", "is_primary", "extension", "invalid"]) {
            text, index, row throws(FieldChecker.Refusal) in
            let number = text.trimmingSpaces()
            guard
                number.utf8.contains(where: \.isASCIIDigit) || number.unicodeScalars.contains(where: { $0.properties.numericType != nil }),
                number.unicodeScalars.count <= 60
            else {
                throw FieldChecker.Refusal(
                    code: "records.bad_phone", message: "\(entry(index)) is no phone number; write it with digits, 60 characters at most.")
            }
            row["number"] = .string(number)
            row["extension"] = row["extension"] ?? .null
        }
    }

    private func read(
        _ value: Value, main: String, extra: Set<String>, complete: (String, Int, inout ListRow) throws(FieldChecker.Refusal) -> Void
    ) throws(FieldChecker.Refusal) -> Reading {
        if value.isNull { return Reading() }
        guard case .collection(let items) = value else { throw FieldChecker.wrongType(field.label, "a list", value) }
        guard items.count <= limit else {
            throw FieldChecker.Refusal(
                code: "records.too_many", message: "\(field.label) may have at most \(limit) entries; it has \(items.count).")
        }
        var reading = Reading()
        for (index, item) in items.enumerated() {
            func note(_ member: String?, _ refusal: FieldChecker.Refusal) {
                reading.problems.append(Problem(path: member.map { "\(index)/\($0)" } ?? "\(index)", refusal: refusal))
            }
            var row: ListRow = ["kind": .null, "is_primary": .bool(false), "invalid": .bool(false)]
            var given = item
            var place: String?
            if case .complex(let members) = item {
                for (name, member) in members where name != main && name != "normalised" {
                    guard extra.contains(name) else {
                        let known = ([main] + extra.sorted()).joined(separator: ", ")
                        note(
                            name,
                            FieldChecker.Refusal(
                                code: "records.unknown_property", message: "\(entry(index)) has no \(name); it has \(known)."))
                        continue
                    }
                    do { row[name] = try Self.member(name, member, named: field.label) } catch { note(name, error) }
                }
                guard let value = members[main] else {
                    note(main, FieldChecker.Refusal(code: "records.required", message: "\(entry(index)) has no \(main); give it one."))
                    continue
                }
                (given, place) = (value, main)
            }
            do throws(FieldChecker.Refusal) {
                guard case .string = given else { throw FieldChecker.wrongType(entry(index), "text, or an object with \(main)", given) }
                try complete(FieldChecker.string(given, named: field.label), index, &row)
                reading.rows.append(row)
            } catch {
                note(place, error)
            }
        }
        guard reading.problems.isEmpty else { return reading }
        reading.rows = try withOnePrimary(reading.rows)
        return reading
    }

    private static func member(_ name: String, _ value: Value, named label: String) throws(FieldChecker.Refusal) -> Value {
        switch name {
        case "kind", "extension":
            return try value.isNull ? .null : FieldChecker.text(value, TextRules(maxLength: 40), named: "\(name) of \(label)")
        default: return try value.isNull ? .bool(false) : FieldChecker.boolean(value, named: "\(name) of \(label)")
        }
    }

    private func entry(_ index: Int) -> String { "Entry \(index + 1) of \(field.label)" }

    /// The first entry is primary when none says so; two that do contradict each other.
    private func withOnePrimary(_ rows: [ListRow]) throws(FieldChecker.Refusal) -> [ListRow] {
        var rows = rows
        let primaries = rows.indices.filter { rows[$0]["is_primary"] == .bool(true) }
        guard primaries.count <= 1 else {
            throw FieldChecker.Refusal(code: "records.two_primaries", message: "\(field.label) has two primary entries; flag one.")
        }
        if primaries.isEmpty, !rows.isEmpty, !joins { rows[0]["is_primary"] = .bool(true) }
        return rows
    }

    /// An address of RFC 5321 in its usual form: one `@`, at most 254 bytes, no spaces or controls; the domain in lower case.
    private func address(_ text: String, at index: Int) throws(FieldChecker.Refusal) -> String {
        let trimmed = text.trimmingSpaces()
        let parts = trimmed.split(separator: "@", omittingEmptySubsequences: false)
        let unprintable = trimmed.unicodeScalars.contains {
            $0.value <= 0x20 || $0.value == 0x7F || "<>(),;:\"\\[]".unicodeScalars.contains($0)
        }
        guard parts.count == 2, let local = parts.first, let domain = parts.last, !local.isEmpty, local.utf8.count <= 64,
            trimmed.utf8.count <= 254, !unprintable, Self.isDomain(domain)
        else {
            throw FieldChecker.Refusal(
                code: "records.bad_email", message: "\(entry(index)) is no mail address; write it like name@example.com.")
        }
        return "\(local)@\(domain.lowercased())"
    }

    private static func isDomain(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.allSatisfy { !$0.isEmpty && $0.utf8.count <= 63 && $0.first != "-" && $0.last != "-" }
    }
}
