/// A person as a client believes it to be stored, or as it is: everything that a half write could spoil.
struct WrittenPerson: Equatable, Sendable {
    var version: Int
    var title: String
    var emails: [String]
    /// The roles of its affiliations, by organisation.
    var roles: [String: String] = [:]
    var isDeleted = false
}

/// A person as it is stored.
struct StoredPerson: Sendable {
    var id: String
    var person: WrittenPerson
}

/// A write on its way: which people it is about, and what they are when it happened.
struct Attempt: Sendable {
    var method: String
    var path: String
    var body: String
    var headers: [String: String] = [:]
    /// By last name, which is each person's own; nil for a person that the write removes for good.
    var after: [String: WrittenPerson?]
    /// Names in the order of a bulk request's items; empty for a single write.
    var items: [String] = []
    /// Whether the items happen together or not at all.
    var isAllOrNothing = true
}
