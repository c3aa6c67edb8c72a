/// The domain that a website shows an organisation to have.
struct WebDomain {
    /// In lower case, without `www.`.
    let text: String

    /// Takes the host out of a web address, with or without scheme. Nil when there is none that could be a domain of its own:
    /// an IP address, a name without a dot, one with characters that no registered domain has.
    init?(website: String) {
        var host = Self.host(of: website.trimmingWhitespace())
        if host.hasSuffix(".") { host = host.dropLast() }
        var domain = host.lowercased()
        if domain.hasPrefix("www.") { domain.removeFirst(4) }
        guard Self.isDomain(domain) else { return nil }
        text = domain
    }

    /// The host in `scheme://user@host:port/path?query#fragment` (RFC 3986), or in the same without `scheme://user@`.
    private static func host(of address: Substring) -> Substring {
        var rest = address
        if let slash = rest.firstIndex(of: "/"), rest[slash...].hasPrefix("//") {
            rest = rest[slash...].dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            if let at = rest.lastIndex(of: "@") { rest = rest[at...].dropFirst() }
        }
        return rest.prefix { $0 != ":" && $0 != "/" && $0 != "?" && $0 != "#" }
    }

    /// Whether the text is a host name of RFC 1123 with at least two labels, the last one not a number.
    private static func isDomain(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, labels.count >= 2, let last = labels.last, last.contains(where: isLetter) else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
