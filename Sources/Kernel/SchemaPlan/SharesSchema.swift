import Catalog

/// The table, triggers and first filling behind lists of what is shared, of one record type. See `RecordType.sharesTable`.
struct SharesSchema {
    let type: RecordType
    private let orders: [RecordOrder]
    /// Everything that the orders are by, each once.
    private let columns: [Column]

    init(_ type: RecordType) {
        self.type = type
        orders = type.orders
        columns = orders.flatMap(\.keys).map(\.column).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    var table: DesiredTable {
        let name = type.sharesTable
        func column(_ column: Column, isNotNull: Bool = false) -> DesiredColumn {
            let field = type.fields.first { $0.columns.contains { $0.name == column.name } }
            return DesiredColumn(
                name: column.name, type: column.type, isNotNull: isNotNull, standingDefault: nil, fill: nil,
                owner: field?.owner ?? type.module, field: field.map { "\(type.id).\($0.key)" })
        }
        // Without another order, records come by their ids.
        let indexes = ([RecordOrder(keys: [], owner: type.module)] + orders).map { order in
            let keys = order.keys.map {
                IndexShape.Key($0.column.name, collation: $0.collation, nullsFirst: !RecordType.isNeverNull($0.column.name))
            }
            let shape = IndexShape(method: .btree, isUnique: false, keys: [.init("grantee_id")] + keys + [.init("record_id")])
            return DesiredIndex(
                name: StorageName.derived(name.name, shape.keys.dropLast().map(\.column), shape.kind), shape: shape, owner: order.owner)
        }
        return DesiredTable(
            name: name, owner: type.module, subject: "\(type.id).~shares",
            columns: ["grantee_id", "record_id"].map { column(Column($0, .uuid), isNotNull: true) } + columns.map { column($0) },
            primaryKey: .init(name: StorageName.derived(name.name, [], "pkey"), columns: ["record_id", "grantee_id"]),
            foreignKeys: [
                DesiredForeignKey(
                    name: StorageName.derived(name.name, ["record_id"], "fkey"), column: "record_id", target: type.table, action: .cascade,
                    owner: type.module)
            ],
            indexes: indexes.reduce(into: []) { all, index in
                // Rules may name what has an index anyway.
                if !all.contains(where: { $0.name == index.name }) { all.append(index) }
            },
            triggers: triggers)
    }

    // MARK: Triggers

    private var triggers: [DesiredTrigger] {
        let ofType = "record_type = '\(type.id)'"
        // Whoever changes the record at that moment is waited for, or waits and finds the new row.
        let added = trigger(
            "add", on: .shares, "AFTER INSERT", when: "NEW.\(ofType)",
            insert(from: "\(type.table.sql) AS t WHERE t.id = NEW.record_id FOR SHARE", grantee: "NEW.grantee_id"))
        let removed = trigger(
            "remove", on: .shares, "AFTER DELETE", when: "OLD.\(ofType)",
            "DELETE FROM \(shares) WHERE record_id = OLD.record_id AND grantee_id = OLD.grantee_id;")
        let moving = columns.map(\.name).filter { !["created_at", "created_by"].contains($0) }.map(SQLName.quoted)
        guard !moving.isEmpty else { return [added, removed] }
        let moved = trigger(
            "move", on: type.table, "AFTER UPDATE OF \(moving.joined(separator: ", "))",
            when: moving.map { "OLD.\($0) IS DISTINCT FROM NEW.\($0)" }.joined(separator: " OR "),
            "UPDATE \(shares) SET \(moving.map { "\($0) = NEW.\($0)" }.joined(separator: ", ")) WHERE record_id = NEW.id;")
        return [added, removed, moved]
    }

    private func trigger(_ event: String, on table: TableName, _ moment: String, when: String, _ body: String) -> DesiredTrigger {
        DesiredTrigger(keeping: type.sharesTable, event, on: table, moment, each: "ROW", when: when, owner: type.module, body)
    }

    // MARK: Filling

    /// Copies the shares that are there, as the words of searches are collected: see `SearchSchema.filling`.
    var filling: DesiredFilling {
        DesiredFilling(
            subject: "\(type.id).~shares", what: "shares of \(type.id)", table: type.table,
            digest: StorageName.digest(triggers.map(\.definition).joined(separator: "\n")),
            loop: """
                batch := ARRAY(SELECT DISTINCT record_id FROM tessera.share
                    WHERE record_type = '\(type.id)' AND record_id > last ORDER BY record_id LIMIT 5000);
                EXIT WHEN cardinality(batch) = 0;
                DELETE FROM \(shares) WHERE record_id = ANY(batch);
                \(insert(
                    from: "tessera.share AS s JOIN \(type.table.sql) AS t ON t.id = s.record_id WHERE s.record_id = ANY(batch) FOR SHARE",
                    grantee: "s.grantee_id"))
                """)
    }

    private var shares: String { type.sharesTable.sql }

    private func insert(from source: String, grantee: String) -> String {
        let names = columns.map { SQLName.quoted($0.name) }
        return """
            INSERT INTO \(shares) (\((["grantee_id", "record_id"] + names).joined(separator: ", ")))
            SELECT \(([grantee, "t.id"] + names.map { "t.\($0)" }).joined(separator: ", ")) FROM \(source)
            ON CONFLICT (record_id, grantee_id) DO UPDATE SET \(names.map { "\($0) = excluded.\($0)" }.joined(separator: ", "));
            """
    }
}
