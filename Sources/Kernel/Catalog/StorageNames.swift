/// Names of what has no name in a manifest: indexes and constraints. The schema plan makes them, the store reads them back from
/// PostgreSQL's errors.
package enum StorageName {
    /// PostgreSQL cuts names that are longer without a word.
    package static let maximumLength = 63

    /// `person__last_name__first_name__idx`: the table, the columns and the kind. One that would be too long keeps its beginning and gets
    /// a digest of the whole, so that it is still the same on every machine.
    package static func derived(_ table: String, _ parts: [String], _ kind: String) -> String {
        let full = ([table] + parts + [kind]).joined(separator: "__")
        guard full.utf8.count > maximumLength else { return full }
        let tail = "__\(digest(full))__\(kind)"
        return String(decoding: full.utf8.prefix(maximumLength - tail.utf8.count), as: UTF8.self) + tail
    }

    /// FNV-1a of 64 bits, in hexadecimal digits. It notices changes; it keeps no secrets.
    package static func digest(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// A unique index over columns of a record's own row, among the records that are not deleted.
package struct UniqueKey: Sendable, Hashable {
    /// As PostgreSQL reports it with a violation, and as `ON CONFLICT` finds it by columns and `WHERE deleted_at IS NULL`.
    package var index: String
    package var columns: [String]
    /// The fields it comes from, in the manifest's order.
    package var fields: [String]
    /// What the manifest wants to be shown.
    package var message: String?
    package var owner: String
}

extension RecordType {
    /// Everything that makes a record unique beside its id: unique rules, then unique fields. Of an `emails` or `phones` field it is the
    /// primary one that is unique.
    package var uniqueKeys: [UniqueKey] {
        let single = fields.filter(\.unique).map { uniqueKey([$0.key], message: nil, owner: $0.owner) }
        let several = uniques.map { uniqueKey($0.fields, message: $0.message, owner: $0.owner) }
        // Two that only share their name are left for the schema plan to refuse.
        var seen: Set<[String]> = []
        return (several + single).filter { !$0.columns.isEmpty && seen.insert($0.columns).inserted }
    }

    /// The columns behind a name in an index or unique rule: a field's key, or the name of a column such as `created_at` or `organisation_id`.
    package func storedColumns(_ name: String) -> [Column] {
        if let field = field(name) { return field.columns }
        let columns = Self.systemColumns + fieldColumns
        return columns.first { $0.name == name }.map { [$0] } ?? []
    }

    private func uniqueKey(_ names: [String], message: String?, owner: String) -> UniqueKey {
        let columns = names.flatMap { storedColumns($0).map(\.name) }
        return UniqueKey(index: StorageName.derived(key, columns, "key"), columns: columns, fields: names, message: message, owner: owner)
    }
}
