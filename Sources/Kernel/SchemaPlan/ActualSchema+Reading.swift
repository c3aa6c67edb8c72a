import Catalog
package import Postgres

extension ActualSchema {
    /// Reads the schemas that the ledger or the catalog names, in a handful of statements.
    package static func read(_ connection: PostgresConnection, for desired: DesiredSchema) async throws -> ActualSchema {
        var actual = ActualSchema()
        try await actual.readSystem(connection)
        let names = Set(desired.schemas.map(\.name)).union(actual.ledger.entries.keys.filter { $0.kind == .schema }.map(\.name))
        let schemas = names.sorted()
        try await actual.readRelations(connection, schemas)
        try await actual.readColumns(connection, schemas)
        try await actual.readIndexes(connection, schemas)
        try await actual.readConstraints(connection, schemas)
        try await actual.readTriggers(connection, schemas)
        if desired.searched != nil { try await actual.readTrigrams(connection) }
        let wanted = Set(desired.tables.flatMap(\.indexes).flatMap(\.shape.keys).compactMap(\.collation)).sorted()
        if !wanted.isEmpty {
            let found = try await connection.query("SELECT collname::text FROM pg_collation WHERE collname = ANY(\(bind: wanted)::text[])")
            actual.collations = Set(try found.rows.map { try $0.decode(String.self, 0) })
        }
        return actual
    }

    /// The kernel's own tables, which may not be there yet.
    private mutating func readSystem(_ connection: PostgresConnection) async throws {
        let present = try await connection.query(
            "SELECT name FROM unnest(ARRAY['system_step', 'artifact', 'schema_state', 'filling']) AS name WHERE to_regclass('tessera.' || name) IS NOT NULL"
        )
        let tables = Set(try present.rows.map { try $0.decode(String.self, 0) })
        if tables.contains("system_step") {
            systemVersions = Set(
                try await connection.query("SELECT version FROM tessera.system_step").rows.map { try $0.decode(Int.self, 0) })
        }
        if tables.contains("artifact") {
            let rows = try await connection.query("SELECT kind, name, owner, definition, retired_at IS NOT NULL FROM tessera.artifact").rows
            for row in rows {
                // A kind that this version doesn't know belongs to a newer one, which `systemVersions` tells.
                guard let kind = Ledger.Kind(rawValue: try row.value(0)) else { continue }
                let entry = Ledger.Entry(owner: try row.value(2), definition: try row.value(3), isRetired: try row.value(4))
                ledger.entries[.init(kind, try row.value(1))] = entry
                if kind == .function { functions[try row.value(1)] = entry.definition }
            }
        }
        if tables.contains("filling") {
            for row in try await connection.query("SELECT subject, digest FROM tessera.filling").rows {
                fillings[try row.value(0)] = try row.decode(String.self, 1)
            }
        }
        if tables.contains("schema_state") {
            stateDigest = try await connection.query("SELECT digest FROM tessera.schema_state").first?.value(0)
            rights = try await Self.readRights(connection)
            let rows = try await connection.query(
                """
                SELECT c ->> 'field', ARRAY(SELECT jsonb_array_elements_text(c -> 'keys'))
                FROM tessera.schema_state, jsonb_array_elements(document -> 'choices') c
                """
            ).rows
            for row in rows { choices[try row.value(0)] = try row.decode([String].self, 1) }
        }
    }

    private static func readRights(_ connection: PostgresConnection) async throws -> RightsDocument? {
        let known: Bool? = try await connection.query("SELECT document -> 'rights' IS NOT NULL FROM tessera.schema_state").first?.value(0)
        guard known == true else { return nil }
        let rows = try await connection.query(
            """
            SELECT r ->> 'role', r ->> 'type', r ->> 'aspect', r ->> 'covers'
            FROM tessera.schema_state, jsonb_array_elements(document -> 'rights') r
            """
        ).rows
        var sayings: [RightsDocument.Subject: String] = [:]
        for row in rows { sayings[.init(role: try row.value(0), type: try row.value(1), aspect: try row.value(2))] = try row.value(3) }
        return RightsDocument(sayings: sayings)
    }

    private mutating func readRelations(_ connection: PostgresConnection, _ names: [String]) async throws {
        let rows = try await connection.query(
            """
            SELECT n.nspname::text, c.relname::text, coalesce(c.relnatts, 0)::int
            FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            WHERE n.nspname = ANY(\(bind: names)::text[])
            """
        ).rows
        for row in rows {
            let schema: String = try row.value(0)
            schemas.insert(schema)
            guard let name: String = try row.value(1) else { continue }
            tables[TableName(schema: schema, name: name)] = ActualTable(columnsUsed: try row.value(2))
        }
    }

    private mutating func readColumns(_ connection: PostgresConnection, _ names: [String]) async throws {
        let rows = try await connection.query(
            """
            SELECT n.nspname::text, c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), k.collname::text, a.attnotnull,
                pg_get_expr(d.adbin, d.adrelid)
            FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_collation k ON k.oid = a.attcollation AND k.collname <> 'default'
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            WHERE n.nspname = ANY(\(bind: names)::text[])
            """
        ).rows
        for row in rows {
            let table = TableName(schema: try row.value(0), name: try row.value(1))
            let column = ActualColumn(
                type: try row.value(3), collation: try row.value(4), isNotNull: try row.value(5), standingDefault: try row.value(6))
            tables[table]?.columns[try row.value(2)] = column
        }
    }

    private mutating func readIndexes(_ connection: PostgresConnection, _ names: [String]) async throws {
        // Collations that differ from their column's are the ones a plan names; a column number of 0 is an expression.
        let rows = try await connection.query(
            """
            SELECT n.nspname::text, t.relname::text, c.relname::text, m.amname::text, i.indisunique, i.indisvalid,
                i.indnkeyatts = i.indnatts AND NOT 0 = ANY(i.indkey::int2[]),
                ARRAY(SELECT coalesce(a.attname::text, '') FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(num, place)
                    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num ORDER BY place),
                ARRAY(SELECT CASE WHEN a.attcollation = k.oid THEN '' ELSE coalesce(l.collname::text, '') END
                    FROM unnest(i.indcollation::oid[]) WITH ORDINALITY k(oid, place)
                    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = (i.indkey::int2[])[place - 1]
                    LEFT JOIN pg_collation l ON l.oid = k.oid ORDER BY place),
                pg_get_expr(i.indpred, i.indrelid), i.indoption::int2[]::int4[],
                ARRAY(SELECT CASE WHEN o.opcdefault THEN '' ELSE o.opcname::text END FROM unnest(i.indclass::oid[]) WITH ORDINALITY k(oid, place)
                    JOIN pg_opclass o ON o.oid = k.oid ORDER BY place)
            FROM pg_namespace n JOIN pg_class t ON t.relnamespace = n.oid JOIN pg_index i ON i.indrelid = t.oid AND NOT i.indisprimary
            JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
            WHERE n.nspname = ANY(\(bind: names)::text[])
            """
        ).rows
        for row in rows {
            let table = TableName(schema: try row.value(0), name: try row.value(1))
            let isPlain: Bool = try row.value(6)
            let columns: [String] = try row.value(7)
            let collations: [String] = try row.value(8)
            // Bit 0: descending, which no plan makes; bit 1: nulls first.
            let options: [Int32] = try row.value(10)
            let classes: [String] = try row.value(11)
            var shape: IndexShape?
            if isPlain, let method = IndexShape.Method(rawValue: try row.value(3)), columns.count == collations.count,
                columns.count == options.count, columns.count == classes.count, options.allSatisfy({ $0 & 1 == 0 })
            {
                let keys = columns.indices.map {
                    IndexShape.Key(
                        columns[$0], collation: collations[$0].isEmpty ? nil : collations[$0], nullsFirst: options[$0] & 2 != 0,
                        operatorClass: classes[$0].isEmpty ? nil : classes[$0])
                }
                let predicate: String? = try row.value(9)
                shape = IndexShape(
                    method: method, isUnique: try row.value(4), keys: keys, predicate: predicate.map(Self.withoutParentheses))
            }
            tables[table]?.indexes[try row.value(2)] = ActualIndex(shape: shape, isValid: try row.value(5))
        }
    }

    private mutating func readConstraints(_ connection: PostgresConnection, _ names: [String]) async throws {
        let rows = try await connection.query(
            """
            SELECT n.nspname::text, t.relname::text, o.conname::text, o.contype::text, o.convalidated, o.confdeltype::text,
                ARRAY(SELECT a.attname::text FROM unnest(o.conkey) WITH ORDINALITY k(num, place)
                    JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.num ORDER BY place),
                fn.nspname::text, f.relname::text
            FROM pg_namespace n JOIN pg_class t ON t.relnamespace = n.oid JOIN pg_constraint o ON o.conrelid = t.oid
            LEFT JOIN pg_class f ON f.oid = o.confrelid LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace
            WHERE o.contype IN ('c', 'f', 'p') AND n.nspname = ANY(\(bind: names)::text[])
            """
        ).rows
        for row in rows {
            let table = TableName(schema: try row.value(0), name: try row.value(1))
            let name: String = try row.value(2)
            let columns: [String] = try row.value(6)
            switch try row.decode(String.self, 3) {
            case "c": tables[table]?.checks[name] = try row.value(4)
            case "p": tables[table]?.primaryKey = .init(name: name, columns: columns)
            default:
                tables[table]?.foreignKeys[name] = ActualForeignKey(
                    column: columns.count == 1 ? columns[0] : "", target: TableName(schema: try row.value(7), name: try row.value(8)),
                    action: try row.value(5), isValidated: try row.value(4))
            }
        }
    }

    private mutating func readTriggers(_ connection: PostgresConnection, _ names: [String]) async throws {
        let rows = try await connection.query(
            """
            SELECT n.nspname::text, t.relname::text, g.tgname::text, f.nspname::text
            FROM pg_namespace n JOIN pg_class t ON t.relnamespace = n.oid JOIN pg_trigger g ON g.tgrelid = t.oid
                JOIN pg_proc p ON p.oid = g.tgfoid JOIN pg_namespace f ON f.oid = p.pronamespace
            WHERE NOT g.tgisinternal AND g.tgenabled <> 'D'
                AND (n.nspname = ANY(\(bind: names)::text[]) OR (n.nspname, t.relname) = ('tessera', 'share'))
            """
        ).rows
        for row in rows {
            triggers[TableName(schema: try row.value(0), name: try row.value(1)), default: [:]][try row.value(2)] = try row.value(3)
        }
    }

    private mutating func readTrigrams(_ connection: PostgresConnection) async throws {
        let found = try await connection.query(
            """
            SELECT (SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm'),
                EXISTS (SELECT FROM pg_opclass WHERE opcname = 'gin_trgm_ops' AND pg_opclass_is_visible(oid)),
                EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm'),
                has_database_privilege(current_database(), 'CREATE')
            """
        )
        guard let row = found.first else { return }
        trigrams = TrigramExtension(
            schema: try row.value(0), isVisible: try row.value(1), isAvailable: try row.value(2), isAllowed: try row.value(3))
    }

    private static func withoutParentheses(_ expression: String) -> String {
        guard expression.hasPrefix("("), expression.hasSuffix(")") else { return expression }
        return String(expression.dropFirst().dropLast())
    }
}

extension PostgresRow {
    /// A column as the type that the place of the call asks for.
    func value<Value: PostgresDecodable>(_ column: Int) throws -> Value { try decode(Value.self, column) }
}
