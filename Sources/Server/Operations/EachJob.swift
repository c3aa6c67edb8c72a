import Catalog
import JSONReading
package import Jobs
import Postgres
package import QueryLanguage
package import Records

/// A change of all records that a condition selects, in the background. Its first step keeps which records those are, so that a job that was
/// broken off goes on with the same ones; each of the next is in or it isn't.
package struct EachJob: JobHandler {
    package static let kind = "each"
    package var kind: String { Self.kind }

    /// Records that one condition may select.
    static let mostRecords = 1_000_000
    private static let recordsPerStep = 500

    private let store: RecordStore

    package init(_ store: RecordStore) { self.store = store }

    /// What a request asked for, as the queue keeps it.
    struct Input {
        var collection: String
        /// The query of the request as it was sent, with the condition and what it refers to.
        var query: String
        var version: ReadFormat.Version
        /// What to set; nil to delete.
        var body: String?
        var ieee754Compatible: Bool
        var mode: BulkMode
        /// It is to be tried, and nothing kept.
        var isRehearsal: Bool

        var value: Value {
            .complex([
                "collection": .string(collection), "query": .string(query), "odata_4_0": .bool(version == .v4_0),
                "body": body.map(Value.string) ?? .null, "ieee754": .bool(ieee754Compatible), "continue_on_error": .bool(mode == .perItem),
                "dry_run": .bool(isRehearsal),
            ])
        }

        /// Reads what `value` wrote, after its way through JSON.
        init?(_ value: Value) {
            guard let collection = value["collection"]?.asText, let query = value["query"]?.asText else { return nil }
            self.init(
                collection: collection, query: query, version: value["odata_4_0"]?.asBool == true ? .v4_0 : .v4_01,
                body: value["body"]?.asText, ieee754Compatible: value["ieee754"]?.asBool ?? false,
                mode: value["continue_on_error"]?.asBool == true ? .perItem : .atomic, isRehearsal: value["dry_run"]?.asBool ?? false)
        }

        init(
            collection: String, query: String, version: ReadFormat.Version, body: String?, ieee754Compatible: Bool, mode: BulkMode,
            isRehearsal: Bool
        ) {
            self.collection = collection
            self.query = query
            self.version = version
            self.body = body
            self.ieee754Compatible = ieee754Compatible
            self.mode = mode
            self.isRehearsal = isRehearsal
        }
    }

    package func run(_ job: JobRun) async throws -> Value {
        guard let input = Input(job.input) else { throw JobError(.badInput, "This job has a collection and a query.") }
        let write = try decode(input, access: job.access)
        let access = job.access.changingMany
        guard !input.isRehearsal else { return try await rehearse(write, input.mode, job) }
        // The job's own id, so that every turn writes under the same change set; the queue finishes it with the job.
        let log = ChangeSetLog(store, access: job.access)
        let changeSet = ChangeSet(id: job.id, label: job.label, isOpen: true)
        try await log.begin(changeSet)
        let steps = WorkSteps(store, work: job.id, of: job.access.principal)
        let kept = try await steps.once(0) { store in
            let ids = try await store.selected(write.type.record, where: write.filter, limit: Self.mostRecords, access: access)
            return PostgresJSON(Value.collection(ids.map(Value.guid)).json)
        }
        let ids = try JSONReader.value(of: kept.bytes).items.compactMap(\.asGUID)
        try await job.progress(Job.Progress(done: 0, total: ids.count))
        let size = input.mode == .atomic ? max(1, ids.count) : Self.recordsPerStep
        var total = BulkResult(count: ids.count)
        for (number, start) in stride(from: 0, to: ids.count, by: size).enumerated() {
            try Task.checkCancellation()
            let part = Array(ids[start..<min(start + size, ids.count)])
            let access = try await job.currentAccess().changingMany
            let outcome = try await steps.once(number + 1) { store in
                try await ChangeSetLog(store, access: access).requireOpen(job.id)
                let options = WriteOptions(changeSet: ChangeSet(id: job.id), mode: input.mode)
                let outcomes = try await store.each(write.type.record, part, write.action, options: options, access: access) { done in
                    try await job.progress(Job.Progress(done: start + done, total: ids.count))
                }
                let result = EachWrite.result(write.type, part, outcomes)
                if input.mode == .atomic, !result.failures.isEmpty { throw JobError(BulkWrite.refusal(result)) }
                return BulkResult.step(result, of: ids.count)
            }
            try total.add(outcome)
            let progress = Job.Progress(done: start + part.count, total: ids.count)
            try await progress.done < ids.count ? job.stepIsDone(progress) : job.progress(progress)
        }
        return total.value(changeSet)
    }

    /// All of it in one transaction that is rolled back: broken off, it begins anew.
    private func rehearse(_ write: EachWrite, _ mode: BulkMode, _ job: JobRun) async throws -> Value {
        let (type, access) = (write.type, job.access.changingMany)
        let (rehearsed, changes) = try await store.rehearse(limit: BulkOutcome.listed, access: job.access) { store, changeSet in
            let ids = try await store.selected(type.record, where: write.filter, limit: Self.mostRecords, access: access)
            try await job.progress(Job.Progress(done: 0, total: ids.count))
            let options = WriteOptions(changeSet: changeSet, mode: mode)
            let outcomes = try await store.each(type.record, ids, write.action, options: options, access: access) { done in
                try await job.progress(Job.Progress(done: done, total: ids.count))
            }
            return EachWrite.result(type, ids, outcomes)
        }
        guard mode == .perItem || rehearsed.failures.isEmpty else { throw JobError(BulkWrite.refusal(rehearsed)) }
        var outcome = rehearsed
        outcome.note(changes)
        return try BulkResult(rehearsed: outcome).value(ChangeSet(id: job.id, label: job.label))
    }

    private func decode(_ input: Input, access: Access) throws -> EachWrite {
        let model = ApiModel(store.catalog(for: access))
        guard let type = model.types[input.collection] else {
            throw JobError(.badInput, "This deployment has no collection '\(input.collection)' any more.")
        }
        do throws(APIError) {
            let options = try RequestOptions(input.query[...], version: input.version)
            let schema = DeploymentSchema(catalog: model.catalog, hooks: store.hooks)
            let query = try Call.checked(options.system, on: type.shape.shape, schema)
            var action = EachAction.delete
            if let body = input.body {
                action = try EachWrite.update(
                    try RecordDecoder.record(type, Array(body.utf8), ieee754Compatible: input.ieee754Compatible))
            }
            return EachWrite(type: type, filter: try EachWrite.filter(query, of: type), action: action)
        } catch {
            throw JobError(error)
        }
    }
}
