/// What the store refuses, in terms a caller can act on. `code` is stable; `message` says where, what and what to do, without record values.
package struct RecordsError: Error, Sendable, CustomStringConvertible {
    /// One broken rule of one field.
    package struct Detail: Sendable, Hashable {
        package var code: String
        /// Property name, path (`emails/0/address`) or nil for the record as a whole.
        package var target: String?
        package var message: String

        package init(code: String, target: String? = nil, message: String) {
            self.code = code
            self.target = target
            self.message = message
        }
    }

    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }

        package static let notFound = Code(description: "records.not_found")
        package static let versionConflict = Code(description: "records.version_conflict")
        package static let preconditionRequired = Code(description: "records.precondition_required")
        package static let invalid = Code(description: "records.invalid")
        package static let notUnique = Code(description: "records.not_unique")
        package static let linkTargetMissing = Code(description: "records.link_target_missing")
        package static let stillReferenced = Code(description: "records.still_referenced")
        package static let unknownProperty = Code(description: "records.unknown_property")
        package static let forbidden = Code(description: "records.forbidden")
        package static let badCursor = Code(description: "records.bad_cursor")
        package static let notSupported = Code(description: "records.not_supported")
        package static let unavailable = Code(description: "records.unavailable")
        package static let moduleFailed = Code(description: "records.module_failed")
        /// Good in itself, but another item of the same atomic write failed.
        package static let undone = Code(description: "records.undone")
        /// More records than one call may write.
        package static let tooMany = Code(description: "records.too_many")
        /// The change set that the write was to belong to has ended.
        package static let changeSetEnded = Code(description: "changes.ended")
        package static let internalFault = Code(description: "records.internal")
    }

    package var code: Code
    package var message: String
    package var target: String?
    package var details: [Detail]
    /// With `versionConflict`: the version that is stored now, and the properties that differ from what the caller saw.
    package var currentVersion: Int64?
    /// What it comes from, for the log and the operator's own terminal. Clients aren't told.
    package var cause: (any Error)?

    package init(
        _ code: Code, _ message: String, target: String? = nil, details: [Detail] = [], currentVersion: Int64? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.target = target
        self.details = details
        self.currentVersion = currentVersion
        self.cause = cause
    }

    package var description: String { "\(code): \(message)" + (cause.map { " (\($0))" } ?? "") }

    /// Everything that is wrong, in one line.
    package var reasons: String { details.isEmpty ? message : details.map(\.message).joined(separator: " ") }
}
