package import Catalog
import Manifests
import Postgres
import QueryLanguage

extension RecordStore {
    /// Deletes records so that they can be restored. Deleting a deleted record finds nothing.
    package func delete(_ type: RecordType, _ items: [RecordReference], options: WriteOptions, access: Access) async throws
        -> [WriteOutcome]
    {
        try await remove(.delete, type, items, options: options, access: access)
    }

    /// Brings deleted records back; a record that isn't deleted stays as it is.
    package func restore(_ type: RecordType, _ items: [RecordReference], options: WriteOptions, access: Access) async throws
        -> [WriteOutcome]
    {
        try await remove(.restore, type, items, options: options, access: access)
    }

    /// Removes records for good, deleted before or not. Links to them are emptied, kept from breaking, or followed, as each link says.
    package func purge(_ type: RecordType, _ items: [RecordReference], options: WriteOptions, access: Access) async throws -> [WriteOutcome]
    {
        try await remove(.purge, type, items, options: options, access: access)
    }

    private func remove(
        _ action: RemovalStatement.Action, _ type: RecordType, _ items: [RecordReference], options: WriteOptions, access: Access
    ) async throws -> [WriteOutcome] {
        try await honouring(options, count: items.count) { try await $0.removeEach(action, type, items, options: $1, access: access) }
    }

    private func removeEach(
        _ action: RemovalStatement.Action, _ type: RecordType, _ items: [RecordReference], options: WriteOptions, access: Access
    ) async throws -> [WriteOutcome] {
        try access.require(action.recordAction, on: type)
        let type = whole(type)
        let catalog = self.catalog
        let keys = try await RecordKeys(store: self, type: type, access: access, includeDeleted: action != .delete).resolve(
            items.map(\.key))
        var drafts: [WriteDraft] = []
        var outcomes = [WriteOutcome?](repeating: nil, count: items.count)
        for (index, key) in keys.enumerated() {
            switch key {
            case .success where type.demandsVersion(items[index].expectedVersion, orAny: items[index].takesAnyVersion):
                outcomes[index] = .failed(.preconditionRequired(type))
            case .success(let id):
                drafts.append(WriteDraft(index: index, id: id, expectedVersion: items[index].expectedVersion, isUpdate: true))
            case .failure(let error): outcomes[index] = .failed(error)
            }
        }
        // In one order for everybody, so that two who remove the same records in several statements don't wait for each other.
        drafts.sort { ($0.id, $0.index) < ($1.id, $1.index) }
        let statement = RemovalStatement(action: action, type: type, access: access, changeSet: options.changeSet)
        let runner = BatchRunner(
            store: self, catalog: catalog, type: type, access: access, options: options, isRemoval: true,
            takesSeveralStatements: action == .purge)
        let done = try await runner.run(drafts) { drafts, runner in
            let rows: [VersionRow]
            if action == .purge {
                let purge = Purge(catalog: catalog, type: type, access: access, changeSet: options.changeSet, runner: runner)
                rows = try await purge.run(drafts)
            } else if action == .restore {
                rows = try await self.restoring(drafts, statement, runner)
            } else {
                rows = try VersionRow.rows(of: try await runner.query(statement.sql(for: drafts)))
            }
            var results: [WriteOutcome] = []
            for (draft, row) in zip(drafts, rows) {
                results.append(
                    try await row.outcome(draft, of: action.recordAction, type: type, access: access, runner: runner) { version in
                        switch action {
                        case .delete: .deleted(id: draft.id, version: version)
                        case .restore: .restored(id: draft.id, version: version)
                        case .purge: .purged(id: draft.id)
                        }
                    })
            }
            return results
        }
        for (draft, outcome) in zip(drafts, done) { outcomes[draft.index] = outcome }
        return outcomes.compactMap { $0 }
    }

    /// Restores records. Those whose owner was deactivated become records of whoever restores them, which asks for the right to make oneself their owner.
    private func restoring(
        _ drafts: [WriteDraft], _ statement: RemovalStatement, _ runner: StatementRunner
    ) async throws -> [VersionRow] {
        let ids = drafts.map { PostgresUUID(guid: $0.id) }
        let orphaned: SQL = """
            SELECT t.id FROM \(raw: statement.type.table.sql) t JOIN tessera.principal p ON p.id = t.owner_id \
            WHERE t.id = ANY(\(bind: ids)) AND t.deleted_at IS NOT NULL AND p.disabled_at IS NOT NULL
            """
        let orphans = Set(try await runner.query(orphaned).rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 0)) })
        var rows = [VersionRow?](repeating: nil, count: drafts.count)
        for takesOver in [false, true] {
            let places = drafts.indices.filter { orphans.contains(drafts[$0].id) == takesOver }
            guard !places.isEmpty else { continue }
            var statement = statement
            statement.takesOver = takesOver
            let done = try VersionRow.rows(of: try await runner.query(statement.sql(for: places.map { drafts[$0] })))
            for (place, row) in zip(places, done) { rows[place] = row }
        }
        return rows.compactMap { $0 }
    }
}
