import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Events

@Suite("A node's events")
struct EventServiceTests {
    private func position(_ lab: TestStore) async throws -> Int64 {
        try await lab.client.query("SELECT position FROM tessera.subscription WHERE id = 'tessera.history'").first?.decode(Int64.self, 0)
            ?? -1
    }

    @Test("a commit wakes the node's own sequencer and what follows the log, without a clock")
    func ownCommits() async throws {
        try await TestStore.with { lab in
            try await lab.withService(EventBus(lab.store, logger: quiet), hours) {
                for number in 1...5 {
                    _ = try await lab.create("topics", ["name": .string("\(number)")])
                    while try await position(lab) < Int64(number) { await Task.yield() }
                }
            }
            #expect(try await EventStatus.read(lab.store).backlog == 0)
        }
    }

    @Test("another node hears of what has come into the log")
    func otherNodes() async throws {
        try await TestStore.with { lab in
            let logger = quiet
            let client = PostgresClient(configuration: try PostgresConfiguration(url: lab.databaseURL), logger: logger)
            let other = RecordStore(client: client, catalog: lab.catalog, logger: logger)
            try await lab.withService(EventBus(other, logger: logger), hours) {
                let listening =
                    "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'LISTEN%' AND state = 'idle'"
                while try await lab.text(listening) == "0" { await Task.yield() }
                // The first look of its own may find the first one; the others it hears of.
                for number in 1...3 {
                    _ = try await lab.create("topics", ["name": .string("\(number)")])
                    try await Sequencer(lab.store).drain()
                    while try await position(lab) < Int64(number) { await Task.yield() }
                }
            }
            await client.shutdown()
        }
    }

    @Test("the clock finds what no commit told of")
    func poll() async throws {
        try await TestStore.with { lab in
            // Written where no sequencer runs.
            let elsewhere = RecordStore(client: lab.client, catalog: lab.catalog, logger: quiet)
            var options = hours
            options.beat = .milliseconds(10)
            let often = options
            try await lab.withService(EventBus(lab.store, logger: quiet), often) {
                while try await EventLog(lab.store).head() < 3 {
                    _ = try await lab.create("topics", ["name": "x"], in: elsewhere)
                    await Task.yield()
                }
            }
        }
    }
}
