/// The bytes of a manifest, deployment, overlay or lock file, and the path to show in findings.
public struct ManifestSource: Sendable, Hashable {
    /// The greatest size of a file: 256 KiB.
    public static let maxBytes = 256 * 1024

    /// The path as it is shown in findings.
    public let path: String
    /// The content.
    public let bytes: [UInt8]

    /// Takes the content of a file.
    public init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    /// Takes a text, for tests and generated files.
    public init(path: String, text: String) {
        self.init(path: path, bytes: Array(text.utf8))
    }

    /// The place of the file as a whole.
    var start: SourceLocation { SourceLocation(file: path, line: 1, column: 1) }
}
