/// What planning and applying refuse. `code` is stable; `message` says what, where and what to do.
package struct SchemaError: Error, Sendable, CustomStringConvertible {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        /// The plan can't be carried out; `problems` says why.
        package static let refused = Code(description: "schema.refused")
        /// The database was brought up by a newer Tessera.
        package static let newerDatabase = Code(description: "schema.newer_database")
        /// What is to be done now isn't what was shown and agreed to.
        package static let planChanged = Code(description: "schema.plan_changed")
        /// Others held a lock for longer than the applier was willing to wait.
        package static let lockTimeout = Code(description: "schema.lock_timeout")
        /// PostgreSQL refused a statement; everything before it in the same transaction is undone.
        package static let statementFailed = Code(description: "schema.statement_failed")
    }

    package var code: Code
    package var message: String
    package var problems: [SchemaProblem]
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, problems: [SchemaProblem] = [], cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.problems = problems
        self.cause = cause
    }

    package var description: String { (["\(code): \(message)"] + problems.map { "  \($0)" }).joined(separator: "\n") }

    /// For whoever may see stored values.
    package var details: String {
        (["\(code): \(message)"] + problems.flatMap { problem in problem.lines.map { "  \($0)" } }).joined(separator: "\n")
    }
}

/// A reason why the database can't be brought to the manifests, and what would change that.
package struct SchemaProblem: Sendable, Hashable, CustomStringConvertible {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        package static let nameTooLong = Code(description: "schema.name_too_long")
        package static let nameReserved = Code(description: "schema.name_reserved")
        package static let nameTwice = Code(description: "schema.name_twice")
        package static let tooManyFields = Code(description: "schema.too_many_fields")
        package static let notIndexable = Code(description: "schema.not_indexable")
        package static let unknownField = Code(description: "schema.unknown_field")
        package static let unknownLanguage = Code(description: "schema.unknown_language")
        package static let typeChanged = Code(description: "schema.type_changed")
        package static let valuesMissing = Code(description: "schema.values_missing")
        package static let valuesRepeated = Code(description: "schema.values_repeated")
        package static let valuesTooLarge = Code(description: "schema.values_too_large")
        package static let notOurs = Code(description: "schema.not_ours")
        package static let drifted = Code(description: "schema.drifted")
        package static let extensionMissing = Code(description: "schema.extension_missing")
        package static let notSupported = Code(description: "schema.not_supported")
    }

    package var code: Code
    /// Where: a type, field or table, such as `contacts.person.loyalty_tier`.
    package var target: String
    package var message: String
    /// What the reader can do about it.
    package var remedy: String
    /// Some of the values that are in the way, the most frequent first. Apart from the message, since a server's log has none.
    package var examples: [Example] = []
    /// A query that lists all of them.
    package var query: String?

    /// Values that stand together, and in how many records they do.
    package struct Example: Sendable, Hashable, CustomStringConvertible {
        package var values: [String]
        package var records: Int64

        /// `"Berg", "Anna" (3 records)`; long values are cut.
        package var description: String {
            let texts = values.map { "\"\($0.count > 60 ? "\($0.prefix(57))..." : $0)\"" }
            return "\(texts.joined(separator: ", ")) (\(records == 1 ? "1 record" : "\(Figure.grouped(records)) records"))"
        }
    }

    package init(_ code: Code, _ target: String, _ message: String, remedy: String) {
        self.code = code
        self.target = target
        self.message = message
        self.remedy = remedy
    }

    package var description: String { "\(target): \(message) \(remedy)" }

    /// For whoever may see the values: what is in the way, and how to list all of it.
    package var lines: [String] {
        ["\(target): \(message)"] + (examples.isEmpty ? [] : ["    " + examples.map(\.description).joined(separator: "; ")]) + [
            "    \(remedy)"
        ]
            + (query.map { ["    List all of them: tessera psql -- -c '\($0)'"] } ?? [])
    }
}
