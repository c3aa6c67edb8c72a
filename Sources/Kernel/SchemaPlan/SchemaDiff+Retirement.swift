import Catalog

/// What the manifests no longer name stays where it is, with its values, and is marked in the ledger. All that changes is that it can't stand in
/// the way: nothing has to be written into it, and nothing it points at is kept from being purged. Indexes hold no values of their own and go.
extension SchemaDiff {
    mutating func addRetirements() {
        addRetirementMarks()
        addReturnMarks()
        let desiredTables = Dictionary(desired.tables.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for name in actual.tables.keys.sorted(by: { $0.description < $1.description }) where isKnown(.table, name.description) {
            if let table = desiredTables[name] {
                loosenRetiredColumns(of: table)
            } else {
                loosenRetiredTable(name)
            }
        }
    }

    // MARK: Ledger

    /// One statement for each type or field that is gone from the manifests.
    private mutating func addRetirementMarks() {
        let live = actual.ledger.entries.filter { !$0.value.isRetired && desiredLedger.entries[$0.key] == nil }
        for (subject, keys) in subjects(of: live) {
            let isType = keys.contains { $0.kind == .table && actual.ledger.entries[$0]?.definition == subject }
            let what = keys.contains { $0.kind == .schema } ? "module" : isType && !keys.contains(.init(.field, subject)) ? "type" : "field"
            add(
                PlanStep(
                    .transaction, mark(keys, "now()"), summary: "RETIRE \(what) \(subject)",
                    effect: what == "field" ? "values stay, hidden" : "records stay, hidden"))
        }
    }

    private mutating func addReturnMarks() {
        let back = actual.ledger.entries.filter { $0.value.isRetired && desiredLedger.entries[$0.key] != nil }
        for (subject, keys) in subjects(of: back) {
            add(PlanStep(.transaction, mark(keys, "NULL"), summary: "BRING BACK \(subject)", effect: "values are seen again"))
        }
    }

    private func mark(_ keys: [Ledger.Key], _ moment: String) -> String {
        let names = keys.sorted().map { "('\($0.kind.rawValue)', \(SQLName.literal($0.name)))" }
        return "UPDATE tessera.artifact SET retired_at = \(moment) WHERE (kind, name) IN (\(names.joined(separator: ", ")))"
    }

    /// Groups ledger entries under the outermost type, field or module that they came or went with. Indexes and constraints follow their tables
    /// without a mention.
    private func subjects(of entries: [Ledger.Key: Ledger.Entry]) -> [(String, [Ledger.Key])] {
        var roots: Set<String> = []
        for (key, entry) in entries {
            switch key.kind {
            case .schema, .field: roots.insert(key.name)
            case .table: roots.insert(entry.definition)
            default: break
            }
        }
        var groups: [String: [Ledger.Key]] = [:]
        for (key, entry) in entries {
            let path: String
            switch key.kind {
            case .schema, .field: path = key.name
            case .table: path = entry.definition
            case .column: path = entry.definition.split(separator: " ").first.map(String.init) ?? key.name
            case .index, .constraint, .function, .trigger: continue
            }
            guard let root = outermost(of: path, in: roots) else { continue }
            groups[root, default: []].append(key)
        }
        return groups.sorted { $0.key < $1.key }
    }

    /// `contacts.person.emails` lies within `contacts.person`, if that is among the roots.
    private func outermost(of path: String, in roots: Set<String>) -> String? {
        var end = path.startIndex
        while end < path.endIndex {
            end = path[path.index(after: end)...].firstIndex(of: ".") ?? path.endIndex
            let prefix = String(path[..<end])
            if roots.contains(prefix) { return prefix }
        }
        return nil
    }

    // MARK: Columns of tables that stay

    private mutating func loosenRetiredColumns(of table: DesiredTable) {
        guard let stored = actual.tables[table.name] else { return }
        let retired = Set(
            stored.columns.keys.filter { table.column($0) == nil && isKnown(.column, "\(table.name).\($0)") })
        let exclusive = [TableLock(.accessExclusive, table.name)]
        for name in retired.sorted() where stored.columns[name]?.isNotNull == true {
            add(PlanStep(.transaction, "\(alter(table)) ALTER COLUMN \(SQLName.quoted(name)) DROP NOT NULL", locks: exclusive))
        }
        for (name, key) in stored.foreignKeys.sorted(by: { $0.key < $1.key }) where retired.contains(key.column) {
            loosen(name, key, of: table.name)
        }
        dropIndexes(of: table, stored: stored, retired: retired)
        dropChecks(of: table, stored: stored, retired: retired)
    }

    /// Emptied when its target is purged, whatever the manifest said: nobody sees the link any more. Old values met the key already.
    private mutating func loosen(_ name: String, _ key: ActualForeignKey, of table: TableName) {
        guard key.target.schema != "tessera", key.action != DesiredForeignKey.Action.setNull.rawValue else { return }
        let new = DesiredForeignKey(name: name, column: key.column, target: key.target, action: .setNull, owner: "")
        add(
            PlanStep(
                .transaction, "ALTER TABLE \(table.sql) DROP CONSTRAINT \(SQLName.quoted(name)), ADD \(new.definition) NOT VALID",
                locks: locks(.accessExclusive, table, key.target), effect: "no longer holds up purges"))
    }

    /// Indexes made by hand aren't in the ledger and stay. One that finds the records of a retired link stays too, for purges of its target.
    private mutating func dropIndexes(of table: DesiredTable, stored: ActualTable, retired: Set<String>) {
        let links = Set(stored.foreignKeys.values.map(\.column)).intersection(retired)
        for (name, index) in stored.indexes.sorted(by: { $0.key < $1.key }) where !table.indexes.contains(where: { $0.name == name }) {
            let key = Ledger.Key(.index, "\(table.name.schema).\(name)")
            guard actual.ledger.entries[key] != nil else { continue }
            if let first = index.shape?.keys.first, links.contains(first.column), index.shape?.isUnique == false { continue }
            forget(key)
            let sql = "DROP INDEX \(SQLName.quoted(table.name.schema)).\(SQLName.quoted(name))"
            add(PlanStep(.transaction, sql, locks: [TableLock(.accessExclusive, table.name)], effect: "no values lost"))
        }
    }

    /// Checks of retired columns hold for rows without values and stay; others that are no longer declared go.
    private mutating func dropChecks(of table: DesiredTable, stored: ActualTable, retired: Set<String>) {
        for name in stored.checks.keys.sorted() where !table.checks.contains(where: { $0.name == name }) {
            let key = Ledger.Key(.constraint, "\(table.name).\(name)")
            guard let entry = actual.ledger.entries[key], !retired.contains(where: { entry.definition.contains(SQLName.quoted($0)) }) else {
                continue
            }
            forget(key)
            let sql = "\(alter(table)) DROP CONSTRAINT \(SQLName.quoted(name))"
            add(PlanStep(.transaction, sql, locks: [TableLock(.accessExclusive, table.name)], effect: "no values lost"))
        }
    }

    // MARK: Tables that are retired as a whole

    /// Records of a retired type can't keep others from being purged. What was to be purged along still is.
    private mutating func loosenRetiredTable(_ name: TableName) {
        guard let stored = actual.tables[name] else { return }
        for (constraint, key) in stored.foreignKeys.sorted(by: { $0.key < $1.key }) {
            let isPartOfKey = stored.primaryKey?.columns.contains(key.column) ?? false
            guard key.action == DesiredForeignKey.Action.noAction.rawValue, key.target.schema != "tessera", !isPartOfKey else { continue }
            if stored.columns[key.column]?.isNotNull == true {
                add(
                    PlanStep(
                        .transaction, "ALTER TABLE \(name.sql) ALTER COLUMN \(SQLName.quoted(key.column)) DROP NOT NULL",
                        locks: [TableLock(.accessExclusive, name)]))
            }
            loosen(constraint, key, of: name)
        }
    }
}
