package import Catalog

extension RecordStore {
    /// Stores new records, with one outcome for each input in its order.
    ///
    /// A value that a field doesn't take, a broken rule, a missing link target or a second record of the same unique value fails its item;
    /// with `.atomic`, one failed item undoes all.
    ///
    /// - Throws: `records.unavailable` when the database can't be reached, `records.module_failed` when a module's hook fails.
    package func create(_ type: RecordType, _ inputs: [RecordInput], options: WriteOptions, access: Access) async throws -> [WriteOutcome] {
        let catalog = self.catalog
        let preparation = WritePreparation(store: self, catalog: catalog, type: type, access: access, options: options)
        let drafts = try await preparation.creates(inputs)
        let statement = InsertStatement(type: type, timeZone: catalog.timeZone, access: access, changeSet: options.changeSet)
        return try await BatchRunner(store: self, catalog: catalog, type: type, access: access, options: options).run(drafts) {
            drafts, runner in
            _ = try await runner.query(statement.sql(for: drafts))
            return drafts.map { .created(id: $0.id, version: 1) }
        }
    }
}
