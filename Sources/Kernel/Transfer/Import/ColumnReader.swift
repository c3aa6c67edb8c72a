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
    var target: ImportTarget
    var dates: DateFormat?
    var numbers: NumberFormat?
    /// Of amounts that name no currency, the likeliest first: the mapping's, then the deployment's.
    var currencies: [String] = []
    /// The mapping's currency.
    var currency: String?
    /// The time zone (IANA) of moments that name none; nil where each must name its own.
    var zone: String?
    /// Whether quotes keep blanks and the empty text, as an export writes them.
    var takesQuotedAsWritten = false
    /// Whether an empty cell empties the property, as it does in an export; else it sets nothing.
    var emptyClears = false

    /// Why no format could be recognised, where values fit several.
    var misfit: String?

    var isCurrency: Bool { if case .currency = target { true } else { false } }

    /// Adds what a cell says to a record.
    func read(
        _ cell: String, isQuoted: Bool = false, origin: TableRow.Origin = .text, into values: inout RowValues
    ) throws(Refusal) {
        switch origin {
        case .text: try read(cell, isQuoted: isQuoted, into: &values)
        case .value:
            var reader = self
            (reader.dates, reader.numbers, reader.misfit) = (nil, nil, nil)
            try reader.read(cell, isQuoted: false, into: &values)
        case .error: throw Refusal(message: "\(header): the cell holds the error \(cell.prefix(60))")
        }
    }

    private func read(_ cell: String, isQuoted: Bool, into values: inout RowValues) throws(Refusal) {
        let isExact = isQuoted && takesQuotedAsWritten
        let text = isExact ? cell : cell.trimmingBlanks()
        guard !text.isEmpty || isExact && target.holdsText else {
            if emptyClears { clear(in: &values) }
            return
        }
        switch target {
        case .property(let name, let field):
            guard let field else {
                guard let id = GUID(text) else { throw Refusal(message: "\(header): '\(text)' is no id") }
                values[name] = .guid(id)
                return
            }
            try read(text, cell, name, field, into: &values)
        case .currency(let field):
            values["\(field.key)_currency"] = .string(CurrencySign.code(text, preferred: currencies) ?? text.uppercased())
        case .wholeName(let parts):
            for (key, part) in parts.values(of: text) { values[key] = .string(part) }
        case .address(let field, let member):
            var members: [String: Value] = [:]
            if case .complex(let known)? = values[field.key] { members = known }
            members[member.rawValue] = .string(text)
            values[field.key] = .complex(members)
        case .channel(let field, let kind):
            let form = ChannelForm(field)
            let entries = CellList.entries(of: text, commas: form.member == "address", notes: form.notes)
            add(entries.compactMap { form.value($0, kind: kind) }, to: field.key, in: &values)
        case .primary(let field):
            let form = ChannelForm(field)
            let entries = CellList.entries(of: text, commas: form.member == "address", notes: form.notes)
            guard entries.count == 1, let entry = form.value(entries[0], kind: nil), let property = field.primaryProperty else {
                throw Refusal(message: "\(header): '\(text.prefix(60))' is not one entry; map the column to \(field.key) for several")
            }
            values[property] = entry
        case .link(let field, let property):
            guard let property else {
                guard let id = GUID(text) else { throw Refusal(message: "\(header): '\(text)' is no id") }
                values["\(field.key)_id"] = .guid(id)
                return
            }
            values[field.key] = .complex(try key(text, cell, isQuoted: isQuoted, by: property))
        case .links(let field, let form, let property):
            let entries = CellList.entries(of: text, notes: form.notes)
            add(
                try entries.map { entry throws(Refusal) in try linked(entry, form, by: property) }, to: field.key, in: &values
            )
        }
    }

    /// What a record is found by that a link leads to: the text as its property reads it, in the formats of this column.
    private func key(_ text: String, _ cell: String, isQuoted: Bool, by key: ImportTarget.LinkKey) throws(Refusal) -> [String: Value] {
        guard let field = key.readField else { return [key.property: .string(text)] }
        var reader = self
        (reader.target, reader.zone) = (.property(key.property, field), nil)
        var values = RowValues()
        try reader.read(cell, isQuoted: isQuoted, into: &values)
        return values[key.property].map { [key.property: $0] } ?? [:]
    }

    private func linked(_ entry: CellList.Entry, _ form: LinkForm, by property: ImportTarget.LinkKey?) throws(Refusal) -> Value {
        try form.value(entry, header: header) { text throws(Refusal) in
            guard let property else { return nil }
            return try key(text, text, isQuoted: false, by: property)
        }
    }

    private func clear(in values: inout RowValues) {
        switch target {
        case .property(let name, let field): if field != nil { values[name] = .null }
        case .currency(let field): values["\(field.key)_currency"] = values["\(field.key)_currency"] ?? .null
        case .address(let field, _): values[field.key] = values[field.key] ?? .complex([:])
        // Whoever loses the primary entry would get another one; a whole name is no property of its own.
        case .primary, .wholeName: return
        case .channel(let field, _), .links(let field, _, _): values[field.key] = values[field.key] ?? .collection([])
        case .link(let field, let property): values[property == nil ? "\(field.key)_id" : field.key] = .null
        }
    }

    private func read(_ text: String, _ cell: String, _ name: String, _ field: Field, into values: inout RowValues) throws(Refusal) {
        switch field.type {
        case .longText: values[name] = .string(cell)
        case .text, .url, .autoNumber: values[name] = .string(text)
        case .integer:
            guard let value = Int64(try number(text, "a whole number", of: field).digits) else { throw refuse(text, "a whole number") }
            values[name] = .integer(value)
        case .decimal:
            guard let value = DecimalNumber(try number(text, "a number", of: field).digits) else { throw refuse(text, "a number") }
            values[name] = .decimal(value)
        case .money:
            let number = try number(text, "an amount", of: field)
            guard let value = DecimalNumber(number.digits) else { throw refuse(text, "an amount") }
            values[name] = .decimal(value)
            try readCurrency(number.currency, text, field, into: &values)
        case .boolean:
            guard let flag = BooleanWords.value(text) else { throw refuse(text, "yes or no") }
            values[name] = .bool(flag)
        case .date:
            if dates == nil, let value = CalendarDate(text) {
                values[name] = .date(value)
                return
            }
            guard let date = date(text), let value = CalendarDate(date.text(withTime: false)) else { throw refuseDate(text, "a date") }
            values[name] = .date(value)
        case .dateTime:
            if dates == nil, let value = DateTime(text) {
                values[name] = .dateTime(value)
                return
            }
            guard let date = date(text) else { throw refuseDate(text, "a date and time") }
            let written = date.text(withTime: true)
            if let value = DateTime(written) {
                values[name] = .dateTime(value)
                return
            }
            guard let value = DateTime(written + "Z") else { throw refuseDate(text, "a date and time") }
            guard let zone else { throw refuse(text, "a date and time with its zone, such as 2026-11-23T10:00:00Z") }
            values[name] = .dateTime(value)
            values.localTimes[name] = LocalTime(zone: zone, header: header, text: text)
        case .duration:
            guard let value = DayTimeDuration(text) else { throw refuse(text, "a duration such as PT1H30M") }
            values[name] = .duration(value)
        case .choice(let choices): values[name] = .string(try choice(text, choices))
        case .multiChoice(let choices):
            values[name] = .collection(try CellList.words(of: text).map { word throws(Refusal) in .string(try choice(word, choices)) })
        case .tags: values[name] = .collection(CellList.words(of: text).map { .string($0) })
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

    /// The currency beside an amount, where no column of its own says it; one that contradicts that column is refused.
    private func readCurrency(_ sign: String?, _ text: String, _ field: Field, into values: inout RowValues) throws(Refusal) {
        let property = "\(field.key)_currency"
        if case .string(let code)? = values[property] {
            guard let sign, !CurrencySign.canMean(sign, code) else { return }
            throw Refusal(message: "\(header): '\(text.prefix(60))' is not in \(code.prefix(10)), as the column of its currency says")
        }
        guard let sign else {
            if let currency, values[property] == nil { values[property] = .string(currency) }
            return
        }
        guard let code = CurrencySign.code(sign, preferred: currencies) else {
            throw Refusal(
                message:
                    "\(header): '\(sign)' in '\(text.prefix(60))' can be several currencies; set `currency` of the column in the mapping")
        }
        values[property] = .string(code)
    }

    private func add(_ items: [Value], to key: String, in values: inout RowValues) {
        if case .collection(let known)? = values[key] { values[key] = .collection(known + items) } else { values[key] = .collection(items) }
    }

    private func number(_ text: String, _ expected: String, of field: Field) throws(Refusal) -> ParsedNumber {
        guard let number = (numbers ?? .plain).number(text) else { throw refuse(text, expected) }
        guard !number.isPercentage else {
            throw Refusal(
                message: "\(header): '\(text.prefix(60))' is a percentage; write the number that \(field.label) is to hold, without %")
        }
        if case .money = field.type { return number }
        guard number.currency == nil else {
            throw Refusal(message: "\(header): '\(text.prefix(60))' has a currency, but \(field.label) is no amount of money")
        }
        return number
    }

    private func date(_ text: String) -> ParsedDate? { (dates ?? .iso).date(text) }

    private func refuse(_ text: String, _ expected: String) -> Refusal {
        let reason = misfit.map { ": \($0)" } ?? ""
        return Refusal(message: "\(header): '\(text.prefix(60))' is not \(expected)\(reason)")
    }

    private func refuseDate(_ text: String, _ expected: String) -> Refusal {
        refuse(text, expected + (dates.map { " in the format \($0.pattern)" } ?? ""))
    }

    /// The key of a choice by its key or label; else the text itself, for the store to refuse.
    private func choice(_ text: String, _ choices: [Choice]) throws(Refusal) -> String {
        switch ChoiceWords.reading(text, choices) {
        case .one(let key): return key
        case .none: return text
        case .several(let keys):
            throw Refusal(message: "\(header): '\(text.prefix(60))' can be \(keys.joined(separator: " or ")); write which of them is meant")
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
