import JSONReading
import QueryLanguage

/// JSON text of single values.
enum JSON {
    static func string(_ text: String) -> String { Value.string(text).json }

    /// The value that a text is; nil when it is none.
    static func value(_ text: String) -> Value? { try? JSONReader.value(of: Array(text.utf8)) }
}
