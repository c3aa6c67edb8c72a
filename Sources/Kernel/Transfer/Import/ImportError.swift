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

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
