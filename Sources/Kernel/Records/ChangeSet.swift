package import QueryLanguage

/// Writes that belong together: one request, one import, one bulk edit. Before-values are kept under its id, so that it can be taken back.
package struct ChangeSet: Sendable, Hashable {
    package var id: GUID
    /// What it is called in lists: `import people.csv`. Single requests have none and get no row of their own.
    package var label: String?

    package init(id: GUID, label: String? = nil) {
        self.id = id
        self.label = label
    }
}
