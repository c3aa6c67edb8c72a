import JSONReading
import QueryLanguage

/// Whether two JSON values are one to PostgreSQL's `jsonb`: members in any order, numbers by what they are worth.
enum SameJSON {
    /// - Parameter stored: as `StoredValues` has it, which is text.
    static func holds(_ value: Value, stored: Value) -> Bool {
        guard case .string(let text) = stored else { return value.isNull && stored.isNull }
        guard let parsed = try? JSONReader.value(of: Array(text.utf8)) else { return false }
        return areSame(value, parsed)
    }

    private static func areSame(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.complex(let left), .complex(let right)):
            left.count == right.count && left.allSatisfy { name, value in right[name].map { areSame(value, $0) } ?? false }
        case (.collection(let left), .collection(let right)):
            left.count == right.count && zip(left, right).allSatisfy(areSame)
        case (.integer(let left), .decimal(let right)), (.decimal(let right), .integer(let left)): DecimalNumber(left) == right
        default: left == right
        }
    }
}
