/// One finding about a manifest, a deployment file, an overlay or a lock: where, what, and what to do about it.
///
/// Printed as `file:line:column: error: key.path: message (did you mean …?)`. Diagnostics show keys and values of manifest files, which
/// hold no personal data and no secrets: secrets are named by their source only, so a diagnostic is safe to log.
public struct Diagnostic: Sendable, Hashable {
    /// Whether the finding stops the composition.
    public enum Severity: String, Sendable, Hashable {
        /// The files can't be used as they are.
        case error
        /// The files can be used; something in them is probably not meant.
        case warning
    }

    /// A stable name for the kind of finding, for tests and tools: `manifest.unknown_key`.
    public struct Code: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
        /// The stable string.
        public let rawValue: String

        /// Names a kind of finding.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The stable string.
        public var description: String { rawValue }
    }

    /// Whether the finding stops the composition.
    public let severity: Severity
    /// The stable name of the kind of finding.
    public let code: Code
    /// Where it was found.
    public let location: SourceLocation
    /// What is wrong and what would be right, in one sentence.
    public let message: String
    /// What was probably meant, when something near it exists.
    public let suggestion: String?

    /// Makes a finding. The kernel uses this for what it finds in expressions.
    public init(
        severity: Severity = .error, code: Code, location: SourceLocation, message: String, suggestion: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.location = location
        self.message = message
        self.suggestion = suggestion
    }

    /// The keys from the root of the document to the place.
    public var keyPath: String { location.keyPath }
}

extension Diagnostic: CustomStringConvertible {
    /// `file:line:column: error: key.path: message (did you mean …?)`
    public var description: String {
        var text = "\(location): \(severity.rawValue): "
        if !keyPath.isEmpty { text += "\(keyPath): " }
        text += message
        if let suggestion { text += " (did you mean \(suggestion)?)" }
        return text
    }
}

extension Diagnostic {
    /// The order in which findings are shown: by file, line, column, then text.
    public static func inReadingOrder(_ left: Diagnostic, _ right: Diagnostic) -> Bool {
        if left.location.file != right.location.file { return left.location.file < right.location.file }
        if left.location.line != right.location.line { return left.location.line < right.location.line }
        if left.location.column != right.location.column { return left.location.column < right.location.column }
        return left.message < right.message
    }
}
