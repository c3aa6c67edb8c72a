package import QueryLanguage
package import TesseraKit

extension FieldValue {
    /// The kernel's value as modules see it. Nil for what can't cross: times of day, and numbers of more than a thousand digits.
    package init?(_ value: QueryLanguage.Value) {
        switch value {
        case .null: self = .null
        case .bool(let boolean): self = .boolean(boolean)
        case .integer(let integer): self = .integer(integer)
        case .string(let text): self = .text(text)
        case .guid(let guid): self = .guid(Guid(guid))
        case .duration(let duration): self = .duration(TimeSpan(microseconds: duration.microseconds))
        case .decimal(let number):
            guard let decimal = ExactDecimal(number.description) else { return nil }
            self = .decimal(decimal)
        case .date(let date):
            guard let date = TesseraKit.CalendarDate(daysSince1970: Int64(date.daysSinceEpoch)) else { return nil }
            self = .date(date)
        case .dateTime(let moment):
            let timestamp = Timestamp(microsecondsSince1970: moment.microseconds, offsetMinutes: Int(moment.offsetMinutes))
            guard let timestamp else { return nil }
            self = .dateTime(timestamp)
        case .timeOfDay: return nil
        case .collection(let elements):
            var list: [FieldValue] = []
            list.reserveCapacity(elements.count)
            for element in elements {
                guard let element = FieldValue(element) else { return nil }
                list.append(element)
            }
            self = .list(list)
        case .complex(let members):
            guard let object = members.allConverted({ FieldValue($0) }) else { return nil }
            self = .object(object)
        }
    }
}

extension Value {
    /// A module's value as the kernel sees it, texts in NFC. Nil for what the kernel doesn't hold: dates before the year 1 or after
    /// 9999, lists and objects nested more than 16 deep.
    package init?(_ value: FieldValue) {
        self.init(value, depth: 0)
    }

    private init?(_ value: FieldValue, depth: Int) {
        switch value {
        case .null: self = .null
        case .boolean(let boolean): self = .bool(boolean)
        case .integer(let integer): self = .integer(integer)
        case .text(let text): self = .string(normalizedNFC(text))
        case .guid(let guid): self = .guid(GUID(guid))
        case .duration(let span): self = .duration(DayTimeDuration(microseconds: span.microseconds))
        case .decimal(let decimal):
            guard let number = DecimalNumber(decimal.description) else { return nil }
            self = .decimal(number)
        case .date(let date):
            guard let days = Int32(exactly: date.daysSince1970) else { return nil }
            let date = QueryLanguage.CalendarDate(daysSinceEpoch: days)
            guard date.isInRange else { return nil }
            self = .date(date)
        case .dateTime(let timestamp):
            let moment = DateTime(microseconds: timestamp.microsecondsSince1970, offsetMinutes: timestamp.offsetMinutes)
            guard moment.isInRange else { return nil }
            self = .dateTime(moment)
        case .list(let list):
            guard depth < 16 else { return nil }
            var elements: [Value] = []
            elements.reserveCapacity(list.count)
            for element in list {
                guard let element = Value(element, depth: depth + 1) else { return nil }
                elements.append(element)
            }
            self = .collection(elements)
        case .object(let object):
            guard depth < 16, let members = object.allConverted({ Value($0, depth: depth + 1) }) else { return nil }
            self = .complex(members)
        }
    }
}

extension Guid {
    package init(_ guid: GUID) {
        self.init(high: guid.high, low: guid.low)
    }
}

extension GUID {
    package init(_ guid: Guid) {
        self.init(high: guid.high, low: guid.low)
    }
}

private struct Unconvertible: Error {}

extension Dictionary where Key == String {
    /// Every value converted, or nil when one can't be.
    func allConverted<Converted>(_ convert: (Value) -> Converted?) -> [String: Converted]? {
        // mapValues keeps the table of keys as it is: hashing them again would take longer than the rest.
        return try? mapValues { value throws(Unconvertible) in
            guard let converted = convert(value) else { throw Unconvertible() }
            return converted
        }
    }
}
