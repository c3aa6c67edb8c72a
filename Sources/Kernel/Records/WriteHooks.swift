package import Catalog
package import QueryLanguage

/// What modules add to writes. The host adapts its loaded modules to this; without modules `NoHooks` serves.
package protocol WriteHooks: Sendable {
    /// What the hooks of a record type want to see and may change; nil when there are none.
    func interest(in recordType: String) -> HookInterest?

    /// Runs the hooks of a record type over a batch of after-images (of the fields in `HookInterest.reads`, their `hookProperties` in the
    /// shapes of `RecordInput`). `choices` are those of the choice fields among them, as the catalog in force has them.
    /// The result has one entry per image.
    func beforeWrite(
        recordType: String, choices: [String: [Choice]], images: [HookImage], access: Access
    ) async throws -> [HookResult]

    /// Normalises phone numbers as people write them, one result per number.
    func normalisePhones(_ numbers: [String]) throws -> [NormalisedPhone]
}

extension RecordType {
    /// The choices of those fields that have any, for hooks.
    package func hookChoices(of keys: Set<String>) -> [String: [Choice]] {
        var choices: [String: [Choice]] = [:]
        for field in fields where keys.contains(field.key) {
            switch field.type {
            case .choice(let known), .multiChoice(let known): choices[field.key] = known
            default: continue
            }
        }
        return choices
    }
}

extension Field {
    /// The names under which a hook sees the field: `revenue` and `revenue_currency` of an amount, `parent_id` of a link, else its key.
    package var hookProperties: [String] {
        switch type {
        case .emails, .phones, .address, .links: [key]
        default: columns.map(\.name)
        }
    }
}

/// What the hooks of a record type see and change, by field key.
package struct HookInterest: Sendable, Hashable {
    package var reads: Set<String>
    package var writes: Set<String>

    package init(reads: Set<String>, writes: Set<String>) {
        self.reads = reads
        self.writes = writes
    }
}

package struct HookImage: Sendable {
    package var id: GUID?
    package var isNew: Bool
    package var values: [String: Value]
    /// Fields that this write changes.
    package var changed: Set<String>

    package init(id: GUID?, isNew: Bool, values: [String: Value], changed: Set<String>) {
        self.id = id
        self.isNew = isNew
        self.values = values
        self.changed = changed
    }
}

package enum HookResult: Sendable, Hashable {
    /// Values to store in place of, or beside, the caller's.
    case patch([String: Value])
    case refuse([RecordsError.Detail])
}

package struct NormalisedPhone: Sendable, Hashable {
    /// E.164 when the number is understood, else its letters and digits.
    package var normalised: String
    package var `extension`: String?
    package var isValid: Bool

    package init(normalised: String, extension: String?, isValid: Bool) {
        self.normalised = normalised
        self.extension = `extension`
        self.isValid = isValid
    }
}
