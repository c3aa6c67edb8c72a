/// How a batch of writes is carried out.
package struct WriteOptions: Sendable {
    package var changeSet: ChangeSet
    package var mode: BulkMode
    /// Look up link targets given by a unique key, and make those that don't exist: for imports that ask for it.
    package var createsMissingLinks: Bool
    /// A type of which none are made all the same, since its records are still to come.
    package var awaitedType: String?
    /// Take an entry that a list has twice once, as imports do: in a file the same number stands in two columns.
    package var mergesRepeats = false

    package init(changeSet: ChangeSet, mode: BulkMode = .perItem, createsMissingLinks: Bool = false) {
        self.changeSet = changeSet
        self.mode = mode
        self.createsMissingLinks = createsMissingLinks
    }
}

/// A change of one record: only the properties in `input` change.
package struct RecordUpdate: Sendable {
    package var key: RecordKey
    /// Refused with `records.version_conflict` when the record has another version by now; nil takes what is there.
    package var expectedVersion: Int64?
    /// The caller says that any version will do (`If-Match: *`), also of types whose changes must name one.
    package var takesAnyVersion: Bool
    package var input: RecordInput

    package init(key: RecordKey, expectedVersion: Int64? = nil, takesAnyVersion: Bool = false, input: RecordInput) {
        self.key = key
        self.expectedVersion = expectedVersion
        self.takesAnyVersion = takesAnyVersion
        self.input = input
    }
}

/// A record to delete, restore or purge.
package struct RecordReference: Sendable {
    package var key: RecordKey
    package var expectedVersion: Int64?
    /// As in `RecordUpdate`.
    package var takesAnyVersion: Bool

    package init(key: RecordKey, expectedVersion: Int64? = nil, takesAnyVersion: Bool = false) {
        self.key = key
        self.expectedVersion = expectedVersion
        self.takesAnyVersion = takesAnyVersion
    }
}
