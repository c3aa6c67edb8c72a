/// Why users, teams, roles or shares can't be what was asked for. `code` is stable; `message` says what to do.
package struct PrincipalsError: Error, Sendable, CustomStringConvertible {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        package static let notFound = Code(description: "principals.not_found")
        package static let invalid = Code(description: "principals.invalid")
        /// It goes beyond what who asks may do themselves.
        package static let forbidden = Code(description: "principals.forbidden")
        package static let notUnique = Code(description: "principals.not_unique")
        package static let unknownRole = Code(description: "principals.unknown_role")
        /// It would leave nobody who may do everything.
        package static let lastAdministrator = Code(description: "principals.last_administrator")
        /// A role that can't be: `message` says all that is wrong in it.
        package static let invalidRole = Code(description: "principals.invalid_role")
        /// Somebody holds the role that is to go.
        package static let roleInUse = Code(description: "principals.role_in_use")
        package static let unavailable = Code(description: "principals.unavailable")
    }

    package var code: Code
    package var message: String
    /// The property that is wrong.
    package var target: String?

    package init(_ code: Code, _ message: String, target: String? = nil) {
        self.code = code
        self.message = message
        self.target = target
    }

    package var description: String { "\(code): \(message)" }
}
