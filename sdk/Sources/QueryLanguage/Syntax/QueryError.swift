/// What is wrong with a query, where, and what to do about it.
public struct QueryError: Error, Sendable, Hashable {
    /// What kind of error it is; more may come, so compare instead of switching.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case syntax, limit, unknownOption, duplicateOption, unknownName, typeMismatch, wrongArguments
            case unknownFunction, invalidLiteral, notFilterable, notSupported, evaluation
        }

        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// `query.syntax`: the grammar refuses the text.
        public static let syntax = Code(.syntax)
        /// `query.limit`: longer, deeper or larger than `QueryLimits` allow.
        public static let limit = Code(.limit)
        /// `query.unknown_option`: no such system query option.
        public static let unknownOption = Code(.unknownOption)
        /// `query.duplicate_option`: a system query option given twice.
        public static let duplicateOption = Code(.duplicateOption)
        /// `query.unknown_name`: no such property, link, variable or parameter alias.
        public static let unknownName = Code(.unknownName)
        /// `query.type_mismatch`: an operand of the wrong type.
        public static let typeMismatch = Code(.typeMismatch)
        /// `query.wrong_arguments`: a function with the wrong number of arguments.
        public static let wrongArguments = Code(.wrongArguments)
        /// `query.unknown_function`: no such function.
        public static let unknownFunction = Code(.unknownFunction)
        /// `query.invalid_literal`: a literal out of range, or not a member of a choice.
        public static let invalidLiteral = Code(.invalidLiteral)
        /// `query.not_filterable`: the property can't be used in conditions or for sorting.
        public static let notFilterable = Code(.notFilterable)
        /// `query.not_supported`: the standard has it, Tessera doesn't yet.
        public static let notSupported = Code(.notSupported)
        /// `query.evaluation`: an evaluation can't give a result (overflow, out of range).
        public static let evaluation = Code(.evaluation)

        /// The stable text, such as `query.type_mismatch`.
        public var description: String {
            switch kind {
            case .syntax: "query.syntax"
            case .limit: "query.limit"
            case .unknownOption: "query.unknown_option"
            case .duplicateOption: "query.duplicate_option"
            case .unknownName: "query.unknown_name"
            case .typeMismatch: "query.type_mismatch"
            case .wrongArguments: "query.wrong_arguments"
            case .unknownFunction: "query.unknown_function"
            case .invalidLiteral: "query.invalid_literal"
            case .notFilterable: "query.not_filterable"
            case .notSupported: "query.not_supported"
            case .evaluation: "query.evaluation"
            }
        }
    }

    /// What kind of error it is.
    public var code: Code
    /// Where it is in the text the user typed: byte column from 1, or 0 when there is no text.
    public var column: Int
    /// What was found and what was expected, in a sentence. May quote the query.
    public var message: String
    /// The name or spelling that was probably meant.
    public var suggestion: String?

    /// Makes an error.
    public init(_ code: Code, at column: Int, _ message: String, suggestion: String? = nil) {
        self.code = code
        self.column = column
        self.message = message
        self.suggestion = suggestion
    }

    /// Message and suggestion in one line: `… Did you mean 'last_name'?`
    public var fullMessage: String {
        guard let suggestion else { return message }
        return "\(message) Did you mean '\(suggestion)'?"
    }
}

extension QueryError: CustomStringConvertible, CustomDebugStringConvertible {
    /// Code and column, without text of the query: safe for logs.
    public var description: String { "\(code) at column \(column)" }
    /// Everything, the query's own words included.
    public var debugDescription: String { "column \(column): \(fullMessage) [\(code)]" }
}
