/// A phone number in the forms in which it is compared and shown.
public struct NormalizedPhone: Sendable, Hashable, Codable {
    /// ITU-T E.164 without extension, `+14155550123`; nil when the text isn't a number as long as its country's are.
    public var e164: String?
    /// The extension's digits, apart from the number.
    public var `extension`: String?
    /// Whether the number can be in use, by its country's numbering plan.
    public var isValid: Bool
    /// How to show the number; nil when that wasn't asked for or `e164` is nil.
    public var display: Display?

    /// How a number is shown to people, without its extension.
    public struct Display: Sendable, Hashable, Codable {
        /// As written in its own country: `(415) 555-0123`.
        public var national: String
        /// As written anywhere else: `+1 415-555-0123`.
        public var international: String

        public init(national: String, international: String) {
            self.national = national
            self.international = international
        }
    }

    public init(e164: String?, extension: String? = nil, isValid: Bool, display: Display? = nil) {
        self.e164 = e164
        self.extension = `extension`
        self.isValid = isValid
        self.display = display
    }
}
