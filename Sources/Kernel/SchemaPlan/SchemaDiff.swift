import Catalog

/// Works out the statements that bring a database to a catalog. Pure but for `facts`, which collects what has to be asked about stored values.
struct SchemaDiff {
    let desired: DesiredSchema
    private(set) var actual: ActualSchema
    var facts: PlanFacts
    private(set) var steps: [PlanStep] = []
    /// What comes after all others, shortly before servers are told.
    private var lastSteps: [PlanStep] = []
    private(set) var problems: [SchemaProblem]
    /// Ledger entries of indexes and constraints that go.
    private(set) var forgotten: Set<Ledger.Key> = []
    /// Fields whose type can't become what the manifest says; nothing else is planned for their columns.
    private(set) var blockedFields: Set<String> = []

    private(set) var heldChoices: [HeldChoice] = []

    /// Fields whose columns get another type.
    private(set) var widenedFields: Set<String> = []
    let desiredLedger: Ledger

    init(desired: DesiredSchema, actual: ActualSchema, facts: PlanFacts) {
        self.desired = desired
        self.actual = actual
        self.facts = facts
        problems = desired.problems
        desiredLedger = desired.ledger
    }

    mutating func run() {
        addSystemSteps()
        // Names that clash would make every later finding misleading. With one that PostgreSQL can't keep, what stored values have against
        // the rest is still found; there are no steps to it.
        let unnameable = problems
        guard unnameable.allSatisfy({ $0.code != .nameTwice }) else { return }
        let system = steps
        defer {
            if !unnameable.isEmpty {
                steps = system
                let known = Set(unnameable.map(\.target))
                problems = unnameable + problems.dropFirst(unnameable.count).filter { !known.contains($0.target) }
            }
        }
        addSchemas()
        addTrigrams()
        addNewTables()
        addRetirements()
        let old = desired.tables.filter { actual.tables[$0.name] != nil }
        for table in old where isOurs(table) {
            checkFieldTypes(of: table)
            addColumnSteps(of: table)
        }
        for table in old { addConstraintSteps(of: table) }
        for table in old { addIndexSteps(of: table) }
        for table in old { addRequiredSteps(of: table) }
        addFillings()
        findHeldChoices()
        steps = PlanStep.Phase.allCases.flatMap { phase in (steps + lastSteps).filter { $0.phase == phase } }
    }

    // MARK: What the extensions add

    mutating func add(_ step: PlanStep) { steps.append(step) }

    mutating func addLast(_ step: PlanStep) { lastSteps.append(step) }

    mutating func block(_ field: String) { blockedFields.insert(field) }

    mutating func noteWidened(_ field: String) { widenedFields.insert(field) }

    /// Whether a trigger was there, which it isn't any more.
    mutating func noteGone(_ trigger: DesiredTrigger) -> Bool { actual.triggers[trigger.table]?.removeValue(forKey: trigger.name) != nil }

    mutating func note(_ held: HeldChoice) { heldChoices.append(held) }

    mutating func forget(_ key: Ledger.Key) { forgotten.insert(key) }

    mutating func add(_ problem: SchemaProblem) { problems.append(problem) }

    mutating func problem(_ code: SchemaProblem.Code, _ target: String, _ message: String, _ remedy: String) {
        problems.append(SchemaProblem(code, target, message, remedy: remedy))
    }

    /// The schema, table, column … is Tessera's, retired or not.
    func isKnown(_ kind: Ledger.Kind, _ name: String) -> Bool { actual.ledger[kind, name] != nil }

    // MARK: The kernel's own

    private mutating func addSystemSteps() {
        if actual.systemVersions.isEmpty {
            add(PlanStep(.system, SystemSchema.foundation, summary: "CREATE SCHEMA tessera"))
        }
        for step in SystemSchema.steps where !actual.systemVersions.contains(step.version) {
            let record = "INSERT INTO tessera.system_step (version, title) VALUES (\(step.version), \(SQLName.literal(step.title)))"
            add(PlanStep(.system, "\(step.sql)\n\(record)", summary: "system step \(step.version): \(step.title)"))
        }
        for function in SystemFunctions.all where actual.functions[function.signature] != function.checksum {
            let record = """
                INSERT INTO tessera.artifact (kind, name, owner, definition)
                VALUES ('function', \(SQLName.literal(function.signature)), 'tessera', '\(function.checksum)')
                ON CONFLICT (kind, name) DO UPDATE SET definition = excluded.definition
                """
            add(PlanStep(.system, "\(function.sql);\n\(record)", summary: "CREATE OR REPLACE FUNCTION \(function.signature)"))
        }
    }

    // MARK: What isn't there at all

    private mutating func addSchemas() {
        for schema in desired.schemas where !actual.schemas.contains(schema.name) {
            add(PlanStep(.transaction, "CREATE SCHEMA \(SQLName.quoted(schema.name))"))
        }
    }

    private mutating func addNewTables() {
        var present = Set(actual.tables.keys)
        let new = desired.tables.filter { !present.contains($0.name) }
        var late: [(DesiredTable, DesiredForeignKey)] = []
        for table in new {
            let inPlace = table.foreignKeys.filter {
                $0.target.schema == "tessera" || $0.target == table.name || present.contains($0.target)
            }
            late += table.foreignKeys.filter { !inPlace.contains($0) }.map { (table, $0) }
            add(createTable(table, with: inPlace))
            present.insert(table.name)
        }
        for (table, key) in late {
            add(PlanStep(.transaction, "ALTER TABLE \(table.name.sql) ADD \(key.definition)", locks: newLocks(on: key.target)))
        }
        for table in new {
            for index in table.indexes where hasCollations(index, of: table) {
                add(PlanStep(.transaction, index.definition(on: table.name)))
            }
        }
    }

    private func createTable(_ table: DesiredTable, with keys: [DesiredForeignKey]) -> PlanStep {
        var lines = table.columns.map(\.definition)
        let primary = table.primaryKey.columns.map(SQLName.quoted).joined(separator: ", ")
        lines.append("CONSTRAINT \(SQLName.quoted(table.primaryKey.name)) PRIMARY KEY (\(primary))")
        lines += table.checks.map { "CONSTRAINT \(SQLName.quoted($0.name)) CHECK (\($0.expression))" }
        lines += keys.map(\.definition)
        let sql = "CREATE TABLE \(table.name.sql) (\n    \(lines.joined(separator: ",\n    "))\n)"
        let targets = Set(keys.map(\.target)).sorted { $0.description < $1.description }
        return PlanStep(
            .transaction, sql, summary: "CREATE TABLE \(table.name) (\(table.columns.count) columns)", locks: targets.flatMap(newLocks))
    }

    /// A foreign key locks its target too; on tables that this plan makes nobody waits.
    private func newLocks(on target: TableName) -> [TableLock] {
        actual.tables[target] == nil ? [] : [TableLock(.shareRowExclusive, target)]
    }

    // MARK: What is there and isn't ours

    private mutating func isOurs(_ table: DesiredTable) -> Bool {
        if isKnown(.table, table.name.description) { return true }
        refuseForeign("table", table.name.description)
        return false
    }

    mutating func refuseForeign(_ what: String, _ name: String) {
        problem(
            .notOurs, name, "a \(what) of this name is there, and Tessera didn't make it.", "Rename it or drop it, then plan again.")
    }

    mutating func hasCollations(_ index: DesiredIndex, of table: DesiredTable) -> Bool {
        for key in index.shape.keys {
            guard let collation = key.collation, !actual.collations.contains(collation) else { continue }
            let target = table.column(key.column)?.field ?? table.subject
            problem(
                .unknownLanguage, target, "PostgreSQL knows no order \"\(collation)\".",
                "Choose a `sort` for which SELECT collname FROM pg_collation has an entry, such as en, de or pt-BR.")
            return false
        }
        return true
    }
}
