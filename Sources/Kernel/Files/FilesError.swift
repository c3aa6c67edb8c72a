/// Why a file can't be taken or given; `message` says what to do.
package struct FilesError: Error, Sendable, Hashable, CustomStringConvertible {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        /// More bytes than the limit allows.
        package static let tooLarge = Code(description: "files.too_large")
        package static let notFound = Code(description: "files.not_found")
        /// The database knows the file, the store doesn't have it, or not all of it.
        package static let contentMissing = Code(description: "files.content_missing")
        /// The folder or the object store can't be used just now.
        package static let storeFailed = Code(description: "files.store_failed")
        package static let badSettings = Code(description: "files.bad_settings")
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code): \(message)" }
}
