/// How the JSON of records is written: which OData version's control names, how many of them, and how big numbers are kept exact.
package struct ReadFormat: Sendable, Hashable {
    package enum Version: Sendable, Hashable {
        /// `@odata.etag`, `@odata.count`, `@odata.id`.
        case v4_0
        /// `@etag`, `@count`, `@id`.
        case v4_01
    }

    /// The `metadata` (4.01) or `odata.metadata` (4.0) parameter of the media type.
    package enum Metadata: Sendable, Hashable {
        /// No control information in records, etags neither.
        case none
        /// `@etag` in every record, `@type` where `$metadata` can't tell it: computed values, records of one of several types.
        case minimal
        /// Also `@id`, `@editLink` and `@type` of every record, `@type` of every value whose JSON doesn't tell it, and
        /// `<link>@associationLink` and `<link>@navigationLink` for every link. Addresses are relative to the service root.
        case full
    }

    package var version: Version
    package var metadata: Metadata
    /// Integers and decimals as JSON strings, for clients whose numbers are doubles.
    package var ieee754Compatible: Bool

    package init(version: Version = .v4_01, metadata: Metadata = .minimal, ieee754Compatible: Bool = false) {
        self.version = version
        self.metadata = metadata
        self.ieee754Compatible = ieee754Compatible
    }
}
