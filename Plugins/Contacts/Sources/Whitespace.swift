extension String {
    /// The text without white space at its ends.
    func trimmingWhitespace() -> Substring {
        var rest = unicodeScalars[...]
        while let first = rest.first, first.isBlank { rest.removeFirst() }
        while let last = rest.last, last.isBlank { rest.removeLast() }
        return Substring(rest)
    }
}

extension Unicode.Scalar {
    /// White space by Unicode, without a look at its tables for printable ASCII.
    fileprivate var isBlank: Bool {
        (0x21...0x7E).contains(value) ? false : properties.isWhitespace
    }
}
