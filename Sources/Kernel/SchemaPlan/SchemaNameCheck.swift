import Catalog

/// Finds names that PostgreSQL would cut, refuse or confuse, before anything is created.
struct SchemaNameCheck {
    private var problems: [SchemaProblem] = []
    /// What each relation of a schema is for.
    private var relations: [TableName: String] = [:]

    private static let systemColumns: Set<String> = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"]

    mutating func problems(of schema: DesiredSchema) -> [SchemaProblem] {
        for owned in schema.schemas { checkSchema(owned.name) }
        for table in schema.tables { check(table) }
        return problems
    }

    private mutating func checkSchema(_ name: String) {
        checkLength(name, what: "schema", target: name)
        let isReserved = name.hasPrefix("pg_") || ["public", "information_schema", "tessera"].contains(name)
        guard isReserved else { return }
        add(.nameReserved, name, "the schema \"\(name)\" belongs to PostgreSQL or to Tessera itself.", "Give the module another id.")
    }

    private mutating func check(_ table: DesiredTable) {
        checkLength(table.name.name, what: "table", target: table.subject)
        claim(table.name, for: table.subject)
        var columns: [String: String] = [:]
        for column in table.columns {
            let target = column.field ?? table.subject
            checkLength(column.name, what: "column", target: target)
            if Self.systemColumns.contains(column.name) {
                add(
                    .nameReserved, target, "every PostgreSQL table has a column \"\(column.name)\" of its own.",
                    "Give the field another key.")
            }
            if let other = columns.updateValue(target, forKey: column.name) {
                let owner = other == table.subject ? "every record" : other
                add(.nameTwice, target, "needs the column \"\(column.name)\", which \(owner) has already.", "Give the field another key.")
            }
        }
        claim(TableName(schema: table.name.schema, name: table.primaryKey.name), for: table.subject)
        for index in table.indexes {
            // The id at the end is no part of the name.
            let columns = index.columns.last == "id" ? index.columns.dropLast() : index.columns[...]
            let subject = "\(table.subject) \(index.shape.isUnique ? "unique" : "index") (\(columns.joined(separator: ", ")))"
            claim(TableName(schema: table.name.schema, name: index.name), for: subject)
        }
    }

    private mutating func checkLength(_ name: String, what: String, target: String) {
        let length = name.utf8.count
        guard length > StorageName.maximumLength else { return }
        add(
            .nameTooLong, target,
            "its \(what) would be called \"\(name)\", which has \(length) bytes; PostgreSQL keeps \(StorageName.maximumLength).",
            "Shorten the key by \(length - StorageName.maximumLength), here or one level above.")
    }

    /// Tables and indexes of one schema share their names.
    private mutating func claim(_ name: TableName, for subject: String) {
        guard let other = relations.updateValue(subject, forKey: name) else { return }
        add(
            .nameTwice, subject, "\(name) is what \(other) is called already.", "Give one of them another key, without a double underscore."
        )
    }

    private mutating func add(_ code: SchemaProblem.Code, _ target: String, _ message: String, _ remedy: String) {
        problems.append(SchemaProblem(code, target, message, remedy: remedy))
    }
}
