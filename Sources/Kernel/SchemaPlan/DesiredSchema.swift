package import Catalog

/// The tables, and indexes that a catalog asks for. Pure: the same catalog gives the same schema, names included, on every machine.
package struct DesiredSchema: Sendable, Hashable {
    /// Schemas by name, in the order of the catalog.
    package var schemas: [OwnedSchema] = []
    package var tables: [DesiredTable] = []
    package var fields: [DesiredField] = []
    package var fillings: [DesiredFilling] = []
    /// A type that is searched, which takes pg_trgm.
    package var searched: String?
    /// Why no database can be brought to this catalog.
    package var problems: [SchemaProblem] = []
    /// For fields whose default is a day: IANA name.
    package var timeZone: String
    /// What roles say; no table depends on it.
    package var rights = RightsDocument()
    /// What has a place in the event log.
    package var subscriptions: [DesiredSubscription] = []

    package struct OwnedSchema: Sendable, Hashable {
        package var name: String
        package var owner: String
    }

    package func table(_ name: TableName) -> DesiredTable? { tables.first { $0.name == name } }
}

/// A field as the ledger remembers it, so that a change of its type is noticed even when its columns stay the same.
package struct DesiredField: Sendable, Hashable {
    /// `contacts.person.affiliations.role`
    package var path: String
    package var owner: String
    package var signature: FieldSignature
    package var table: TableName
    package var columns: [String]
    /// Keys of the choices, retired ones included; empty for fields of other types.
    package var choices: [String] = []
}

package struct DesiredTable: Sendable, Hashable {
    package var name: TableName
    package var owner: String
    /// The type or field it holds: `contacts.person`, `contacts.person.emails`.
    package var subject: String
    /// Full id of the type whose records it holds, or parts of them; nil for tables of the kernel's own.
    package var recordType: String? = nil
    package var columns: [DesiredColumn]
    package var primaryKey: PrimaryKey
    package var checks: [DesiredCheck] = []
    package var foreignKeys: [DesiredForeignKey] = []
    package var indexes: [DesiredIndex] = []
    package var triggers: [DesiredTrigger] = []

    package struct PrimaryKey: Sendable, Hashable {
        package var name: String
        package var columns: [String]
    }

    package func column(_ name: String) -> DesiredColumn? { columns.first { $0.name == name } }

    /// Remembers that its records were given values, of which no change tells.
    var refillNote: String? {
        recordType.map {
            "INSERT INTO tessera.refill (record_type) VALUES (\(SQLName.literal($0))) "
                + "ON CONFLICT (record_type) DO UPDATE SET xid = pg_current_xact_id(), at = now()"
        }
    }
}

package struct DesiredColumn: Sendable, Hashable {
    package var name: String
    package var type: ColumnType
    package var isNotNull: Bool
    /// A default that stays, of columns that every record has. As PostgreSQL prints it.
    package var standingDefault: String?
    /// What existing records get when the column is added or becomes required: a constant, or an expression that has one value for the
    /// whole statement. New records get their defaults from the store.
    package var fill: ColumnFill?
    package var owner: String
    /// `contacts.person.amount`; nil for columns of the kernel's own.
    package var field: String?

    /// As in CREATE TABLE.
    package var definition: String {
        var text = "\(SQLName.quoted(name)) \(type.definition)"
        if isNotNull { text += " NOT NULL" }
        if let standingDefault { text += " DEFAULT \(standingDefault)" }
        return text
    }
}

package struct ColumnFill: Sendable, Hashable {
    package var sql: String
    /// False for `today` and `now`, which existing records get only where they must have a value.
    package var isConstant: Bool
}

package struct DesiredCheck: Sendable, Hashable {
    package var name: String
    package var expression: String
    package var owner: String
}

package struct DesiredForeignKey: Sendable, Hashable {
    package enum Action: String, Sendable, Hashable {
        // PostgreSQL checks NO ACTION at the end of the statement, so that records which point at each other can be purged together.
        case noAction = "a"
        case setNull = "n"
        case cascade = "c"

        var clause: String {
            switch self {
            case .noAction: ""
            case .setNull: " ON DELETE SET NULL"
            case .cascade: " ON DELETE CASCADE"
            }
        }
    }

    package var name: String
    package var column: String
    package var target: TableName
    package var action: Action
    package var owner: String

    /// As in ALTER TABLE … ADD.
    package var definition: String {
        "CONSTRAINT \(SQLName.quoted(name)) FOREIGN KEY (\(SQLName.quoted(column))) \(references)"
    }

    /// What follows the column, also in ADD COLUMN.
    package var references: String { "REFERENCES \(target.sql) (\"id\")\(action.clause)" }
}

package struct DesiredIndex: Sendable, Hashable {
    package var name: String
    package var shape: IndexShape
    package var owner: String

    var columns: [String] { shape.keys.map(\.column) }

    package func definition(on table: TableName, concurrently: Bool = false) -> String {
        "CREATE \(shape.isUnique ? "UNIQUE " : "")INDEX \(concurrently ? "CONCURRENTLY " : "")\(SQLName.quoted(name)) ON \(table.sql) "
            + shape.clause
    }
}

/// A trigger with a function of its own, which has the trigger's name.
package struct DesiredTrigger: Sendable, Hashable {
    package var name: String
    package var table: TableName
    /// CREATE OR REPLACE FUNCTION.
    package var function: String
    /// What follows the name in CREATE TRIGGER.
    package var clause: String
    package var owner: String

    /// A trigger that keeps a table of derived values.
    ///
    /// - Parameters:
    ///   - table: whose changes it follows.
    ///   - moment: `AFTER UPDATE OF name`
    ///   - body: statements of PL/pgSQL.
    init(
        keeping kept: TableName, _ event: String, on table: TableName, _ moment: String, each: String, referencing: String? = nil,
        when: String? = nil, owner: String, _ body: String
    ) {
        // Several modules' triggers meet on a table of the kernel's.
        name = StorageName.derived(kept.schema == table.schema ? kept.name : "\(kept.schema)__\(kept.name)", [event], "keep")
        self.table = table
        self.owner = owner
        let called = "\(SQLName.quoted(kept.schema)).\(SQLName.quoted(name))"
        function = """
            CREATE OR REPLACE FUNCTION \(called)() RETURNS trigger LANGUAGE plpgsql AS $keep$
            BEGIN
            \(body)
            RETURN NULL;
            END
            $keep$
            """
        clause =
            moment + " ON \(table.sql)" + (referencing.map { " REFERENCING \($0)" } ?? "") + " FOR EACH \(each)"
            + (when.map { " WHEN (\($0))" } ?? "") + " EXECUTE FUNCTION \(called)()"
    }

    /// What the ledger remembers.
    package var definition: String { "\(clause) \(StorageName.digest(function))" }

    var sql: String { "\(function);\nCREATE OR REPLACE TRIGGER \(SQLName.quoted(name)) \(clause)" }
}

/// Derived values of the records that are there, collected once; triggers keep them from then on.
package struct DesiredFilling: Sendable, Hashable {
    /// `contacts.person.~search`
    package var subject: String
    /// `words of contacts.person`
    package var what: String
    /// The records that they are derived from.
    package var table: TableName
    /// Of all that decides what is kept. When it changes, everything is collected anew.
    package var digest: String
    /// Statements of PL/pgSQL that collect one `batch` of ids behind the `last` one, and leave when there is none.
    package var loop: String

    /// Collects everything, committing as it goes, and notes that it did.
    var sql: String {
        """
        DO $fill$
        DECLARE
            batch uuid[];
            last uuid := '00000000-0000-0000-0000-000000000000';
        BEGIN
            LOOP
                \(loop)
                last := batch[cardinality(batch)];
                COMMIT;
            END LOOP;
            \(note);
        END
        $fill$
        """
    }

    /// Remembers that everything is there.
    var note: String {
        "INSERT INTO tessera.filling (subject, digest) VALUES (\(SQLName.literal(subject)), '\(digest)') "
            + "ON CONFLICT (subject) DO UPDATE SET digest = excluded.digest, filled_at = now()"
    }
}

/// What an index does, in terms that can be read back from PostgreSQL.
package struct IndexShape: Sendable, Hashable {
    package enum Method: String, Sendable, Hashable {
        case btree, gin
    }

    package struct Key: Sendable, Hashable {
        package var column: String
        /// A collation other than the column's own.
        package var collation: String?
        package var nullsFirst: Bool
        /// An operator class other than the type's own for the method.
        package var operatorClass: String?

        package init(_ column: String, collation: String? = nil, nullsFirst: Bool = false, operatorClass: String? = nil) {
            self.column = column
            self.operatorClass = operatorClass
            self.collation = collation
            self.nullsFirst = nullsFirst
        }

        var clause: String {
            SQLName.quoted(column) + (collation.map { " COLLATE \(SQLName.quoted($0))" } ?? "") + (operatorClass.map { " \($0)" } ?? "")
                + (nullsFirst ? " NULLS FIRST" : "")
        }
    }

    package var method: Method
    package var isUnique: Bool
    package var keys: [Key]
    /// As PostgreSQL prints it, without the outer parentheses.
    package var predicate: String?

    /// The last part of the name of an index that gives an order.
    var kind: String {
        guard let first = keys.lazy.compactMap(\.collation).first else { return "idx" }
        return "sort_" + first.split(separator: "-").dropLast(2).joined(separator: "_").lowercased()
    }

    package static let notDeleted = "deleted_at IS NULL"
    package static let primary = "is_primary"

    /// What follows the table's name.
    package var clause: String {
        let list = keys.map(\.clause).joined(separator: ", ")
        return (method == .gin ? "USING gin " : "") + "(\(list))" + (predicate.map { " WHERE \($0)" } ?? "")
    }
}

/// Names in SQL text. Every name in a schema comes from a manifest, which allows `[a-z][a-z0-9_.]*`, or from PostgreSQL's own catalog.
enum SQLName {
    static func quoted(_ name: String) -> String { "\"" + doubled("\"", in: name) + "\"" }

    static func literal(_ text: String) -> String {
        // Without backslashes the plain form is exact, whatever standard_conforming_strings says.
        guard text.unicodeScalars.contains("\\") else { return "'" + doubled("'", in: text) + "'" }
        return "E'" + doubled("\\", in: doubled("'", in: text)) + "'"
    }

    /// By code point: to Swift a quote with an accent on it is another character, to PostgreSQL it still ends the string.
    private static func doubled(_ quote: Unicode.Scalar, in text: String) -> String {
        var doubled = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == quote { doubled.append(quote) }
            doubled.append(scalar)
        }
        return String(doubled)
    }
}
