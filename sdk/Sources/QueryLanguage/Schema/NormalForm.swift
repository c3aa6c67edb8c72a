/// The form by which mail addresses, phone numbers and web addresses are compared, whatever way they were typed.
///
/// `eq`, `ne` and `in` over such a property compare normal forms, of mail addresses `contains`, `startswith` and `endswith` too; every other
/// use sees the text as it was typed.
public struct NormalForm: Sendable, Hashable {
    /// What is compared.
    public enum Kind: Sendable, Hashable {
        /// A mail address: in lower case, by the table of `CaseMapping`.
        case email
        /// A phone number: what `QuerySchema.normalisedPhone(_:)` makes of it.
        case phone
        /// A web address: what `WebAddress.normal(_:)` makes of it.
        case webAddress
    }

    /// Where the normal form of a stored value lies.
    public enum Place: Sendable, Hashable {
        /// In the property itself, which holds nothing else.
        case itself
        /// In another member of the same structured value.
        case sibling(String)
        /// In a member of the one structured value of a collection beside the property for which a Boolean member, the flag, is true.
        case flagged(collection: String, flag: String, member: String)
    }

    /// What is compared.
    public let kind: Kind
    /// Where the normal form lies.
    public let place: Place

    /// Makes a form.
    public init(_ kind: Kind, at place: Place) {
        self.kind = kind
        self.place = place
    }
}
