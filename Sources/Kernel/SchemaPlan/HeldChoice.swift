/// A choice that the manifests no longer have and records do. They keep it; no record can get it any more.
package struct HeldChoice: Sendable, Hashable {
    /// `contacts.person.loyalty_tier`
    package var field: String
    package var choice: String
    /// How many records hold it, deleted ones included.
    package var records: Int64
}

extension SchemaDiff {
    /// Looks into the data only where a choice went since the last apply.
    mutating func findHeldChoices() {
        for field in desired.fields where !field.choices.isEmpty {
            guard let column = field.columns.first, actual.tables[field.table]?.columns[column] != nil else { continue }
            let isList = field.signature.description == "multi_choice"
            // Rows of links belong to the records that they lead from.
            let record = desired.table(field.table)?.column("source_id") == nil ? "id" : "source_id"
            for choice in actual.choices[field.path] ?? [] where !field.choices.contains(choice) {
                let count = facts.count(.holding(field.table, column: column, choice: choice, isList: isList, record: record))
                if count > 0 { note(HeldChoice(field: field.path, choice: choice, records: count)) }
            }
        }
    }
}
