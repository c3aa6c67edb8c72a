import Catalog

extension SchemaDiff {
    // MARK: Types of fields

    /// Compares the types of fields with those their values were written under.
    mutating func checkFieldTypes(of table: DesiredTable) {
        for field in desired.fields where field.table == table.name {
            guard let entry = actual.ledger[.field, field.path] else { continue }
            let old = FieldSignature(entry.definition)
            switch old.change(to: field.signature) {
            case .nothing:
                break
            case .refused:
                refuse(field, old: old, isRetired: entry.isRetired)
            case .widen:
                widen(field, old: old)
            case .widenIfBelow(let power):
                let large = field.columns.first.map { facts.count(.large(table.name, column: $0, power: power)) } ?? 0
                guard large > 0 else {
                    widen(field, old: old)
                    continue
                }
                block(field.path)
                inTheWay(
                    .valuesTooLarge, field.path, "\(records(large)) a number that \(field.signature) can't hold",
                    "Declare a larger precision: integers have up to 19 digits before the point.",
                    rows: field.columns.first.map { .large($0, power: power) } ?? .any, of: table)
            }
        }
    }

    private mutating func refuse(_ field: DesiredField, old: FieldSignature, isRetired: Bool) {
        block(field.path)
        guard isRetired else {
            problem(
                .typeChanged, field.path, "is \(old) in the database and \(field.signature) in the manifest; stored values can't follow.",
                "Restore `\(old)`, or give the new field another key, copy what is needed, and remove this one.")
            return
        }
        problem(
            .typeChanged, field.path, "was retired as \(old), with its values, and would come back as \(field.signature).",
            "Declare it as \(old), or give the new field another key.")
    }

    /// Wherever its values lie: the shares of a type have a copy of what its orders are by.
    private mutating func widen(_ field: DesiredField, old: FieldSignature) {
        noteWidened(field.path)
        for table in desired.tables {
            for column in table.columns where column.field == field.path {
                guard let stored = actual.tables[table.name]?.columns[column.name], stored.type != column.type.sql else { continue }
                let rewrites = old.rewrites(to: field.signature) && facts.hasRows(table.name)
                dropTriggers(following: column.name, of: table.name)
                add(
                    PlanStep(
                        .transaction, "\(alter(table)) ALTER COLUMN \(SQLName.quoted(column.name)) TYPE \(column.type.sql)",
                        locks: [TableLock(.accessExclusive, table.name)], rewrites: rewrites, scans: rewrites, effect: "values kept"))
            }
        }
    }

    // MARK: Columns

    mutating func addColumnSteps(of table: DesiredTable) {
        guard let stored = actual.tables[table.name] else { return }
        if stored.columnsUsed + table.columns.count(where: { stored.columns[$0.name] == nil }) > 1_600 {
            problem(
                .tooManyFields, table.subject, "the table would have had more than 1,600 columns in its life, PostgreSQL's limit.",
                "Move fields into a record type of their own.")
        }
        for column in table.columns where !isBlocked(column) {
            guard let old = stored.columns[column.name] else {
                addColumn(column, to: table)
                continue
            }
            guard isKnown(.column, "\(table.name).\(column.name)") else {
                refuseForeign("column", "\(table.name).\(column.name)")
                continue
            }
            if let field = column.field, let former = actual.ledger.subject(ofColumn: column.name, in: table.name), former != field {
                refuse(field, column: column.name, of: former)
                continue
            }
            compare(column, with: old, of: table)
        }
    }

    /// Another key, yet the same column: what lies there was never this field's.
    private mutating func refuse(_ field: String, column: String, of former: String) {
        let key = former.split(separator: ".").last ?? ""
        problem(
            .nameTwice, field, "needs the column \"\(column)\", which holds the values of \(former).",
            "Call the field \(key) as before, or give it a key that makes another column.")
    }

    func isBlocked(_ column: DesiredColumn) -> Bool { column.field.map(blockedFields.contains) ?? false }

    private mutating func addColumn(_ column: DesiredColumn, to table: DesiredTable) {
        let hasRows = facts.hasRows(table.name)
        if hasRows, column.isNotNull, column.fill == nil, column.standingDefault == nil {
            let count = facts.count(.total(table.name))
            inTheWay(
                .valuesMissing, column.field ?? table.subject, "is required, and \(records(count)) no value for it yet",
                "Give it a default, which existing records get too, or make it required once they have values.", rows: .any, of: table)
            return
        }
        let fill = hasRows || column.isNotNull ? column.fill.flatMap { $0.isConstant || column.isNotNull ? $0 : nil } : nil
        var sql = "\(alter(table)) ADD COLUMN \(column.definition)"
        var locks = [TableLock(.accessExclusive, table.name)]
        if let fill { sql += " DEFAULT \(fill.sql)" }
        if let key = table.foreignKeys.first(where: { $0.column == column.name }) {
            // Together with its column a foreign key needs no check of existing rows: they all have none.
            sql += " CONSTRAINT \(SQLName.quoted(key.name)) \(key.references)"
            if actual.tables[key.target] != nil, key.target != table.name { locks.append(TableLock(.shareRowExclusive, key.target)) }
        }
        // Later records get theirs from the store, so that the default can change without touching the database.
        if fill != nil, !column.isNotNull { sql += ";\n\(alter(table)) ALTER COLUMN \(SQLName.quoted(column.name)) DROP DEFAULT" }
        let filled = hasRows ? fill : nil
        add(
            PlanStep(
                .transaction, sql, locks: locks, effect: filled.map { "existing records get \($0.sql)" } ?? "",
                note: filled == nil ? nil : table.refillNote))
        if fill != nil, column.isNotNull { dropDefault(of: column, in: table) }
    }

    /// Last of all: until then servers that don't know a required field yet make records, which get their value by it.
    private mutating func dropDefault(of column: DesiredColumn, in table: DesiredTable) {
        addLast(
            PlanStep(
                .finish, "\(alter(table)) ALTER COLUMN \(SQLName.quoted(column.name)) DROP DEFAULT",
                locks: [TableLock(.accessExclusive, table.name)]))
    }

    private mutating func compare(_ column: DesiredColumn, with old: ActualColumn, of table: DesiredTable) {
        let isWidened = column.field.map(widenedFields.contains) ?? false
        if old.type != column.type.sql, !isWidened {
            drift(column, of: table, "has the type \(old.type) in the database; Tessera made it as \(column.type.sql).")
        } else if old.collation != column.type.collation {
            drift(column, of: table, "is compared by \"\(old.collation ?? "the database's order")\"; Tessera compares by \"C\".")
        }
        let change = "\(alter(table)) ALTER COLUMN \(SQLName.quoted(column.name))"
        let locks = [TableLock(.accessExclusive, table.name)]
        if old.isNotNull, !column.isNotNull {
            add(PlanStep(.transaction, "\(change) DROP NOT NULL", locks: locks, effect: "no longer required"))
        }
        guard old.standingDefault != column.standingDefault else { return }
        if let standing = column.standingDefault {
            add(PlanStep(.transaction, "\(change) SET DEFAULT \(standing)", locks: locks))
        } else {
            dropDefault(of: column, in: table)
        }
    }

    private mutating func drift(_ column: DesiredColumn, of table: DesiredTable, _ message: String) {
        problem(
            .drifted, "\(table.name).\(column.name)", message,
            "Someone changed it by hand: change it back with ALTER TABLE \(table.name.sql) ALTER COLUMN \(SQLName.quoted(column.name)) TYPE "
                + "\(column.type.definition).")
    }

    // MARK: NOT NULL on columns that were there before

    /// Becoming required without keeping writers out: new rows are checked at once, old ones are read through beside them, and then
    /// SET NOT NULL only has to look at the proof. Servers that don't know yet that the field is required go on: what they leave out gets its default.
    mutating func addRequiredSteps(of table: DesiredTable) {
        guard let stored = actual.tables[table.name] else { return }
        var proofs: Set<String> = []
        for column in table.columns where column.isNotNull && !isBlocked(column) {
            guard let old = stored.columns[column.name], !old.isNotNull else { continue }
            let proof = StorageName.derived(table.name.name, [column.name], Self.proofKind)
            proofs.insert(proof)
            require(column, of: table, proof: proof, isProven: stored.checks[proof], hasDefault: old.standingDefault != nil)
        }
        // An earlier apply may have been stopped before it could clear its own proof away.
        for name in stored.checks.keys.sorted() where name.hasSuffix("__\(Self.proofKind)") && !proofs.contains(name) {
            add(
                PlanStep(
                    .transaction, "\(alter(table)) DROP CONSTRAINT \(SQLName.quoted(name))",
                    locks: [TableLock(.accessExclusive, table.name)]))
        }
    }

    private static let proofKind = "not_null"

    private mutating func require(_ column: DesiredColumn, of table: DesiredTable, proof: String, isProven: Bool?, hasDefault: Bool) {
        let name = SQLName.quoted(column.name)
        let exclusive = [TableLock(.accessExclusive, table.name)]
        let hasRows = facts.hasRows(table.name)
        let missing = hasRows ? facts.count(.missing(table.name, column: column.name)) : 0
        guard missing == 0 || column.fill != nil else {
            inTheWay(
                .valuesMissing, column.field ?? table.subject, "becomes required, and \(records(missing)) no value for it",
                "Give it a default, which they get then, or fill it in first.", rows: .missing(column.name), of: table)
            return
        }
        if let fill = column.fill, !hasDefault {
            add(PlanStep(.transaction, "\(alter(table)) ALTER COLUMN \(name) SET DEFAULT \(fill.sql)", locks: exclusive))
        }
        defer { if column.fill != nil, !hasDefault { dropDefault(of: column, in: table) } }
        guard hasRows else {
            add(
                PlanStep(
                    .transaction, "\(alter(table)) ALTER COLUMN \(name) SET NOT NULL", locks: exclusive, effect: "required from now on"))
            return
        }
        let filling = column.fill.map { fill in
            PlanStep(
                .concurrent, "UPDATE \(table.name.sql) SET \(name) = \(fill.sql) WHERE \(name) IS NULL",
                locks: [TableLock(.rowExclusive, table.name)], scans: true, note: table.refillNote)
        }
        if missing > 0, var filling, let fill = column.fill {
            filling.effect = "\(records(missing, verb: "get", "gets")) \(fill.sql)"
            add(filling)
        }
        let constraint = SQLName.quoted(proof)
        if isProven == nil {
            add(
                PlanStep(
                    missing > 0 ? .concurrent : .transaction,
                    "\(alter(table)) ADD CONSTRAINT \(constraint) CHECK (\(name) IS NOT NULL) NOT VALID", locks: exclusive,
                    effect: "required from now on"))
        }
        if isProven != true {
            // What was emptied between the two steps before.
            if missing > 0, var filling {
                filling.effect = "as many more as became empty meanwhile"
                add(filling)
            }
            add(
                PlanStep(
                    .concurrent, "\(alter(table)) VALIDATE CONSTRAINT \(constraint)", locks: [TableLock(.shareUpdateExclusive, table.name)],
                    scans: true, isPatient: true))
        }
        add(
            PlanStep(
                .finish, "\(alter(table)) ALTER COLUMN \(name) SET NOT NULL;\n\(alter(table)) DROP CONSTRAINT \(constraint)",
                locks: exclusive))
    }

    // MARK: Values in the way

    /// A problem with stored rows: says how many of them are deleted, which lists don't show and a change would find all the same, and how to list
    /// all of them.
    private mutating func inTheWay(
        _ code: SchemaProblem.Code, _ target: String, _ message: String, _ remedy: String, rows: RowCondition, of table: DesiredTable
    ) {
        let columns = actual.tables[table.name]?.columns ?? [:]
        let deleted = columns["deleted_at"] == nil ? 0 : facts.count(.deleted(table.name, among: rows))
        let hint = deleted == 0 ? "" : " Deleted ones count, since they can be restored: restore and fill them, or purge them."
        var problem = SchemaProblem(
            code, target, "\(message)\(deleted == 0 ? "" : "; \(Figure.grouped(deleted)) of them deleted").", remedy: "\(remedy)\(hint)")
        // Rows of lists have no id of their own.
        let shown = columns["id"] == nil ? table.primaryKey.columns : ["id"] + (columns["deleted_at"] == nil ? [] : ["deleted_at"])
        let list = shown.map(SQLName.quoted).joined(separator: ", ")
        problem.query = "SELECT \(list) FROM \(table.name.sql) WHERE \(rows.sql) ORDER BY \(list)"
        add(problem)
    }

    // MARK: Words

    func alter(_ table: DesiredTable) -> String { "ALTER TABLE \(table.name.sql)" }

    /// `1 record has`, `12,345 records have`
    func records(_ count: Int64, verb plural: String = "have", _ singular: String = "has") -> String {
        count == 1 ? "1 record \(singular)" : "\(Figure.grouped(count)) records \(plural)"
    }
}

extension ColumnType {
    /// nil for types that have none.
    var collation: String? { definition == sql ? nil : "C" }
}

enum Figure {
    /// `12,345`
    static func grouped(_ number: Int64) -> String {
        var digits = String(number.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits = String(digits.dropLast(3))
        }
        return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }
}
