import Catalog

extension SchemaDiff {
    /// Checks and foreign keys of tables that were there before. On tables with rows they hold for new rows at once and are proven for old ones
    /// beside the writers.
    mutating func addConstraintSteps(of table: DesiredTable) {
        guard let stored = actual.tables[table.name] else { return }
        for check in table.checks { addCheck(check, of: table, stored: stored) }
        for key in table.foreignKeys {
            guard let column = table.column(key.column), !isBlocked(column), stored.columns[key.column] != nil else { continue }
            addForeignKey(key, of: table, stored: stored)
        }
    }

    private mutating func addCheck(_ check: DesiredCheck, of table: DesiredTable, stored: ActualTable) {
        let key = "\(table.name).\(check.name)"
        let name = SQLName.quoted(check.name)
        let isSame = actual.ledger[.constraint, key].map { $0.definition == "CHECK (\(check.expression))" } ?? true
        if let isValidated = stored.checks[check.name], isSame {
            if !isValidated { validate(check.name, of: table, reading: nil) }
            return
        }
        let hasRows = facts.hasRows(table.name)
        let drop = stored.checks[check.name] == nil ? "" : "DROP CONSTRAINT \(name), "
        let sql = "\(alter(table)) \(drop)ADD CONSTRAINT \(name) CHECK (\(check.expression))\(hasRows ? " NOT VALID" : "")"
        add(PlanStep(.transaction, sql, locks: [TableLock(.accessExclusive, table.name)]))
        if hasRows { validate(check.name, of: table, reading: nil) }
    }

    private mutating func addForeignKey(_ key: DesiredForeignKey, of table: DesiredTable, stored: ActualTable) {
        let old = stored.foreignKeys[key.name]
        if let old, old.column == key.column, old.target == key.target, old.action == key.action.rawValue {
            if !old.isValidated { validate(key.name, of: table, reading: key.target) }
            return
        }
        let hasRows = facts.hasRows(table.name)
        // Dropping a foreign key shuts out readers of both tables for a moment, adding one only writers.
        let mode: TableLock.Mode = old == nil ? .shareRowExclusive : .accessExclusive
        let drop = old == nil ? "" : "DROP CONSTRAINT \(SQLName.quoted(key.name)), "
        let sql = "\(alter(table)) \(drop)ADD \(key.definition)\(hasRows ? " NOT VALID" : "")"
        add(PlanStep(.transaction, sql, locks: locks(mode, table.name, key.target)))
        if hasRows { validate(key.name, of: table, reading: key.target) }
    }

    private mutating func validate(_ name: String, of table: DesiredTable, reading target: TableName?) {
        var locks = [TableLock(.shareUpdateExclusive, table.name)]
        if let target, target != table.name { locks.append(TableLock(.rowShare, target)) }
        add(
            PlanStep(.concurrent, "\(alter(table)) VALIDATE CONSTRAINT \(SQLName.quoted(name))", locks: locks, scans: true, isPatient: true)
        )
    }

    func locks(_ mode: TableLock.Mode, _ table: TableName, _ target: TableName) -> [TableLock] {
        let both = [TableLock(mode, table)] + (target == table ? [] : [TableLock(mode, target)])
        return both.filter { actual.tables[$0.table] != nil || $0.table.schema == "tessera" }
    }

    // MARK: Indexes

    mutating func addIndexSteps(of table: DesiredTable) {
        guard let stored = actual.tables[table.name] else { return }
        for index in table.indexes where hasCollations(index, of: table) {
            let old = stored.indexes[index.name]
            if let old, old.isValid, old.shape == index.shape { continue }
            let columns = index.shape.keys.map(\.column)
            if columns.contains(where: { name in table.column(name).map(isBlocked) ?? false }) { continue }
            addIndex(index, to: table, stored: stored, isReplacing: old != nil)
        }
    }

    private mutating func addIndex(_ index: DesiredIndex, to table: DesiredTable, stored: ActualTable, isReplacing: Bool) {
        let name = "\(SQLName.quoted(table.name.schema)).\(SQLName.quoted(index.name))"
        guard facts.hasRows(table.name) else {
            if isReplacing { add(PlanStep(.transaction, "DROP INDEX \(name)", locks: [TableLock(.accessExclusive, table.name)])) }
            add(PlanStep(.transaction, index.definition(on: table.name), locks: [TableLock(.share, table.name)]))
            return
        }
        if index.shape.isUnique, isRepeated(index, of: table, stored: stored) { return }
        let beside = [TableLock(.shareUpdateExclusive, table.name)]
        // Left by a build that didn't end, or changed by hand: it serves nobody as it is.
        if isReplacing { add(PlanStep(.concurrent, "DROP INDEX CONCURRENTLY \(name)", locks: beside, isPatient: true)) }
        add(PlanStep(.concurrent, index.definition(on: table.name, concurrently: true), locks: beside, scans: true, isPatient: true))
    }

    private mutating func isRepeated(_ index: DesiredIndex, of table: DesiredTable, stored: ActualTable) -> Bool {
        let columns = index.shape.keys.map(\.column)
        let old = columns.filter { stored.columns[$0] != nil }
        let new = table.columns.filter { columns.contains($0.name) && stored.columns[$0.name] == nil }
        // Without a value a record repeats nobody.
        if new.contains(where: { $0.fill == nil }) { return false }
        let count: Int64
        var repeated: RepeatedValues?
        if old.isEmpty {
            let total = facts.count(.total(table.name))
            count = total > 1 ? 1 : 0
        } else {
            let hasPredicate = index.shape.predicate.map { $0 != IndexShape.notDeleted || stored.columns["deleted_at"] != nil } ?? false
            let values = RepeatedValues(table: table.name, columns: old, predicate: hasPredicate ? index.shape.predicate : nil)
            count = facts.count(.repeated(values.table, columns: values.columns, predicate: values.predicate))
            repeated = values
        }
        guard count > 0 else { return false }
        let what = count == 1 ? "1 combination of values occurs" : "\(Figure.grouped(count)) combinations of values occur"
        var problem = SchemaProblem(
            .valuesRepeated, "\(table.subject) unique (\(columns.joined(separator: ", ")))", "\(what) more than once.",
            remedy: "Change or delete the records that repeat others, then plan again.")
        if let repeated {
            problem.examples = facts.examples(of: repeated)
            // Rows of lists have no id of their own.
            problem.query = repeated.listing(id: stored.columns["id"] == nil ? table.primaryKey.columns[0] : "id")
        }
        add(problem)
        return true
    }
}
