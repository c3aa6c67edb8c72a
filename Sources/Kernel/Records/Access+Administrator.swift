package import QueryLanguage

extension GUID {
    /// The principal every database is set up with: the administrator, who may do everything.
    package static let administrator = GUID(high: 0x0000_0000_0000_7000, low: 0x8000_0000_0000_0001)
}
