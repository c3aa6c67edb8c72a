import Catalog
import Events
import Files
import Jobs
import Postgres
import QueryLanguage
import Records
import Transfer

/// Answers from the deployment's database, in this process: beside a running server or without one.
struct LocalBackend: Backend {
    let options: DeploymentOptions

    func withStore<R: Sendable>(_ body: @escaping @Sendable (RecordStore) async throws -> R) async throws -> R {
        try await DirectStore.with(options, deployment: try options.load(), body)
    }

    /// The queue needs no modules.
    private func withQueue<R: Sendable>(_ body: @escaping @Sendable (JobQueue) async throws -> R) async throws -> R {
        let deployment = try options.load()
        return try await Database.with(options, logger: CommandLog.quiet) { database in
            try await deployment.requireSchema(on: database.client)
            return try await body(JobQueue(client: database.client))
        }
    }

    // MARK: Change sets

    func changeSets(limit: Int) async throws -> [ChangeSetEntry] {
        try await withStore { try await ChangeSetLog($0, access: .commandLine).list(limit: limit) }
    }

    func changeSet(_ id: GUID, changes: Int) async throws -> (entry: ChangeSetEntry, changes: [RecordChange], isCut: Bool)? {
        try await withStore { store in
            let log = ChangeSetLog(store, access: .commandLine)
            guard let entry = try await log.find(id) else { return nil }
            let page = try await log.changes(of: id, limit: changes)
            return (entry, page.changes, page.next != nil)
        }
    }

    func undo(_ id: GUID, isRehearsal: Bool, progress: @escaping @Sendable (Int) -> Void) async throws -> UndoReport {
        try await withStore { store in
            let undo = Undo(store, of: id, access: .commandLine)
            do {
                return isRehearsal ? try await undo.rehearse() : try await undo.run { progress($0) }
            } catch let error as RecordsError where error.code == .notFound {
                throw Failure(.wrongInput, error.message)
            }
        }
    }

    // MARK: Jobs

    func jobs(limit: Int) async throws -> [Job] { try await withQueue { try await $0.list(limit: limit) } }

    func job(_ id: GUID) async throws -> Job? { try await withQueue { try await $0.find(id) } }

    func watch(_ id: GUID, progress: @escaping @Sendable (Job) -> Void) async throws -> Job? {
        try await withQueue { queue in
            while let job = try await queue.find(id) {
                if job.state.isFinished { return job }
                progress(job)
                try await Task.sleep(for: .milliseconds(500))
            }
            return nil
        }
    }

    func cancel(_ id: GUID) async throws -> Bool { try await withQueue { try await $0.cancel(id) } }

    // MARK: Events

    func eventStatus() async throws -> EventStatus { try await withStore { try await EventStatus.read($0) } }

    func events(from position: Int64?, topic: TopicPattern?, limit: Int) async throws -> (events: [Event], next: Int64) {
        try await withStore { store in
            let log = EventLog(store)
            guard let position else {
                let events = try await log.newest(topic: topic, limit: limit)
                return (events, try await log.head() + 1)
            }
            return try await log.page(from: position, topic: topic, limit: limit)
        }
    }

    func followEvents(from position: Int64, topic: TopicPattern?, _ show: @escaping @Sendable ([Event]) -> Void) async throws {
        try await withStore { store in
            let log = EventLog(store)
            try await EventFollowing.run(from: position) { place in
                let page = try await log.page(from: place, topic: topic, limit: EventFollowing.page)
                show(page.events)
                return page.next
            }
        }
    }

    func eventsAside(of subscription: String?, state: String?, limit: Int) async throws -> [Delivery] {
        try await withStore { try await SubscriptionDesk($0).aside(of: subscription, state: state, limit: limit) }
    }

    func order(_ order: SubscriptionOrder) async throws -> Int64 { try await withStore { try await SubscriptionDesk($0).carryOut(order) } }

    func history(_ collection: String, _ id: GUID, limit: Int) async throws -> (entries: [HistoryEntry], isCut: Bool)? {
        try await withStore { store in
            let type = try ListQuery.type(collection: collection, catalog: store.catalog)
            // There may be no server that does it.
            try await EventBus(store, logger: CommandLog.quiet).catchUp()
            guard let page = try await HistoryReader(store, access: .commandLine).page(of: id, type, limit: limit) else { return nil }
            return (page.entries, page.next != nil)
        }
    }

    // MARK: Records

    func records(_ query: String, limit: Int) async throws -> (records: [ShownRecord], isCut: Bool) {
        try await withStore { store in
            let list = try ListQuery(query, store: store)
            var request = ListRequest(type: list.type, query: list.query, format: ReadFormat(metadata: .none))
            var records: [ShownRecord] = []
            repeat {
                request.pageSize = min(limit - records.count, ReadLimits.largestPageSize)
                let page = try await store.list(request, access: .commandLine)
                records += try ShownRecord.all(in: [UInt8(ascii: "[")] + page.items + [UInt8(ascii: "]")])
                request.query.skipToken = page.nextToken
            } while request.query.skipToken != nil && records.count < limit
            return (records, request.query.skipToken != nil)
        }
    }

    func export(
        _ query: String, format: String, display: ProgressDisplay, write: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws {
        try await withStore { store in
            let list = try ListQuery(query, store: store)
            guard list.query.apply == nil else {
                throw Failure(.wrongInput, "an export is made of records; ask the API for groups, or leave out apply")
            }
            display.begin(list.type.labelPlural.lowercased(), total: nil)
            let format = ExportFormat(format) ?? .csv
            let files =
                if case .vcard = format { try FileSettings.open(options, records: store, logger: CommandLog.quiet) } else {
                    nil as FileStore?
                }
            let exporter = Exporter(store: store, type: list.type, access: .commandLine, format: format, files: files)
            let count = try await exporter.run(ListRequest(type: list.type, query: list.query)) { bytes in
                try write(bytes)
            } notice: {
                display.note($0)
            } progress: {
                display.show($0)
            }
            display.finish(count)
        }
    }
}
