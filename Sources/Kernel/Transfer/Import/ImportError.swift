import Manifests

/// Why an import can't begin or go on; single rows that fail are no reason.
package struct ImportError: Error, Sendable, CustomStringConvertible {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        package static let unreadable = Code(description: "import.unreadable")
        package static let noHeader = Code(description: "import.no_header")
        package static let unknownProperty = Code(description: "import.unknown_property")
        /// What the store or a module writes can't be filled.
        package static let readOnly = Code(description: "import.read_only")
        package static let unknownColumn = Code(description: "import.unknown_column")
        package static let twice = Code(description: "import.twice")
        package static let ambiguous = Code(description: "import.ambiguous")
        package static let noCards = Code(description: "import.no_cards")
        /// An unfinished import of this file was of other contents or with other options.
        package static let changed = Code(description: "import.changed")
        /// The import was undone or begun anew while it ran.
        package static let ended = Code(description: "import.ended")
        package static let badFormat = Code(description: "import.bad_format")
    }

    package let code: Code
    package let message: String
    /// Each fault alone, where there are several; the message has all of them.
    package let parts: [ImportError]

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
        parts = []
    }

    /// Several faults in one, a line each, under the code of the first.
    private init(_ first: ImportError, parts: [ImportError]) {
        code = first.code
        message = parts.map(\.message).joined(separator: "\n")
        self.parts = parts
    }

    /// One error of all of them; nil where there is none.
    static func one(of faults: [ImportError]) -> ImportError? {
        guard let first = faults.first, faults.count > 1 else { return faults.first }
        return ImportError(first, parts: faults)
    }

    /// The same with its message, or those of its parts, in other words.
    package func rephrased(_ change: (String) -> String) -> ImportError {
        Self.one(of: parts.map { ImportError($0.code, change($0.message)) }) ?? ImportError(code, change(message))
    }

    /// The same with the place in the mapping file that it is about.
    func at(_ column: ImportMapping.Column) -> ImportError {
        guard let location = column.location else { return self }
        return rephrased { "\(location): \($0)" }
    }

    package var description: String { message }
}
