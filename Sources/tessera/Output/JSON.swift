import QueryLanguage

/// JSON text of single values.
enum JSON {
    static func string(_ text: String) -> String { Value.string(text).json }
}
