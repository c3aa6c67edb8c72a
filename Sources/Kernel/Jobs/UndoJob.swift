package import QueryLanguage
package import Records

/// Takes a change set back in the background, or finds out what that would do.
package struct UndoJob: JobHandler {
    package static let kind = "undo"
    package var kind: String { Self.kind }
    private let store: RecordStore

    package init(_ store: RecordStore) { self.store = store }

    package static func input(_ changeSet: GUID, isRehearsal: Bool = false) -> Value {
        .complex(["change_set": .guid(changeSet), "dry_run": .bool(isRehearsal)])
    }

    package func run(_ job: JobRun) async throws -> Value {
        guard let changeSet = job.input["change_set"]?.asGUID else { throw JobError(.badInput, "An undo names a change set.") }
        let undo = Undo(store, of: changeSet, access: job.access)
        if job.input["dry_run"]?.asBool == true { return try await undo.rehearse().value }
        let report = try await undo.run(
            progress: { records in try await job.stepIsDone(Job.Progress(done: records)) }, renewing: job.currentAccess)
        return report.value
    }
}
