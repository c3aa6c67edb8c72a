import Jobs
import NIOHTTP1
import Permissions
import QueryLanguage
import Records

/// Background work: answered with 202 and a status monitor, listed, cancelled.
extension Call {
    /// 202 with the address where the result will be (OData Protocol 4.01 section 9.1.3).
    ///
    /// - Parameter preference: whether the client had to ask for it.
    func accepted(_ id: GUID, preference: Bool = true) -> ServerResponse {
        let applied = preference ? [("preference-applied", "respond-async")] : []
        return response(.accepted, [("location", "\(root)/jobs(\(id))"), ("retry-after", "1")] + applied)
    }

    /// What a job is called in lists.
    ///
    /// - Parameter label: what it does, unless the client has a name for it.
    func jobLabel(_ label: String) -> String { (changeSet.label ?? label) + (options.dryRun ? " (dry run)" : "") }

    func listJobs() async throws -> ServerResponse {
        guard isRead else { throw APIError.methodNotAllowed("GET") }
        try options.allow(["top", "skiptoken"], of: "jobs")
        let size = platformPageSize
        let found = try await jobs.list(
            limit: size + 1, before: try options.system.skipToken.map(Self.id(inToken:)), of: whoseWork)
        return list(found.prefix(size).map(\.value), next: found.count > size ? found[size - 1].id.description : nil)
    }

    /// 202 with how far it is while it runs; then the answer that the request would have had, its status in `AsyncResult`.
    func monitor(_ id: GUID) async throws -> ServerResponse {
        if method == .DELETE { return try await cancel(id) }
        guard isRead else { throw APIError.methodNotAllowed("GET, DELETE") }
        try options.allow([], of: "A job")
        let job = try await job(id)
        switch job.state {
        case .queued, .running:
            return response(
                .accepted, json: Array(job.value.json.utf8), [("location", "\(root)/jobs(\(id))"), ("retry-after", "1")])
        case .done:
            return result(of: job)
        case .failed:
            let failure = job.failure ?? Job.Failure(code: JobError.Code.fault.description, message: "The work failed.")
            return response(.ok, json: failure.answer, [("asyncresult", String(failure.status.code))])
        case .cancelled:
            throw APIError(.gone, "jobs.cancelled", "This job was cancelled; \(root)/jobs(\(id))/status says how far it had come.")
        }
    }

    /// What the request would have been answered.
    private func result(of job: Job) -> ServerResponse {
        let result = job.result ?? .null
        let headers = [("asyncresult", "200")]
        guard [BulkJob.kind, EachJob.kind].contains(job.kind) else { return response(.ok, json: Array(result.json.utf8), headers) }
        let prefix = format.metadata == .none ? nil : negotiation.prefix
        let named = result["change_set"]?.asText.map { [(Self.changeSetHeader, $0)] } ?? []
        return response(.ok, json: BulkResult.answer(result, prefix: prefix, root: root), headers + named)
    }

    func status(_ id: GUID) async throws -> ServerResponse {
        guard isRead else { throw APIError.methodNotAllowed("GET") }
        try options.allow([], of: "A job")
        return response(.ok, json: Array(try await job(id, result: false).value.json.utf8))
    }

    func cancel(_ id: GUID) async throws -> ServerResponse {
        guard method == .POST || method == .DELETE else { throw APIError.methodNotAllowed("POST") }
        try options.allow([], of: "cancel")
        guard try await jobs.cancel(id, of: whoseWork) else {
            let job = try await job(id, result: false)
            throw APIError(.conflict, "jobs.finished", "This job is \(job.state.rawValue); there is nothing left to cancel.")
        }
        return response(.noContent)
    }

    /// Whose background work is there for the caller: their own, and everybody's for administrators. Others' is answered as none.
    private var whoseWork: GUID? { access.rights.isUnlimited ? nil : access.principal }

    private func job(_ id: GUID, result: Bool = true) async throws -> Job {
        guard let job = try await jobs.find(id, of: whoseWork, result: result) else {
            throw APIError(
                .notFound, JobError.Code.notFound.description,
                "There is no job with this id. Finished ones are kept for \(JobQueue.keptDays) days.")
        }
        return job
    }
}
