import Manifests

/// What is shared, in the order of what is shared.
///
/// Who reads a type by shares among other reasons gets lists that are merged from one branch for each reason, and a branch needs an index over
/// its reason and the order. A share lies in another table than what it shares, which no index spans. So each type that some role reads by shares
/// has a table of its shares together with the columns that its orders need, kept by triggers.
extension RecordType {
    /// `grantee_id`, `record_id`, and the columns of `orders`. What a share gives, and until when, is said by `tessera.share` alone.
    package var sharesTable: TableName { TableName(schema: module, name: "\(key)__shares") }
}

extension Catalog {
    /// Whether a role that manifests declare reads records of a type because they are shared.
    package func isReadByShares(_ type: String) -> Bool {
        roles.contains { role in
            role.grants.contains { $0.type == type && [.shared, .team, .subtree].contains($0.scope(of: .read)) }
        }
    }
}
