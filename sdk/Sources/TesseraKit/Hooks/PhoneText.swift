/// A phone number as somebody typed it.
public struct PhoneText: Sendable, Hashable, Codable {
    /// The number, possibly with an extension: `(415) 555-0123 ext. 7`.
    public var text: String
    /// The region to assume when there is no country code, ISO 3166-1 alpha-2; nil for the deployment's default.
    public var region: String?

    public init(_ text: String, region: String? = nil) {
        self.text = text
        self.region = region
    }
}

/// A phone number in the forms in which it is compared and shown.
public struct NormalizedPhone: Sendable, Hashable, Codable {
    /// ITU-T E.164 without extension, `+14155550123`; nil when the text can't be read as a phone number.
    public var e164: String?
    /// The extension's digits, apart from the number.
    public var `extension`: String?
    /// As written inside of its country: `(415) 555-0123`; the typed text when it isn't valid.
    public var national: String
    /// As written abroad: `+1 415-555-0123`; the typed text when it isn't valid.
    public var international: String
    /// Whether the number can exist, by its country's numbering plan.
    public var isValid: Bool

    public init(e164: String?, extension: String? = nil, national: String, international: String, isValid: Bool) {
        self.e164 = e164
        self.extension = `extension`
        self.national = national
        self.international = international
        self.isValid = isValid
    }
}
