package import Catalog
import Postgres
import QueryLanguage

extension RecordStore {
    /// Stores new records, with one outcome for each input in its order.
    ///
    /// A value that a field doesn't take, a broken rule, a missing link target or a second record of the same unique value fails its item;
    /// with `.atomic`, one failed item undoes all.
    ///
    /// - Throws: `records.unavailable` when the database can't be reached, `records.module_failed` when a module's hook fails.
    package func create(_ type: RecordType, _ inputs: [RecordInput], options: WriteOptions, access: Access) async throws -> [WriteOutcome] {
        try await create(type, inputs, turn: nil, options: options, access: access)
    }

    /// - Parameter turn: of an upsert by properties that no unique key covers; what it finds fails with `records.not_unique`.
    func create(
        _ type: RecordType, _ inputs: [RecordInput], turn: CreationTurn?, options: WriteOptions, access: Access
    ) async throws -> [WriteOutcome] {
        try access.require(.create, on: type)
        if access.channel == .importing { try access.require(.importing, on: type) }
        let type = whole(type)
        let catalog = self.catalog
        let preparation = WritePreparation(store: self, catalog: catalog, type: type, access: access, options: options)
        let drafts = try await preparation.creates(inputs)
        let statement = InsertStatement(type: type, timeZone: catalog.timeZone, access: access, changeSet: options.changeSet)
        let runner = BatchRunner(store: self, catalog: catalog, type: type, access: access, options: options)
        let outcomes = try await runner.run(drafts) { drafts, runner in
            guard let turn else {
                _ = try await runner.query(statement.sql(for: drafts))
                return drafts.map { .created(id: $0.id, version: 1) }
            }
            return try await runner.transaction { runner in
                let taken = try await turn.taken(drafts, runner)
                let free = drafts.filter { !taken.contains($0.index) }
                if !free.isEmpty { _ = try await runner.query(statement.sql(for: free)) }
                return drafts.map { draft in
                    guard taken.contains(draft.index) else { return .created(id: draft.id, version: 1) }
                    let properties = turn.properties.joined(separator: ", ")
                    return .failed(RecordsError(.notUnique, "There is such a record already, by its \(properties); try again."))
                }
            }
        }
        return try await namingDeleted(outcomes, inputs, type, access)
    }

    /// Says where a chosen id is that of a deleted record, which can be restored; whoever may not read that one isn't told.
    private func namingDeleted(
        _ outcomes: [WriteOutcome], _ inputs: [RecordInput], _ type: RecordType, _ access: Access
    ) async throws -> [WriteOutcome] {
        var taken: [Int: GUID] = [:]
        for (index, outcome) in outcomes.enumerated() {
            guard case .failed(let error) = outcome, error.code == .notUnique, error.target == "id", inputs.indices.contains(index),
                case .guid(let id)? = inputs[index].values["id"]
            else { continue }
            taken[index] = id
        }
        guard !taken.isEmpty else { return outcomes }
        let guarded = AccessGuard.predicate(.read, on: type, alias: "t", access: access, includeDeleted: true)
        let sql: SQL = """
            SELECT t.id FROM \(raw: type.table.sql) t WHERE t.id = ANY(\(bind: taken.values.map(PostgresUUID.init(guid:)))) \
            AND t.deleted_at IS NOT NULL AND \(guarded)
            """
        let deleted = Set(try await statements.query(sql).rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 0)) })
        var named = outcomes
        for (index, id) in taken where deleted.contains(id) {
            let message =
                "This id is that of a deleted \(type.label.lowercased()): restore it and change it then, or leave the id out for another one."
            named[index] = .failed(RecordsError(.notUnique, message, target: "id"))
        }
        return named
    }
}
