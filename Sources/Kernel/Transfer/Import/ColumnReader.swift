import Catalog
import JSONReading
import QueryLanguage
import Records

/// Reads the cells of one column into values, as the column's target and format ask.
struct ColumnReader: Sendable {
    /// A cell that doesn't hold what its column should.
    struct Refusal: Error {
        let message: String
    }

    let header: String
    let target: ImportTarget
    var dates: DateFormat?
    var numbers: NumberFormat?

    /// Adds what a cell says to a record. An empty cell empties nothing and sets nothing.
    func read(_ cell: String, into values: inout [String: Value]) throws(Refusal) {
        let text = cell.trimmingBlanks()
        guard !text.isEmpty else { return }
        switch target {
        case .property(let name, let field):
            guard let field else {
                guard let id = GUID(text) else { throw Refusal(message: "\(header): '\(text)' is no id") }
                values[name] = .guid(id)
                return
            }
            try read(text, cell, name, field, into: &values)
        case .currency(let field): values["\(field.key)_currency"] = .string(text.uppercased())
        case .address(let field, let member):
            var members: [String: Value] = [:]
            if case .complex(let known)? = values[field.key] { members = known }
            members[member.rawValue] = .string(text)
            values[field.key] = .complex(members)
        case .channel(let field, let kind): add(entries(text, kind, field), to: field.key, in: &values)
        case .link(let field, let property):
            guard let property else {
                guard let id = GUID(text) else { throw Refusal(message: "\(header): '\(text)' is no id") }
                values["\(field.key)_id"] = .guid(id)
                return
            }
            values[field.key] = .complex([property: .string(text)])
        case .links(let field, let property):
            let items = text.split(separator: ";").map { String($0).trimmingBlanks() }.filter { !$0.isEmpty }
            add(try items.map { item throws(Refusal) in try link(item, by: property) }, to: field.key, in: &values)
        }
    }

    private func read(_ text: String, _ cell: String, _ name: String, _ field: Field, into values: inout [String: Value]) throws(Refusal) {
        switch field.type {
        case .longText: values[name] = .string(cell)
        case .text, .url, .autoNumber: values[name] = .string(text)
        case .integer:
            guard let number = number(text), let value = Int64(number.digits) else { throw refuse(text, "a whole number") }
            values[name] = .integer(value)
        case .decimal:
            guard let number = number(text), let value = DecimalNumber(number.digits) else { throw refuse(text, "a number") }
            values[name] = .decimal(value)
        case .money:
            guard let number = number(text), let value = DecimalNumber(number.digits) else { throw refuse(text, "an amount") }
            values[name] = .decimal(value)
            if let currency = number.currency, let code = CurrencySign.code(currency), values["\(field.key)_currency"] == nil {
                values["\(field.key)_currency"] = .string(code)
            }
        case .boolean:
            guard let flag = BooleanWords.value(text) else { throw refuse(text, "yes or no") }
            values[name] = .bool(flag)
        case .date:
            guard let date = date(text), let value = CalendarDate(date.text(withTime: false)) else { throw refuse(text, "a date") }
            values[name] = .date(value)
        case .dateTime:
            guard let date = date(text) else { throw refuse(text, "a date and time") }
            let written = date.text(withTime: true)
            guard let value = DateTime(written) ?? DateTime(written + "Z") else { throw refuse(text, "a date and time") }
            values[name] = .dateTime(value)
        case .duration:
            guard let value = DayTimeDuration(text) else { throw refuse(text, "a duration such as PT1H30M") }
            values[name] = .duration(value)
        case .choice(let choices): values[name] = .string(Self.choice(text, choices))
        case .multiChoice(let choices): values[name] = .collection(Self.words(text).map { .string(Self.choice($0, choices)) })
        case .tags: values[name] = .collection(Self.words(text).map { .string($0) })
        case .json:
            do { values[name] = try JSONReader.value(of: Array(cell.utf8)) } catch { throw refuse(text, "JSON (\(error.message))") }
        case .user, .file, .linkAny:
            if name.hasSuffix("_type") {
                values[name] = .string(text)
            } else {
                guard let id = GUID(text) else { throw refuse(text, "an id") }
                values[name] = .guid(id)
            }
        case .emails, .phones, .address, .link, .links: throw refuse(text, "of another shape")
        }
    }

    /// `work:ada@example.com; ada@home.example`: entries with an optional kind before a colon.
    private func entries(_ text: String, _ kind: String?, _ field: Field) -> [Value] {
        let member: String
        if case .phones = field.type { member = "number" } else { member = "address" }
        return text.split(whereSeparator: { $0 == ";" || $0 == "\n" || ($0 == "," && member == "address") }).compactMap { part in
            var entry = String(part).trimmingBlanks()
            var own = kind
            if let colon = entry.firstIndex(of: ":"),
                entry[..<colon].utf8.allSatisfy({ $0 == 0x5F || ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A })
            {
                own = String(entry[..<colon])
                entry = String(entry[entry.index(after: colon)...]).trimmingBlanks()
            }
            guard !entry.isEmpty else { return nil }
            return .complex([member: .string(entry), "kind": own.map { .string($0) } ?? .null])
        }
    }

    private func link(_ text: String, by property: String?) throws(Refusal) -> Value {
        if let id = GUID(text) { return .complex(["id": .guid(id)]) }
        guard let property else { throw refuse(text, "an id") }
        return .complex([property: .string(text)])
    }

    private func add(_ items: [Value], to key: String, in values: inout [String: Value]) {
        if case .collection(let known)? = values[key] { values[key] = .collection(known + items) } else { values[key] = .collection(items) }
    }

    private func number(_ text: String) -> ParsedNumber? { (numbers ?? .plain).number(text) }

    private func date(_ text: String) -> ParsedDate? { (dates ?? .iso).date(text) }

    private func refuse(_ text: String, _ expected: String) -> Refusal {
        Refusal(message: "\(header): '\(text.prefix(60))' is not \(expected)")
    }

    /// The key of a choice by its key or label, whatever the case; else the text itself, for the store to refuse.
    private static func choice(_ text: String, _ choices: [Choice]) -> String {
        let wanted = text.lowercased()
        return choices.first { $0.key == wanted || $0.label.lowercased() == wanted }?.key ?? text
    }

    private static func words(_ text: String) -> [String] {
        let separator: Character = text.contains(";") ? ";" : ","
        return text.split(separator: separator).map { String($0).trimmingBlanks() }.filter { !$0.isEmpty }
    }
}

/// The signs of currencies that mean one currency; others are left to the deployment.
enum CurrencySign {
    static func code(_ sign: String) -> String? {
        switch sign {
        case "€": "EUR"
        case "£": "GBP"
        case "$", "US$": "USD"
        case "¥": "JPY"
        case "₹": "INR"
        default: sign.utf8.count == 3 && sign.utf8.allSatisfy { $0 >= 0x41 && $0 <= 0x5A } ? sign : nil
        }
    }
}

extension NumberFormat {
    /// `1234.5`
    static let plain = NumberFormat(decimal: .point)
}

extension DateFormat {
    /// `2026-11-23`, with or without a time.
    static let iso = DateFormat(.yearMonthDay, .hyphen, clock: .twentyFour)
}

extension String {
    func trimmingBlanks() -> String {
        guard let first = utf8.first, let last = utf8.last, first <= 0x20 || last <= 0x20 || first >= 0x80 || last >= 0x80 else {
            return self
        }
        let scalars = unicodeScalars
        guard let start = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let end = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(self[start...end])
    }
}
