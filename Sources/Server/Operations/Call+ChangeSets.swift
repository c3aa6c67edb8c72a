import Jobs
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records

/// Change sets: listed, shown with what they changed, and taken back.
extension Call {
    func respond(_ resource: PlatformResource, _ body: ByteBuffer) async throws -> ServerResponse {
        switch resource {
        case .changeSets: return try await changeSets()
        case .changeSet(let id): return try await changeSet(id)
        case .changes(let id): return try await changes(of: id)
        case .undo(let id): return try await undo(id)
        case .imports: return try await beginImport(body)
        case .importPlan: return try await planImport(body)
        case .jobs: return try await listJobs()
        case .job(let id): return try await monitor(id)
        case .jobStatus(let id): return try await status(id)
        case .jobCancel(let id): return try await cancel(id)
        case .events: return try await events()
        case .eventStatus: return try await eventStatus()
        case .eventsAside: return try await eventsAside()
        case .eventOrders: return try await orderOfEvents(body)
        }
    }

    private var log: ChangeSetLog { ChangeSetLog(store, access: access) }

    private func changeSets() async throws -> ServerResponse {
        guard isRead else { throw APIError.methodNotAllowed("GET") }
        try options.allow(["top", "skiptoken"], of: "change_sets")
        let size = platformPageSize
        let entries = try await log.list(limit: size + 1, before: try options.system.skipToken.map(Self.id(inToken:)))
        let more = entries.count > size ? entries[size - 1].id.description : nil
        return list(entries.prefix(size).map(\.value), next: more)
    }

    private func changeSet(_ id: GUID) async throws -> ServerResponse {
        guard isRead else { throw APIError.methodNotAllowed("GET") }
        try options.allow([], of: "A change set")
        return response(.ok, json: Array(try await entry(id).value.json.utf8))
    }

    private func changes(of id: GUID) async throws -> ServerResponse {
        guard isRead else { throw APIError.methodNotAllowed("GET") }
        try options.allow(["top", "skiptoken"], of: "changes")
        var place: ChangeSetLog.Place?
        if let token = options.system.skipToken {
            let parts = token.split(separator: ".")
            guard parts.count == 2, let record = GUID(String(parts[0])), let version = Int64(parts[1]) else { throw Self.badToken }
            place = ChangeSetLog.Place(record: record, version: version)
        }
        _ = try await entry(id)
        let page = try await log.changes(of: id, limit: platformPageSize, after: place)
        return list(page.changes.map(\.value), next: page.next.map { "\($0.record).\($0.version)" })
    }

    private func undo(_ id: GUID) async throws -> ServerResponse {
        guard method == .POST else { throw APIError.methodNotAllowed("POST") }
        try options.allow(["dry_run"], of: "undo")
        if preferences.respondAsync {
            let label = "undo \(try await entry(id, toChange: true).label)" + (options.dryRun ? " (dry run)" : "")
            let input = UndoJob.input(id, isRehearsal: options.dryRun)
            return accepted(try await jobs.enqueue(kind: UndoJob.kind, label: label, input: input, access: access))
        }
        let undo = Undo(store, of: id, access: access)
        let report = options.dryRun ? try await undo.rehearse() : try await undo.run()
        return response(.ok, json: Array(report.value.json.utf8))
    }

    private func entry(_ id: GUID, toChange: Bool = false) async throws -> ChangeSetEntry {
        guard let entry = try await log.find(id, toChange: toChange) else {
            throw APIError(.notFound, "records.not_found", "There is no change set with this id; single writes have none.")
        }
        return entry
    }

    // MARK: Pages of what the platform keeps

    /// `top` and `maxpagesize` within bounds.
    var platformPageSize: Int { max(1, min(pageSize, options.system.top.map { Int(clamping: $0) } ?? pageSize)) }

    /// A page, with where the next one is.
    ///
    /// - Parameter members: what else is told of the list.
    func list(_ items: [Value], next: String?, _ members: KeyValuePairs<String, Bool> = [:]) -> ServerResponse {
        var json = JSONWriter()
        json.object { json in
            json.key("value")
            json.raw(Value.collection(items).json)
            for (name, value) in members { json.field(name, value) }
            if let next { json.field("\(negotiation.prefix)nextLink", link(["$skiptoken=\(PercentEncoding.encode(next))"])) }
        }
        return response(.ok, json: json.bytes)
    }

    static func id(inToken token: String) throws(APIError) -> GUID {
        guard let id = GUID(token) else { throw badToken }
        return id
    }

    static let badToken = APIError(.badRequest, "records.bad_cursor", "This skiptoken belongs to another list.", target: "$skiptoken")
}
