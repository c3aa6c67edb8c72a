package import Catalog
import Postgres
package import QueryLanguage
import Synchronization

/// What is done to every record that a condition selects.
package enum EachAction: Sendable {
    /// The properties given change, in all of them alike.
    case update(RecordInput)
    case delete
}

extension RecordStore {
    /// The ids of the records that a condition selects and the caller may read, in their order.
    ///
    /// - Parameter limit: more records than these are refused with `records.too_many`.
    package func selected(
        _ type: RecordType, where filter: TypedExpression, limit: Int, access: Access
    ) async throws -> [GUID] {
        guard let shape = catalog.typeShape(named: type.id)?.shape, let id = shape.properties["id"] else {
            throw QueryCompiler.gone(type.id)
        }
        var query = CheckedQuery(shape: shape)
        query.filter = filter
        query.select = .properties([CheckedSelect.SelectedProperty(property: id)])
        // One more than may be tells that there are too many.
        query.top = Int64(limit) + 1
        let sql = try ListReader(store: self, request: ListRequest(type: type, query: query), access: access).streamStatement()
        let found = Mutex<[GUID]>([])
        try await ReadFailure.translating {
            try await statements.stream(sql, batchSize: 10_000) { batches in
                for try await batch in batches {
                    // Behind the record's JSON stand its sort keys: without another order, its id.
                    let ids = try batch.rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 1)) }
                    found.withLock { $0 += ids }
                }
            }
        }
        let ids = found.withLock { $0 }
        if ids.count > limit {
            throw RecordsError(
                .tooMany,
                "More than \(limit) \(type.labelPlural.lowercased()) match: narrow the condition and write them in several parts.",
                target: "filter")
        }
        return ids
    }

    /// Does the same to all of the records. Outcomes are in the order of the ids.
    ///
    /// With `.atomic`, all is one transaction. With `.perItem`, what was done stays when the call is stopped: by cancelling its task, or by
    /// an error that `progress` throws. Both end the call with that error.
    ///
    /// - Parameter progress: called after every few hundred records with how many are done; again from the first of them where the database
    ///   had to break an atomic write off.
    package func each(
        _ type: RecordType, _ ids: [GUID], _ action: EachAction, options: WriteOptions, access: Access,
        progress: @Sendable (_ done: Int) async throws -> Void = { _ in }
    ) async throws -> [WriteOutcome] {
        try await honouring(options, count: ids.count) { store, options in
            var outcomes: [WriteOutcome] = []
            outcomes.reserveCapacity(ids.count)
            for start in stride(from: 0, to: ids.count, by: BatchRunner.rowsPerStatement) {
                try Task.checkCancellation()
                let chunk = ids[start..<min(start + BatchRunner.rowsPerStatement, ids.count)]
                let written =
                    switch action {
                    case .update(let input):
                        try await store.update(
                            type, chunk.map { RecordUpdate(key: .id($0), input: input) }, options: options, access: access)
                    case .delete:
                        try await store.delete(type, chunk.map { RecordReference(key: .id($0)) }, options: options, access: access)
                    }
                outcomes += written
                try await progress(outcomes.count)
            }
            return outcomes
        }
    }
}
