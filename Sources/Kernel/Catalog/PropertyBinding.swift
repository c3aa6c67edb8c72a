/// Where a property of the API comes from. `Property.ordinal` is the position of its binding in `TypeShape.bindings`.
package enum PropertyBinding: Sendable, Hashable {
    /// A column that every record has: `id`, `version`, `owner_id`.
    case system(Column)
    /// A column of a field; money has two such properties, a polymorphic link too.
    case column(Column, field: String)
    /// An address: a complex value over five columns, `<field>_<member>`.
    case address(field: String)
    /// What is known of the file whose id the column `<field>_id` holds: a complex value.
    case file(field: String)
    /// The emails or phones of a record: a collection of complex values in a table of their own, in the order of `position`.
    case channels(ChildTable)
    /// The record that a foreign key column points at.
    case toOne(column: String, target: String)
    /// The records that a `links` field points at; items have `_link` with the link's own columns.
    case toMany(ChildTable, target: String)
    /// The records whose foreign key column points here.
    case inverseOfOne(source: String, column: String)
    /// The records whose `links` field points here; items have `_link` too.
    case inverseOfMany(source: String, ChildTable)
    /// The link's own columns, on items reached through a link to many: `is_primary` and what the manifest declares.
    case linkColumns(ChildTable)
    /// The record that a polymorphic link points at, of one of several types.
    case toAny(field: String, targets: [String])
}
