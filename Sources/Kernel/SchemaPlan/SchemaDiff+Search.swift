import Catalog

extension SchemaDiff {
    /// pg_trgm, where a type is searched. Whoever owns a database may install it; elsewhere it takes somebody who may.
    mutating func addTrigrams() {
        guard let search = desired.searches.first else { return }
        let trigrams = actual.trigrams
        if let schema = trigrams.schema {
            guard !trigrams.isVisible else { return }
            problem(
                .extensionMissing, search.type, "is searched with PostgreSQL's pg_trgm, which is hidden in the schema \"\(schema)\".",
                "Type, as its owner:  ALTER EXTENSION pg_trgm SET SCHEMA public;")
        } else if !trigrams.isAvailable {
            problem(
                .extensionMissing, search.type, "is searched with PostgreSQL's pg_trgm, which the database server doesn't have.",
                "Install PostgreSQL's contrib modules there (Debian has them in postgresql itself), then plan again.")
        } else if !trigrams.isAllowed {
            problem(
                .extensionMissing, search.type, "is searched with PostgreSQL's pg_trgm, which this role may not install.",
                "Type, as the database's owner or a superuser:  CREATE EXTENSION pg_trgm;")
        } else {
            add(PlanStep(.transaction, "CREATE EXTENSION IF NOT EXISTS pg_trgm"))
        }
    }

    /// Triggers before words: what is written while words are collected is kept by then.
    mutating func addSearchSteps() {
        for table in desired.tables { for trigger in table.triggers { addTrigger(trigger, to: table) } }
        dropTriggers()
        for search in desired.searches where actual.searches[search.type] != search.digest {
            if actual.tables[search.table] == nil {
                add(PlanStep(.transaction, search.note, summary: "NOTE that \(search.type) has no words yet"))
            } else {
                add(
                    PlanStep(
                        .concurrent, search.fill, summary: "COLLECT words of \(search.type)", locks: [TableLock(.rowShare, search.table)],
                        scans: true))
            }
        }
        for type in actual.searches.keys.sorted() where !desired.searches.contains(where: { $0.type == type }) {
            let sql = "DELETE FROM tessera.search_state WHERE record_type = \(SQLName.literal(type))"
            add(PlanStep(.transaction, sql, summary: "RETIRE search of \(type)", effect: "no values lost"))
        }
    }

    private mutating func addTrigger(_ trigger: DesiredTrigger, to table: DesiredTable) {
        let isThere = actual.tables[table.name]?.triggers.contains(trigger.name) ?? false
        if isThere, actual.ledger[.trigger, "\(table.name).\(trigger.name)"]?.definition == trigger.definition { return }
        let locks = actual.tables[table.name] == nil ? [] : [TableLock(.shareRowExclusive, table.name)]
        add(PlanStep(.transaction, trigger.sql, summary: "CREATE TRIGGER \(trigger.name) ON \(table.name)", locks: locks))
    }

    /// Triggers hold no values, and would go on writing words that nobody looks for.
    private mutating func dropTriggers() {
        for key in actual.ledger.entries.keys.sorted() where key.kind == .trigger && desiredLedger.entries[key] == nil {
            guard
                let table = actual.tables.keys.first(where: {
                    key.name.hasPrefix("\($0).") && !key.name.dropFirst("\($0).".count).contains(".")
                })
            else { continue }
            forget(key)
            let name = SQLName.quoted(String(key.name.dropFirst("\(table).".count)))
            let sql = "DROP TRIGGER IF EXISTS \(name) ON \(table.sql);\nDROP FUNCTION IF EXISTS \(SQLName.quoted(table.schema)).\(name)()"
            add(PlanStep(.transaction, sql, summary: "DROP TRIGGER \(name) ON \(table)", locks: [TableLock(.accessExclusive, table)]))
        }
    }
}
