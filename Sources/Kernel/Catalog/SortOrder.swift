/// How lists are ordered, which is also how indexes over fields have to be built: `(field ASC NULLS FIRST, …, id)`.
///
/// Null sorts first ascending and last descending (OData 4.01, part 2, 5.1.1.8), and PostgreSQL uses an index for an order only when the
/// place of nulls agrees; read backwards, the same index serves the descending order with `id DESC`. Columns that are never null
/// (`RecordType.systemColumns` except `deleted_at`) keep PostgreSQL's default place.
extension Field {
    /// The ICU collation that `orderby` on this field uses in place of "C", such as `en-x-icu`; its index has the same collation.
    /// Conditions stay by code point.
    package var sortCollation: String? {
        switch type {
        case .text(let rules): rules.sortLanguage.map { "\($0)-x-icu" }
        default: nil
        }
    }
}

/// An order of a type's records that has an index, up to the id that ends every order.
package struct RecordOrder: Sendable, Hashable {
    package struct Key: Sendable, Hashable {
        package var column: Column
        /// The language-aware collation of the field, where the order is by it.
        package var collation: String?

        package init(column: Column, collation: String? = nil) {
            self.column = column
            self.collation = collation
        }
    }

    package var keys: [Key]
    /// The module that asks for it.
    package var owner: String

    package init(keys: [Key], owner: String) {
        self.keys = keys
        self.owner = owner
    }
}

extension RecordType {
    /// The orders that have an index: newest last, fields sorted in a language, and what manifests declare.
    package var orders: [RecordOrder] {
        let newest = RecordOrder(keys: [.init(column: Column("created_at", .timestamptz))], owner: module)
        let sorted = fields.compactMap { field in
            field.sortCollation.map { collation in
                RecordOrder(keys: field.columns.map { .init(column: $0, collation: collation) }, owner: field.owner)
            }
        }
        return [newest] + sorted + indexes.flatMap(orders)
    }

    /// By code point, and as the fields sort in their languages where that differs. None over a list of words, whose index has no order.
    package func orders(of rule: IndexRule) -> [RecordOrder] {
        if rule.fields.count == 1, field(rule.fields[0])?.isArray == true { return [] }
        let columns = rule.fields.flatMap(storedColumns).filter { $0.name != "id" }
        let plain = RecordOrder(keys: columns.map { .init(column: $0) }, owner: rule.owner)
        var sorted = plain
        sorted.keys = columns.map { .init(column: $0, collation: field($0.name)?.sortCollation) }
        return sorted == plain ? [plain] : [plain, sorted]
    }

    /// Whether every record has a value in a column, so that nulls need no place in an order by it.
    package static func isNeverNull(_ column: String) -> Bool {
        ["id", "version", "created_at", "created_by", "updated_at", "updated_by"].contains(column)
    }
}

extension Field {
    /// Whether it holds a list of words in one column.
    package var isArray: Bool {
        switch type {
        case .multiChoice, .tags: true
        default: false
        }
    }
}
