/// What goes wrong with tokens.
package struct TokenError: Error, Sendable, CustomStringConvertible {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        package static let noRandomness = Code(description: "token.no_randomness")
        package static let unavailable = Code(description: "token.unavailable")
        package static let notFound = Code(description: "token.not_found")
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code): \(message)" }
}
