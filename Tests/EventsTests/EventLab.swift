import Logging
import Postgres
import QueryLanguage
import Records
import ServiceLifecycle
import TestKernel
import Testing

@testable import Events

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension TestStore {
    func create(_ collection: String, _ values: [String: Value], in store: RecordStore? = nil, access: Access = .test) async throws -> GUID
    {
        let outcomes = try await (store ?? self.store).create(type(collection), [RecordInput(values)], options: .single, access: access)
        guard case .created(let id, 1)? = outcomes.first else { throw TestStoreError("not created: \(outcomes)") }
        return id
    }

    @discardableResult
    func update(
        _ collection: String, _ id: GUID, _ values: [String: Value], in store: RecordStore? = nil, options: WriteOptions = .single
    ) async throws -> Int64 {
        let item = RecordUpdate(key: .id(id), input: RecordInput(values))
        let outcomes = try await (store ?? self.store).update(type(collection), [item], options: options, access: .test)
        guard case .updated(_, let version)? = outcomes.first else { throw TestStoreError("not updated: \(outcomes)") }
        return version
    }

    /// One value as text.
    func text(_ sql: String) async throws -> String? {
        try await client.query(SQL(verbatim: sql)).first?.decode(String?.self, 0)
    }

    /// What is in the log, in its order: `3 lab.place.updated Oslo 2`.
    func log() async throws -> [String] {
        try await EventLog(store).page(from: 0, limit: 10_000).events.map { event in
            "\(event.position) \(event.topic) \(event.version)"
        }
    }

    /// Versions of a record in the order of the log.
    func versions(of id: GUID) async throws -> [Int64] {
        try await EventLog(store).page(from: 0, limit: 10_000).events.filter { $0.record == id }.map(\.version)
    }

    /// Runs a node's events while `body` runs.
    func withService(_ bus: EventBus, _ options: EventService.Options, _ body: @Sendable () async throws -> Void) async throws {
        let services = ServiceGroup(services: [EventService(bus, options: options, logger: quiet)], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            try result.get()
        }
    }
}

/// Woken by what happens and by no clock.
let hours: EventService.Options = {
    var options = EventService.Options()
    (options.beat, options.clearance) = (.seconds(3600), .seconds(3600))
    return options
}()
