package import Catalog
package import Postgres

/// The one place that adds what an access may see to SQL. Whatever reads or writes records asks here for its predicate.
package enum AccessGuard {
    package enum Action: Sendable, Hashable {
        case read, create, update, delete, restore, purge, link
    }

    /// A condition over the table `alias` that holds for the records this access may act on, soft-deleted ones left out unless asked for.
    ///
    /// Only the administrator exists as yet, who may act on everything; scopes, shares and rules are added here and nowhere else.
    package static func predicate(_ action: Action, on type: RecordType, alias: String, access: Access, includeDeleted: Bool = false) -> SQL
    {
        includeDeleted ? SQL("TRUE") : SQL("\(raw: alias).deleted_at IS NULL")
    }
}
