/// The ETag of a record: its version and, where a record is read by itself, the form in which its reader sees records of its type.
///
///     W/"3"             in bodies, and of what was written
///     W/"3.5d41402a"    of a record that was read; with -full, -none, -40 or -ieee behind it in another representation than the usual one
///
/// Weak, since one version has several representations. A change asks for the version alone; whether a client still has what it would read again
/// depends on the form too, which an applied overlay changes and no version tells, and on the representation.
struct EntityTag: Sendable, Hashable {
    var version: Int64
    var form: String?

    init(_ version: Int64, form: String? = nil) {
        self.version = version
        self.form = form
    }

    /// Weak or strong; nil when it isn't one of Tessera's.
    init?(_ text: some StringProtocol) {
        var rest = text[...]
        if rest.hasPrefix("W/") { rest = rest.dropFirst(2) }
        guard rest.utf8.count > 2, rest.hasPrefix("\""), rest.hasSuffix("\"") else { return nil }
        let parts = rest.dropFirst().dropLast().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let version = Int64(parts[0]), version >= 0, parts.last?.isEmpty == false else { return nil }
        self.init(version, form: parts.count == 2 ? String(parts[1]) : nil)
    }

    var text: String { "W/\"\(version)\(form.map { ".\($0)" } ?? "")\"" }
}
