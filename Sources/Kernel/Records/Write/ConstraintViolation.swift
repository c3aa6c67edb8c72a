import Catalog
import Permissions
import Postgres
import QueryLanguage

/// Turns what PostgreSQL refused into what a caller can act on.
struct ConstraintViolation {
    let catalog: Catalog
    let type: RecordType
    /// A removal breaks the links of others, any other write its own.
    var isRemoval = false
    /// Who is told; nil for those who see everything.
    var access: Access?

    /// The error of the store for an error of the database; errors that say nothing about the data pass through as unavailable or internal.
    func translate(_ error: any Error) -> any Error {
        guard let error = error as? PostgresError else { return error }
        switch error.sqlState {
        case "23505": return notUnique(error)
        case "23503": return reference(error)
        // A link that the purge would empty is required.
        case "23502" where isRemoval: return stillReferenced(error)
        case "23502", "23514": return refusedValue(error)
        case "22003", "22008": return RecordsError(.invalid, "A number or date is out of the database's range.")
        case "54000": return tooLongForIndex(error)
        case DatabaseSignal.denied:
            return RecordsError(
                .forbidden, "Your roles don't let you make or change a \(type.label.lowercased()) into what it would be: look at its owner."
            )
        case DatabaseSignal.loop:
            let field = type.fields.first { $0.columns.contains { $0.name == error.column } }
            return RecordsError.loop(of: field.flatMap { isSeen($0.key) ? $0 : nil }, type)
        case "40001", "40P01": return RecordsError(.unavailable, "Others changed the same records at the same moment; try again.")
        case "55P03", "57014": return RecordsError(.unavailable, "The database didn't come to it in time; try again.")
        case nil, "25006": return ReadFailure.translate(error)
        default: return error
        }
    }

    /// Whether one of several rows may be the culprit, so that the others can go in without it.
    static func blamesRow(_ error: any Error) -> Bool {
        if let error = error as? RecordsError { return error.code == .forbidden }
        guard let state = (error as? PostgresError)?.sqlState else { return false }
        return [DatabaseSignal.denied, DatabaseSignal.loop].contains(state) || state.hasPrefix("23") || state.hasPrefix("22")
            || state == "54000"
    }

    /// Whether another row has a value that one of these wants.
    static func isNotUnique(_ error: any Error) -> Bool { (error as? PostgresError)?.sqlState == "23505" }

    /// A value that is missing, or doesn't go with another one of its field.
    private func refusedValue(_ error: PostgresError) -> RecordsError {
        if error.sqlState == "23502", error.table == type.key, let column = error.column, type.field(ofColumn: column) == nil,
            !RecordType.systemColumns.contains(where: { $0.name == column })
        {
            return RecordsError(
                .unavailable, "\(type.labelPlural) have just got a field that this server is about to take up; try again in a moment.")
        }
        guard let (field, list) = constrained(error), isSeen(list ?? field.key) else {
            return RecordsError(.invalid, "The database refused a value of \(type.label).")
        }
        return RecordsError(
            .invalid, "The database refused a value of \(field.label).", target: list.map { "\($0)/\(field.key)" } ?? field.key)
    }

    /// The field whose column or check was violated, and the list of links that it is a column of, if any.
    private func constrained(_ error: PostgresError) -> (field: Field, list: String?)? {
        func isMeant(_ field: Field, _ table: String) -> Bool {
            guard error.table == table else { return false }
            if let column = error.column { return field.columns.contains { $0.name == column } }
            return error.constraint == StorageName.derived(table, [field.key], "check")
                || field.columns.contains { error.constraint == StorageName.derived(table, [$0.name], "not_null") }
        }
        if let field = type.fields.first(where: { isMeant($0, type.key) }) { return (field, nil) }
        for list in type.fields {
            guard case .links(let links) = list.type, let table = type.childTable(of: list)?.name.name else { continue }
            if let field = links.columns.first(where: { isMeant($0, table) }) { return (field, list.key) }
        }
        return nil
    }

    private func notUnique(_ error: PostgresError) -> RecordsError {
        let constraint = error.constraint ?? ""
        if constraint == StorageName.derived(type.key, [], "pkey") {
            return RecordsError(.notUnique, "Another \(type.label.lowercased()) has this id already.", target: "id")
        }
        if constraint == "change_pkey" {
            return RecordsError(.notUnique, "This id belongs to another record, or to one that was purged; choose another.", target: "id")
        }
        if let key = type.uniqueKeys.first(where: { $0.index == constraint }) {
            // A conflict is told, and not over which hidden field.
            guard key.fields.allSatisfy({ isSeen($0) }) else {
                return RecordsError(.notUnique, "Another \(type.label.lowercased()) has the same values already.")
            }
            let labels = key.fields.map { type.field($0)?.label ?? $0 }.joined(separator: ", ")
            let message = key.message ?? "Another \(type.label.lowercased()) has the same \(labels) already."
            return RecordsError(.notUnique, message, target: key.fields.first)
        }
        return RecordsError(.notUnique, "Another \(type.label.lowercased()) has the same values already (\(constraint)).")
    }

    /// PostgreSQL names the index, or nothing where the entry is longer than a page; one whose name was cut hides its columns.
    private func tooLongForIndex(_ error: PostgresError) -> RecordsError {
        let texts = type.fields.filter { field in
            switch field.type {
            case .text, .longText, .url: isSeen(field.key)
            default: false
            }
        }
        let named = texts.filter { (error.constraint ?? "").contains("__\($0.key)__") }
        let indexed = Set(type.uniqueKeys.flatMap(\.fields) + type.indexes.flatMap(\.fields))
        let suspects = named.isEmpty ? texts.filter { indexed.contains($0.key) || $0.sortCollation != nil } : named
        let labels = suspects.map(\.label)
        let what =
            switch labels.count {
            case 0: "A text"
            case 1: labels[0]
            default: "\(labels.dropLast().joined(separator: ", ")) or \(labels[labels.count - 1])"
            }
        return RecordsError(
            .invalid,
            "\(what) is too long for the index over it: an entry has at most 2,704 bytes, all of its fields together. Shorten it, or take `unique`, "
                + "`sort` or the index from its manifest.",
            target: suspects.count == 1 ? suspects[0].key : nil)
    }

    /// 23503 comes from both ends: a link to nothing, or the removal of what others link to.
    private func reference(_ error: PostgresError) -> RecordsError {
        let constraint = error.constraint ?? ""
        if let field = type.fields.first(where: {
            if case .linkAny = $0.type { type.constraint(ofAnyLink: $0) == constraint } else { false }
        }) {
            return RecordsError(.linkTargetMissing, "\(field.label) names a record that doesn't exist.", target: field.key)
        }
        let field = type.fields.first { field in field.columns.contains { $0.references != nil && constraint.contains($0.name) } }
        if !isRemoval, error.table == type.key, let field {
            return RecordsError(.linkTargetMissing, "\(field.label) names a record that doesn't exist.", target: field.key)
        }
        if error.table == type.key, constraint.contains("owner_id") {
            return RecordsError(.linkTargetMissing, "The owner isn't a user of this system.", target: "owner_id")
        }
        if !isRemoval, let table = type.childTables.first(where: { $0.name.name == error.table }) {
            return RecordsError(.linkTargetMissing, "\(table.field) names a record that doesn't exist.", target: table.field)
        }
        return stillReferenced(error)
    }

    private func isSeen(_ name: String) -> Bool {
        guard let access, let field = type.field(name) ?? type.field(ofColumn: name) else { return true }
        return access.rights.mask(of: field.key, on: type.id) == nil
    }

    private func stillReferenced(_ error: PostgresError) -> RecordsError {
        // What links here may be hidden.
        guard access?.rights.isUnlimited ?? true else {
            return RecordsError(.stillReferenced, "Other records link to this one and must keep their link; change them first.")
        }
        let other = catalog.types.first { $0.key == error.table }?.labelPlural.lowercased() ?? error.table ?? "other records"
        return RecordsError(.stillReferenced, "There are \(other) that link to this record and must keep their link; change them first.")
    }
}
