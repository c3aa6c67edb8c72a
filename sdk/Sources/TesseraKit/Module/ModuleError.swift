/// What a module throws when it can't do what it was asked to.
///
/// A record that may not be written is no error: answer with a `RecordProblem`. An error stops the whole call.
public struct ModuleError: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    /// What went wrong, as a stable word: `module.setting_missing`. Modules add codes of their own, as `<module>.<word>`.
    public struct Code: RawRepresentable, Sendable, Hashable, Codable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A setting that is needed has no value.
        public static let settingMissing = Code(rawValue: "module.setting_missing")
        /// A setting's value is of another kind than the module asks for.
        public static let settingKind = Code(rawValue: "module.setting_kind")
        /// A setting's value makes no sense.
        public static let settingInvalid = Code(rawValue: "module.setting_invalid")
        /// Something that the module needs isn't there or doesn't answer.
        public static let unavailable = Code(rawValue: "module.unavailable")
    }

    public let code: Code
    /// What happened, where, and what to do about it. Safe for logs: no personal data, no secrets.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.rawValue): \(message)" }
}
