package import Catalog

/// What the ledger keeps of a field's type: enough to tell whether values written under the old type are values of the new one.
///
/// Its text form is the word of the manifest with what matters to storage: `text`, `decimal(18,2)`, `link contacts.organisation`.
package struct FieldSignature: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    package init(_ type: FieldType) {
        description =
            switch type {
            case .text: "text"
            case .longText: "long_text"
            case .integer: "integer"
            case .decimal(let precision, let scale, _): "decimal(\(precision),\(scale))"
            case .money: "money"
            case .boolean: "boolean"
            case .date: "date"
            case .dateTime: "date_time"
            case .duration: "duration"
            case .choice: "choice"
            case .multiChoice: "multi_choice"
            case .emails: "emails"
            case .phones: "phones"
            case .url: "url"
            case .address: "address"
            case .tags: "tags"
            case .link(let link): "link \(link.target)"
            case .links(let links): "links \(links.target)"
            case .linkAny: "link_any"
            case .user: "user"
            case .file: "file"
            case .json: "json"
            case .autoNumber: "auto_number"
            }
    }

    /// What has to happen to stored values when a field's type changes.
    package enum Change: Sendable, Hashable {
        /// Every old value is a new one as it lies there.
        case nothing
        /// Every old value has a new form: `ALTER COLUMN … TYPE`.
        case widen
        /// Old whole numbers fit if none is as large as ten to this power.
        case widenIfBelow(power: Int)
        /// Values could be lost, or would mean something else.
        case refused
    }

    package func change(to new: FieldSignature) -> Change {
        if self == new { return .nothing }
        switch (description, new.description) {
        case ("text", "long_text"), ("url", "text"), ("url", "long_text"), ("choice", "text"), ("choice", "long_text"),
            ("auto_number", "text"), ("auto_number", "long_text"), ("multi_choice", "tags"):
            return .nothing
        default:
            break
        }
        guard let wide = new.decimal else { return .refused }
        if description == "integer" {
            // Int64 has nineteen digits.
            let digits = wide.precision - wide.scale
            return digits >= 19 ? .widen : .widenIfBelow(power: digits)
        }
        guard let narrow = decimal else { return .refused }
        let keepsInteger = wide.precision - wide.scale >= narrow.precision - narrow.scale
        return keepsInteger && wide.scale >= narrow.scale ? .widen : .refused
    }

    /// PostgreSQL changes a `numeric` in place when only its precision grows; everything else is written anew.
    package func rewrites(to new: FieldSignature) -> Bool {
        guard let narrow = decimal, let wide = new.decimal else { return true }
        return narrow.scale != wide.scale
    }

    private var decimal: (precision: Int, scale: Int)? {
        guard description.hasPrefix("decimal("), description.hasSuffix(")") else { return nil }
        let numbers = description.dropFirst("decimal(".count).dropLast().split(separator: ",").compactMap { Int($0) }
        guard numbers.count == 2 else { return nil }
        return (numbers[0], numbers[1])
    }
}
