package import QueryLanguage

/// Why a job can't be found, taken up or finished. `code` is stable.
package struct JobError: Error, Sendable, CustomStringConvertible {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        /// A code of another part, such as `bulk.failed`.
        package init(description: String) { self.description = description }

        package static let notFound = Code(description: "jobs.not_found")
        /// Nothing here knows how to do this kind of work.
        package static let unknownKind = Code(description: "jobs.unknown_kind")
        /// The input isn't what this kind of work takes.
        package static let badInput = Code(description: "jobs.bad_input")
        /// It was taken up so often without coming to an end that it is given up.
        package static let givenUp = Code(description: "jobs.given_up")
        /// A fault of the work itself.
        package static let fault = Code(description: "jobs.fault")
    }

    package let code: Code
    package let message: String
    /// More about it, as an error object of the API has it.
    package let details: Value

    package init(_ code: Code, _ message: String, details: Value = .null) {
        self.code = code
        self.message = message
        self.details = details
    }

    package var description: String { "\(code): \(message)" }
}
