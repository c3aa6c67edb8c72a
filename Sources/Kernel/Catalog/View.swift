/// A saved list that a module or the integrator declares: which records of one type, in which order, with which columns.
package struct View: Sendable, Hashable {
    /// Its owner and key: `contacts.people`, `custom.vip`.
    package var id: String
    package var label: String
    package var description: String?
    /// Full id of the record type.
    package var type: String
    /// Property names, in their order.
    package var columns: [String]
    /// The texts as the manifest has them, type-checked.
    package var filter: String?
    package var order: String?

    package init(
        id: String, label: String, description: String? = nil, type: String, columns: [String], filter: String? = nil, order: String? = nil
    ) {
        self.id = id
        self.label = label
        self.description = description
        self.type = type
        self.columns = columns
        self.filter = filter
        self.order = order
    }
}
