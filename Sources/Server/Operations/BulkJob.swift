package import Jobs
package import QueryLanguage
package import Records

/// A bulk request in the background: item by item in steps of some hundred, or all of it in one, where it is atomic or items link to later ones. A step
/// is in or it isn't, so that a job that was broken off goes on with the next.
package struct BulkJob: JobHandler {
    package static let kind = "bulk"
    package var kind: String { Self.kind }
    private static let itemsPerStep = 500

    private let store: RecordStore

    package init(_ store: RecordStore) { self.store = store }

    static func input(_ type: ApiType, body: [UInt8], mode: BulkMode, ieee754Compatible: Bool, isRehearsal: Bool) -> Value {
        .complex([
            "collection": .string(type.collection), "body": .string(String(decoding: body, as: UTF8.self)),
            "continue_on_error": .bool(mode == .perItem), "ieee754": .bool(ieee754Compatible), "dry_run": .bool(isRehearsal),
        ])
    }

    package func run(_ job: JobRun) async throws -> Value {
        let write = try decode(job.input, access: job.access)
        let count = write.bulk.items.count
        guard job.input["dry_run"]?.asBool != true else { return try await rehearse(write, job) }
        // The job's own id, so that every turn writes under the same change set; the queue finishes it with the job.
        let changeSet = ChangeSet(id: job.id, label: job.label, isOpen: true)
        try await ChangeSetLog(store, access: job.access).begin(changeSet)
        let steps = WorkSteps(store, work: job.id, of: job.access.principal)
        let size = write.stepSize(Self.itemsPerStep)
        var total = BulkResult(count: count)
        for (number, start) in stride(from: 0, to: count, by: size).enumerated() {
            try Task.checkCancellation()
            let range = start..<min(start + size, count)
            let access = try await job.currentAccess().changingMany
            let outcome = try await steps.once(number) { store in
                try await ChangeSetLog(store, access: access).requireOpen(job.id)
                let options = WriteOptions(changeSet: ChangeSet(id: job.id), mode: write.mode)
                let (outcomes, failures) = try await write.write(range, store: store, options: options, access: access)
                let result = BulkOutcome(range, outcomes: outcomes, failures: failures)
                if write.mode == .atomic, !failures.isEmpty { throw JobError(BulkWrite.refusal(result)) }
                return BulkResult.step(result, of: count)
            }
            try total.add(outcome)
            let progress = Job.Progress(done: range.upperBound, total: count)
            try await range.upperBound < count ? job.stepIsDone(progress) : job.progress(progress)
        }
        return total.value(changeSet)
    }

    /// All of it in one transaction that is rolled back.
    private func rehearse(_ write: BulkWrite, _ job: JobRun) async throws -> Value {
        let items = write.bulk.items.indices
        let (rehearsed, changes) = try await store.rehearse(limit: BulkOutcome.listed, access: job.access) { store, changeSet in
            let options = WriteOptions(changeSet: changeSet, mode: write.mode)
            let (outcomes, failures) = try await write.write(items, store: store, options: options, access: job.access.changingMany)
            var result = BulkOutcome(items, outcomes: outcomes, failures: failures)
            result.trees = write.trees
            return result
        }
        guard write.mode == .perItem || rehearsed.failures.isEmpty else { throw JobError(BulkWrite.refusal(rehearsed)) }
        var outcome = rehearsed
        outcome.note(changes)
        try await job.progress(Job.Progress(done: items.count, total: items.count))
        return try BulkResult(rehearsed: outcome).value(ChangeSet(id: job.id, label: job.label))
    }

    private func decode(_ input: Value, access: Access) throws -> BulkWrite {
        guard let collection = input["collection"]?.asText, let body = input["body"]?.asText else {
            throw JobError(.badInput, "A bulk job has a collection and a body.")
        }
        let model = ApiModel(store.catalog(for: access))
        guard let type = model.types[collection] else {
            throw JobError(.badInput, "This deployment has no collection '\(collection)' any more.")
        }
        do throws(APIError) {
            let bulk = try BulkRequest.decode(
                type, Array(body.utf8), maximumItems: .max, ieee754Compatible: input["ieee754"]?.asBool ?? false,
                nesting: RecordDecoder.Nesting(model, ServerLimits())
            ) { (property) throws(APIError) in try model.linkEnd(type, property) }
            return BulkWrite(bulk: bulk, type: type, mode: input["continue_on_error"]?.asBool == true ? .perItem : .atomic)
        } catch {
            throw JobError(error)
        }
    }
}

extension JobError {
    /// What a request would have been answered, as the failure of its job.
    init(_ error: APIError) {
        let details = error.details.map { detail -> Value in
            .complex([
                "code": .string(detail.code), "message": .string(detail.message), "target": detail.target.map(Value.string) ?? .null,
            ])
        }
        self.init(JobError.Code(description: error.code), error.message, details: details.isEmpty ? .null : .collection(details))
    }
}
