import Catalog

extension SchemaDiff {
    /// pg_trgm, where a type is searched. Whoever owns a database may install it; elsewhere it takes somebody who may.
    mutating func addTrigrams() {
        guard let searched = desired.searched else { return }
        let trigrams = actual.trigrams
        if let schema = trigrams.schema {
            guard !trigrams.isVisible else { return }
            problem(
                .extensionMissing, searched, "is searched with PostgreSQL's pg_trgm, which is hidden in the schema \"\(schema)\".",
                "Type, as its owner:  ALTER EXTENSION pg_trgm SET SCHEMA public;")
        } else if !trigrams.isAvailable {
            problem(
                .extensionMissing, searched, "is searched with PostgreSQL's pg_trgm, which the database server doesn't have.",
                "Install PostgreSQL's contrib modules there (Debian has them in postgresql itself), then plan again.")
        } else if !trigrams.isAllowed {
            problem(
                .extensionMissing, searched, "is searched with PostgreSQL's pg_trgm, which this role may not install.",
                "Type, as the database's owner or a superuser:  CREATE EXTENSION pg_trgm;")
        } else {
            add(PlanStep(.transaction, "CREATE EXTENSION IF NOT EXISTS pg_trgm"))
        }
    }

    /// Triggers before what they keep: what is written while it is collected is kept by then.
    mutating func addFillings() {
        for table in desired.tables { for trigger in table.triggers { addTrigger(trigger) } }
        dropTriggers()
        for filling in desired.fillings where actual.fillings[filling.subject] != filling.digest {
            if actual.tables[filling.table] == nil {
                add(PlanStep(.transaction, filling.note, summary: "NOTE that there are no \(filling.what) yet"))
            } else {
                add(
                    PlanStep(
                        .concurrent, filling.sql, summary: "COLLECT \(filling.what)", locks: [TableLock(.rowShare, filling.table)],
                        scans: true))
            }
        }
        for subject in actual.fillings.keys.sorted() where !desired.fillings.contains(where: { $0.subject == subject }) {
            let sql = "DELETE FROM tessera.filling WHERE subject = \(SQLName.literal(subject))"
            add(PlanStep(.transaction, sql, summary: "RETIRE \(subject)", effect: "no values lost"))
        }
    }

    /// PostgreSQL changes no type of a column that a trigger names. Those that do are made again behind the change.
    mutating func dropTriggers(following column: String, of table: TableName) {
        for trigger in desired.tables.flatMap(\.triggers) where trigger.table == table && trigger.clause.contains(SQLName.quoted(column)) {
            guard noteGone(trigger) else { continue }
            let sql = "DROP TRIGGER \(SQLName.quoted(trigger.name)) ON \(table.sql)"
            add(PlanStep(.transaction, sql, locks: [TableLock(.accessExclusive, table)]))
        }
    }

    private mutating func addTrigger(_ trigger: DesiredTrigger) {
        let isThere = actual.triggers[trigger.table]?[trigger.name] != nil
        if isThere, actual.ledger[.trigger, "\(trigger.table).\(trigger.name)"]?.definition == trigger.definition { return }
        let isNew = actual.tables[trigger.table] == nil && trigger.table != .shares
        let locks = isNew ? [] : [TableLock(.shareRowExclusive, trigger.table)]
        add(PlanStep(.transaction, trigger.sql, summary: "CREATE TRIGGER \(trigger.name) ON \(trigger.table)", locks: locks))
    }

    /// Triggers hold no values, and would go on writing what nobody looks for.
    private mutating func dropTriggers() {
        for key in actual.ledger.entries.keys.sorted() where key.kind == .trigger && desiredLedger.entries[key] == nil {
            guard
                let table = (actual.tables.keys + [.shares]).first(where: {
                    key.name.hasPrefix("\($0).") && !key.name.dropFirst("\($0).".count).contains(".")
                })
            else { continue }
            forget(key)
            let name = String(key.name.dropFirst("\(table).".count))
            let schema = actual.triggers[table]?[name] ?? table.schema
            let quoted = SQLName.quoted(name)
            let sql = "DROP TRIGGER IF EXISTS \(quoted) ON \(table.sql);\nDROP FUNCTION IF EXISTS \(SQLName.quoted(schema)).\(quoted)()"
            add(PlanStep(.transaction, sql, summary: "DROP TRIGGER \(name) ON \(table)", locks: [TableLock(.accessExclusive, table)]))
        }
    }
}
