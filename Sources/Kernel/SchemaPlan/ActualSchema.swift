package import Catalog

/// What the database holds in the schemas that are Tessera's: read from PostgreSQL's catalog, not from what we believe to have done.
package struct ActualSchema: Sendable, Hashable {
    package var schemas: Set<String> = []
    package var tables: [TableName: ActualTable] = [:]
    /// ICU collations that PostgreSQL knows, of those a plan may need.
    package var collations: Set<String> = []
    package var ledger = Ledger()
    /// Versions of the kernel's own steps that were run; empty in a database that Tessera never saw.
    package var systemVersions: Set<Int> = []
    /// Checksums of the kernel's functions, by name.
    package var functions: [String: String] = [:]
    /// What `apply` noted last; nil before the first time.
    package var stateDigest: String?
    /// What roles said when `apply` last ran; nil when it didn't note that.
    package var rights: RightsDocument?
    /// Digests of the rules by which derived values were collected, by what they are of.
    package var fillings: [String: String] = [:]
    /// The triggers of tables, with the schemas that their functions are in.
    package var triggers: [TableName: [String: String]] = [:]
    /// Keys of the choices that fields had when `apply` last ran, by the field's path; empty when it didn't note them.
    package var choices: [String: [String]] = [:]
    package var trigrams = TrigramExtension()
}

/// PostgreSQL's pg_trgm, which finds words that resemble one another.
package struct TrigramExtension: Sendable, Hashable {
    /// The schema it is installed in; nil when it isn't.
    package var schema: String?
    /// Whether names in that schema are found without it.
    package var isVisible = false
    /// Whether the server's machine has it.
    package var isAvailable = false
    /// Whether this role may install it.
    package var isAllowed = false
}

package struct ActualTable: Sendable, Hashable {
    package var columns: [String: ActualColumn] = [:]
    package var indexes: [String: ActualIndex] = [:]
    package var foreignKeys: [String: ActualForeignKey] = [:]
    /// Check constraints: whether all rows are known to meet them.
    package var checks: [String: Bool] = [:]
    package var primaryKey: DesiredTable.PrimaryKey?
    /// Columns that were ever added; PostgreSQL ends at 1,600.
    package var columnsUsed = 0
}

package struct ActualColumn: Sendable, Hashable {
    /// As `format_type` prints it.
    package var type: String
    /// nil for types without, and for the database's own.
    package var collation: String?
    package var isNotNull: Bool
    package var standingDefault: String?
}

package struct ActualIndex: Sendable, Hashable {
    /// nil for what no plan of ours makes: expressions, included columns, other methods.
    package var shape: IndexShape?
    /// False after a concurrent build that didn't end.
    package var isValid: Bool
}

package struct ActualForeignKey: Sendable, Hashable {
    package var column: String
    package var target: TableName
    /// PostgreSQL's letter.
    package var action: String
    package var isValidated: Bool
}

/// Who owns what, and what is retired. The names are those of the table `tessera.artifact`.
package struct Ledger: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case schema, table, field, column, index, constraint, function, trigger
    }

    package struct Key: Sendable, Hashable, Comparable {
        package var kind: Kind
        package var name: String

        package init(_ kind: Kind, _ name: String) {
            self.kind = kind
            self.name = name
        }

        package static func < (left: Key, right: Key) -> Bool { (left.kind.rawValue, left.name) < (right.kind.rawValue, right.name) }
    }

    package struct Entry: Sendable, Hashable {
        package var owner: String
        package var definition: String
        package var isRetired: Bool

        package init(owner: String, definition: String, isRetired: Bool = false) {
            self.owner = owner
            self.definition = definition
            self.isRetired = isRetired
        }
    }

    package var entries: [Key: Entry] = [:]

    /// The field (or, for columns that every record has, the type) that a column belongs to, which its definition begins with.
    package func subject(ofColumn name: String, in table: TableName) -> String? {
        self[.column, "\(table).\(name)"].flatMap { $0.definition.split(separator: " ").first.map(String.init) }
    }

    package subscript(_ kind: Kind, _ name: String) -> Entry? { entries[Key(kind, name)] }
}

extension DesiredSchema {
    /// Everything the ledger has to know of this schema.
    package var ledger: Ledger {
        var entries: [Ledger.Key: Ledger.Entry] = [:]
        func note(_ kind: Ledger.Kind, _ name: String, _ owner: String, _ definition: String = "") {
            entries[.init(kind, name)] = .init(owner: owner, definition: definition)
        }
        for schema in schemas { note(.schema, schema.name, schema.owner) }
        for field in fields { note(.field, field.path, field.owner, field.signature.description) }
        for table in tables {
            let (name, schema) = (table.name.description, table.name.schema)
            note(.table, name, table.owner, table.subject)
            for column in table.columns {
                note(.column, "\(name).\(column.name)", column.owner, "\(column.field ?? table.subject) \(column.definition)")
            }
            note(
                .constraint, "\(name).\(table.primaryKey.name)", table.owner,
                "PRIMARY KEY (\(table.primaryKey.columns.joined(separator: ", ")))")
            for check in table.checks { note(.constraint, "\(name).\(check.name)", check.owner, "CHECK (\(check.expression))") }
            for key in table.foreignKeys { note(.constraint, "\(name).\(key.name)", key.owner, key.definition) }
            for trigger in table.triggers { note(.trigger, "\(trigger.table).\(trigger.name)", trigger.owner, trigger.definition) }
            for index in table.indexes { note(.index, "\(schema).\(index.name)", index.owner, index.definition(on: table.name)) }
        }
        return Ledger(entries: entries)
    }
}
