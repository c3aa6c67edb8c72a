/// Why a CSV file cannot be read on, and where.
///
/// The message names positions and structure, never the contents of a field, so it is safe for logs.
package struct CSVError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A stable name of the kind of failure.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case unclosedQuote = "csv.unclosed_quote"
            case textAfterQuote = "csv.text_after_quote"
            case zeroByte = "csv.zero_byte"
            case encoding = "csv.encoding"
            case fieldTooLong = "csv.field_too_long"
            case tooManyFields = "csv.too_many_fields"
            case rowTooLong = "csv.row_too_long"
        }

        private let kind: Kind

        /// The file ends inside a quoted field.
        package static let unclosedQuote = Code(kind: .unclosedQuote)
        /// Something other than a delimiter follows a closing quote.
        package static let textAfterQuote = Code(kind: .textAfterQuote)
        /// A zero byte, which no text holds; UTF-16 files are full of them.
        package static let zeroByte = Code(kind: .zeroByte)
        /// The bytes are not of the file's encoding, or it is one that is not read.
        package static let encoding = Code(kind: .encoding)
        package static let fieldTooLong = Code(kind: .fieldTooLong)
        package static let tooManyFields = Code(kind: .tooManyFields)
        package static let rowTooLong = Code(kind: .rowTooLong)

        package var description: String { kind.rawValue }
    }

    package let code: Code
    /// Counted from 1, as an editor does: line breaks inside quotes count.
    package let line: Int
    /// In characters (Unicode scalars) from 1.
    package let column: Int
    /// The field of the row, from 1.
    package let field: Int
    package let message: String

    package var description: String { "\(code): line \(line), column \(column), field \(field): \(message)" }
}
