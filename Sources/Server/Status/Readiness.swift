/// Why the server can't serve, in words for whoever operates it; no secrets, since anybody may ask.
package struct ReadinessProblem: Sendable, Hashable {
    /// `database`, `schema`.
    package var part: String
    package var message: String

    package init(part: String, message: String) {
        self.part = part
        self.message = message
    }
}
