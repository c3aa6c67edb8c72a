package import QueryLanguage

/// Writes that belong together: one request, one import, one bulk edit. Before-values are kept under its id, so that it can be taken back.
package struct ChangeSet: Sendable, Hashable {
    package var id: GUID
    /// What it is called in lists: `import people.csv`. Single writes have none, and aren't listed.
    package var label: String?
    /// More writes follow: it is listed as running until `ChangeSetLog.finish` says that they are done.
    package var isOpen: Bool
    /// Whether automation may act on its changes.
    package var runsAutomation: Bool
    /// The change set that this one takes back.
    package var undoes: GUID?
    /// Earlier writes were kept under it, so that it is listed already.
    package var isListed = false
    /// Nothing of it will be kept, so that it is never listed.
    package internal(set) var isRehearsal = false

    package init(id: GUID, label: String? = nil, isOpen: Bool = false, runsAutomation: Bool = true, undoes: GUID? = nil) {
        self.id = id
        self.label = label
        self.isOpen = isOpen
        self.runsAutomation = runsAutomation
        self.undoes = undoes
    }
}
