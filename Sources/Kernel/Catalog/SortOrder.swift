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
