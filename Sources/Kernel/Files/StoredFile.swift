package import QueryLanguage

/// A file as the database has it; its content lies in the store, under its digest.
package struct StoredFile: Sendable, Hashable {
    package var id: GUID
    /// Safe to save under.
    package var name: String
    /// What its bytes say it is.
    package var mediaType: String
    /// In bytes.
    package var size: Int64
    package var digest: ContentDigest
    /// RFC 3339, in UTC.
    package var createdAt: String
}

/// Bounds on files.
package struct FileLimits: Sendable, Hashable {
    /// Bytes of one file.
    package var size: Int64 = 100 * 1_048_576
    /// How long a file that no record refers to is kept.
    package var grace: Duration = .seconds(7 * 86_400)

    package init() {}
}
