import Catalog

/// The tables, triggers and first filling behind the search of one record type.
///
/// Triggers keep the words, so that they change in the statement that changes the record, whoever writes it and while the words of earlier
/// records are still being collected.
struct SearchSchema {
    let type: RecordType
    private let fields: [Field]

    init?(_ type: RecordType) {
        self.type = type
        fields = type.keptSearchFields
        if fields.isEmpty { return nil }
    }

    // MARK: Tables

    /// The words, and the words that misspelt ones are compared with.
    var tables: [DesiredTable] {
        let words = table(
            type.searchTable, subject: "\(type.id).~search",
            columns: [("record_id", .uuid), ("field", .text), ("word", .text), ("name", .text)],
            key: ["record_id", "field", "word"],
            indexes: [(IndexShape(method: .btree, isUnique: false, keys: ["field", "word", "name", "record_id"].map { .init($0) }), "idx")])
        let terms = table(
            type.searchTermTable, subject: "\(type.id).~search_terms", columns: [("record_id", .uuid), ("word", .text)],
            key: ["record_id", "word"],
            indexes: [
                (IndexShape(method: .btree, isUnique: false, keys: [.init("word")]), "idx"),
                (IndexShape(method: .gin, isUnique: false, keys: [.init("word", operatorClass: "gin_trgm_ops")]), "gin"),
            ])
        return [words, terms]
    }

    private func table(
        _ name: TableName, subject: String, columns: [(String, ColumnType)], key: [String], indexes: [(shape: IndexShape, kind: String)]
    ) -> DesiredTable {
        DesiredTable(
            name: name, owner: type.module, subject: subject,
            columns: columns.map {
                DesiredColumn(
                    name: $0.0, type: $0.1, isNotNull: true, standingDefault: nil, fill: nil, owner: type.module, field: nil)
            },
            primaryKey: .init(name: StorageName.derived(name.name, [], "pkey"), columns: key),
            indexes: indexes.map {
                let columns = $0.shape.keys.map(\.column)
                return DesiredIndex(name: StorageName.derived(name.name, columns, $0.kind), shape: $0.shape, owner: type.module)
            })
    }

    // MARK: Triggers

    /// The triggers on the record's own table, or on one of its lists.
    func triggers(on table: TableName) -> [DesiredTrigger] {
        if table == type.table { return ownTriggers }
        guard let field = fields.first(where: { type.childTable(of: $0)?.name == table }) else { return [] }
        return listTriggers(of: field, table)
    }

    private var ownTriggers: [DesiredTrigger] {
        // A purge takes the rows of lists with it.
        let purged = trigger(
            "purge", on: type.table, "AFTER DELETE", each: "ROW",
            "DELETE FROM \(words) WHERE record_id = OLD.id;\n\(Self.repair(terms, words: words, names: names, record: "OLD.id"))")
        let own = ownFields
        guard !own.isEmpty else { return [purged] }
        let columns = (own.flatMap(\.columns).map(\.name) + [nameColumn].compactMap { $0 }).uniqued
        let list = columns.map(SQLName.quoted)
        let differs = list.map { "OLD.\($0) IS DISTINCT FROM NEW.\($0)" }.joined(separator: " OR ")
        let changed = """
            DELETE FROM \(words) WHERE record_id = NEW.id AND field = ANY('{\(own.map(\.key).joined(separator: ","))}');
            \(insertOwn(from: "(SELECT NEW.*) AS n"));
            \(Self.repair(terms, words: words, names: names, record: "NEW.id"))
            """
        return [
            trigger(
                "insert", on: type.table, "AFTER INSERT", each: "STATEMENT", referencing: "NEW TABLE AS added",
                insertOwn(from: "added AS n") + ";"),
            trigger(
                "update", on: type.table, "AFTER UPDATE OF \(list.joined(separator: ", "))", each: "ROW", when: differs, changed),
            purged,
        ]
    }

    private func listTriggers(of field: Field, _ table: TableName) -> [DesiredTrigger] {
        // Seen from its end, a statement that replaces a list has the new rows in the table, in whichever order the triggers run.
        let anew = """
            DELETE FROM \(words) AS w USING removed AS r WHERE w.record_id = r.record_id AND w.field = '\(field.key)';
            \(insertList(field, from: "\(table.sql) AS n WHERE n.record_id IN (SELECT r.record_id FROM removed AS r)"));
            """
        let changed = """
            DELETE FROM \(words) WHERE record_id = NEW.record_id AND field = '\(field.key)';
            \(insertList(field, from: "\(table.sql) AS n WHERE n.record_id = NEW.record_id"));
            """
        return [
            trigger(
                "\(field.key)_insert", on: table, "AFTER INSERT", each: "STATEMENT", referencing: "NEW TABLE AS added",
                insertList(field, from: "added AS n") + ";"),
            trigger("\(field.key)_update", on: table, "AFTER UPDATE", each: "ROW", changed),
            trigger(
                "\(field.key)_delete", on: table, "AFTER DELETE", each: "STATEMENT", referencing: "OLD TABLE AS removed", anew),
        ]
    }

    private func trigger(
        _ event: String, on table: TableName, _ moment: String, each: String, referencing: String? = nil, when: String? = nil,
        _ body: String
    ) -> DesiredTrigger {
        DesiredTrigger(
            keeping: type.searchTable, event, on: table, moment, each: each, referencing: referencing, when: when, owner: type.module, body)
    }

    // MARK: Filling

    /// Collects the words of the records that are there, some thousands at a time, each in a transaction of its own that keeps its records from
    /// changing meanwhile. Stopped, it is done again from the beginning.
    var filling: DesiredFilling {
        let triggers = ([type.table] + type.childTables.map(\.name)).flatMap { self.triggers(on: $0) }
        let lists = fields.compactMap { field in
            type.childTable(of: field).map { insertList(field, from: "\($0.name.sql) AS n WHERE n.record_id = ANY(batch)") + ";" }
        }
        let own = ownFields.isEmpty ? "" : insertOwn(from: "(SELECT * FROM \(type.table.sql) WHERE id = ANY(batch)) AS n") + ";"
        return DesiredFilling(
            subject: "\(type.id).~search", what: "words of \(type.id)", table: type.table,
            digest: StorageName.digest((triggers.map(\.definition) + SystemFunctions.search.map(\.sql)).joined(separator: "\n")),
            loop: """
                batch := ARRAY(SELECT id FROM \(type.table.sql) WHERE id > last ORDER BY id LIMIT 5000 FOR SHARE);
                EXIT WHEN cardinality(batch) = 0;
                DELETE FROM \(words) WHERE record_id = ANY(batch);
                \(own)
                \(lists.joined(separator: "\n"))
                """)
    }

    // MARK: Words

    private var words: String { type.searchTable.sql }
    private var terms: String { type.searchTermTable.sql }
    private var ownFields: [Field] { fields.filter { type.childTable(of: $0) == nil } }
    private var names: [String] { fields.filter(\.hasSearchTerms).map(\.key) }

    /// The column whose value names a record to people; equal hits are in its order.
    private var nameColumn: String? { type.displayField.flatMap { type.field($0)?.columns.first?.name } }

    private var name: String {
        guard let nameColumn else { return "''" }
        return "coalesce(left(array_to_string(tessera.search_words(n.\(SQLName.quoted(nameColumn))::text), ' '), 60), '')"
    }

    private func insertOwn(from source: String) -> String {
        let words = ownFields.map { "SELECT '\($0.key)'::text, unnest(\(Self.words(of: $0)))" }.joined(separator: " UNION ALL ")
        let insert = """
            INSERT INTO \(self.words) (record_id, field, word, name)
            SELECT n.id, s.field, left(s.word, 64), \(name) FROM \(source) CROSS JOIN LATERAL (\(words)) AS s(field, word)
            WHERE s.word <> '' ON CONFLICT DO NOTHING
            """
        guard !names.isEmpty else { return insert }
        return """
            WITH kept AS (\(insert) RETURNING record_id, field, word)
            INSERT INTO \(terms) (word, record_id)
            SELECT DISTINCT ON (k.word) k.word, k.record_id FROM kept AS k
            WHERE k.field = ANY('{\(names.joined(separator: ","))}') AND length(k.word) >= 4 AND k.word !~ '[0-9]'
                AND NOT EXISTS (SELECT FROM \(terms) AS x WHERE x.word = k.word)
            ON CONFLICT DO NOTHING
            """
    }

    /// Lists keep no name with their words: hits in them are in the order of the address or number.
    private func insertList(_ field: Field, from source: String) -> String {
        let parts = source.split(separator: " WHERE ", maxSplits: 1)
        let condition = parts.count > 1 ? " AND \(parts[1])" : ""
        let isPhones = if case .phones = field.type { true } else { false }
        let runs = isPhones ? "tessera.search_phone(n.number, n.normalised)" : "tessera.search_email(n.normalised)"
        return """
            INSERT INTO \(words) (record_id, field, word, name)
            SELECT n.record_id, '\(field.key)', left(s.word, 64), '' FROM \(parts[0]) CROSS JOIN LATERAL unnest(\(runs)) AS s(word)
            WHERE s.word <> ''\(condition) ON CONFLICT DO NOTHING
            """
    }

    private static func words(of field: Field) -> String {
        let columns = field.columns.map { "n.\(SQLName.quoted($0.name))" }
        switch field.type {
        case .url: return "tessera.search_url(\(columns[0]))"
        case .choice(let choices):
            let labels = choices.map { "WHEN \(literal($0.key)) THEN \(literal($0.label))" }
            return "tessera.search_words(CASE \(columns[0]) \(labels.joined(separator: " ")) END)"
        case .multiChoice(let choices):
            let labels = choices.map { "(\(literal($0.key)), \(literal($0.label)))" }.joined(separator: ", ")
            return "tessera.search_words((SELECT string_agg(l.label, ' ' ORDER BY l.key) FROM (VALUES \(labels)) AS l(key, label) "
                + "WHERE l.key = ANY (\(columns[0]))))"
        case .tags: return "tessera.search_words(array_to_string(\(columns[0]), ' '))"
        case .address: return "tessera.search_words(concat_ws(' ', \(columns.joined(separator: ", "))))"
        default: return "tessera.search_words(\(columns[0]))"
        }
    }

    /// A text within a function's body, which a dollar sign could end.
    private static func literal(_ text: String) -> String {
        let literal = SQLName.literal(text)
        return literal.replacing("$", with: literal.hasPrefix("E") ? "\\x24" : "'||chr(36)||'")
    }

    /// Words that a record no longer has stand there for another one that has them, or not at all: a purged name leaves no trace.
    private static func repair(_ terms: String, words: String, names: [String], record: String) -> String {
        """
        WITH gone AS (DELETE FROM \(terms) AS x WHERE x.record_id = \(record)
            AND NOT EXISTS (SELECT FROM \(words) AS w WHERE w.record_id = \(record) AND w.word = x.word) RETURNING x.word)
        INSERT INTO \(terms) (word, record_id)
        SELECT g.word, o.record_id FROM gone AS g CROSS JOIN LATERAL (
            SELECT w.record_id FROM \(words) AS w
            WHERE w.field = ANY('{\(names.joined(separator: ","))}') AND w.word = g.word AND w.record_id <> \(record) LIMIT 1) AS o
        ON CONFLICT DO NOTHING;
        """
    }
}

extension [String] {
    /// Each once, in order.
    fileprivate var uniqued: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
