/// A place in a manifest file: where a value starts, and by which keys it is reached.
///
/// Lines and columns count from 1; a column counts characters (Unicode scalars), not bytes.
public struct SourceLocation: Sendable, Hashable {
    /// The path of the file as it was given to the parser.
    public let file: String
    /// The line, from 1.
    public let line: Int
    /// The column in characters, from 1.
    public let column: Int
    /// The keys from the root of the document, joined by dots, with list positions in brackets: `types.person.indexes[0].fields[1]`.
    /// Empty for the document itself.
    public let keyPath: String

    /// Names a place in a file.
    public init(file: String, line: Int, column: Int, keyPath: String = "") {
        self.file = file
        self.line = line
        self.column = column
        self.keyPath = keyPath
    }

    /// The same place moved right by a number of characters, for positions inside a one-line value.
    public func advanced(by characters: Int) -> SourceLocation {
        let (moved, overflow) = column.addingReportingOverflow(characters)
        return SourceLocation(file: file, line: line, column: overflow ? column : moved, keyPath: keyPath)
    }
}

extension SourceLocation: CustomStringConvertible {
    /// `file:line:column`, the form that editors and terminals make clickable.
    public var description: String { "\(file):\(line):\(column)" }
}

/// A value together with the place where it was written.
public struct Located<Value: Sendable>: Sendable {
    /// What was written.
    public let value: Value
    /// Where its first character stands.
    public let location: SourceLocation

    /// Pairs a value with its place.
    public init(_ value: Value, at location: SourceLocation) {
        self.value = value
        self.location = location
    }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}
