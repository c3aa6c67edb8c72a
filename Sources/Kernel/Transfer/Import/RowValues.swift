import QueryLanguage

/// What the cells of a row say, property by property.
struct RowValues {
    var values: [String: Value] = [:]
    /// The time zones of moments that name none themselves, by property. Such a moment is kept as if it were in UTC until `LocalTimes` settles it.
    var localTimes: [String: String] = [:]

    subscript(property: String) -> Value? {
        get { values[property] }
        set { values[property] = newValue }
    }
}
