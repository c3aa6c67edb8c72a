import QueryLanguage

/// What the cells of a row say, property by property.
struct RowValues {
    var values: [String: Value] = [:]
    /// Moments that name no time zone themselves, by property. Such a moment is kept as if it were in UTC until `LocalTimes` settles it.
    var localTimes: [String: LocalTime] = [:]

    subscript(property: String) -> Value? {
        get { values[property] }
        set { values[property] = newValue }
    }
}

/// A moment as clocks in its zone show it.
struct LocalTime: Sendable {
    /// The zone (IANA) of the column.
    var zone: String
    var header: String
    /// As the cell has it.
    var text: String
}
