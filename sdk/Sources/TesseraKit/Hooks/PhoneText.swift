/// A phone number as somebody typed it.
public struct PhoneText: Sendable, Hashable, Codable {
    /// The number, possibly with an extension: `(415) 555-0123 ext. 7`.
    public var text: String
    /// The region to assume when there is no country code, ISO 3166-1 alpha-2; nil for the deployment's default.
    public var region: String?
    /// Whether the answer shall say how the number is shown. That takes as long as the rest, so that writes don't ask for it.
    public var wantsDisplay: Bool

    public init(_ text: String, region: String? = nil, wantsDisplay: Bool = false) {
        self.text = text
        self.region = region
        self.wantsDisplay = wantsDisplay
    }
}
