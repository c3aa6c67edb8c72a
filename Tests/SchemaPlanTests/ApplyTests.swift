import Catalog
import Manifests
import Postgres
import QueryLanguage
import Synchronization
import TestPostgres
import Testing

@testable import SchemaPlan

@Suite("Apply", .timeLimit(.minutes(10)))
struct ApplyTests {
    /// From here to there takes every kind of step, in all phases.
    static let before = schema(
        type(
            "customer", [field("name", .plainText), field("size", .plainInteger), field("gone", .plainText, required: true)],
            indexes: [["size"]]))
    static let after = schema(
        type(
            "customer",
            [
                field("name", .sorted("en"), required: true, unique: true), field("size", .plainDecimal(21, 2)),
                field("price", .plainMoney),
                field("boss", .link(to: "shop.customer")), field("stage", .plainText, required: true, default: .value("new")),
                field("mails", .emails(maxCount: 3)),
            ], indexes: [["name", "size"]]),
        type("order", [field("customer", .link(to: "shop.customer", .cascade))]))

    static let advisoryLocks = """
        SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database() AND locktype = 'advisory'
        """

    static func prepare(_ ground: Ground) async throws {
        try await ground.applier.apply(before)
        try await ground.insert("shop.customer", ["name": "'n' || n", "size": "n", "gone": "'g'"], count: 20)
    }

    @Test("tells how far a database is from its first apply")
    func setUpState() async throws {
        try await Ground.with { ground in
            let client = ground.client
            #expect(try await SetUpState.of(client) == .notBegun)
            let seen = Mutex<[SetUpState]>([])
            try await ground.applier.apply(Self.before) { event in
                guard case .starting = event, let state = try? await SetUpState.of(client) else { return }
                seen.withLock { $0.append(state) }
            }
            #expect(Set(seen.withLock { $0 }) == [.underWay])
            #expect(try await SetUpState.of(client) == .done)
            let again = try await client.withConnection { connection in
                _ = try await connection.query("SELECT pg_advisory_lock(\(bind: SchemaApplier.advisoryLock))")
                let state = try await SetUpState.of(client)
                _ = try await connection.query("SELECT pg_advisory_unlock(\(bind: SchemaApplier.advisoryLock))")
                return state
            }
            #expect(again == .done)
        }
    }

    @Test("killed at any statement, it ends the same when it is done again")
    func killed() async throws {
        let expected = try await Ground.with { ground in
            try await Self.prepare(ground)
            try await ground.applier.apply(Self.after)
            return try await ground.state(Self.after)
        }
        let total = try await Ground.with { ground in
            try await Self.prepare(ground)
            return try await ground.plan(Self.after).steps.count
        }
        #expect(total > 20)
        for victim in 1...total {
            try await Ground.with { ground in
                try await Self.prepare(ground)
                let kill = Killer(ground.database, at: victim)
                await #expect(throws: (any Error).self) { try await ground.applier.apply(Self.after, progress: kill.progress) }
                #expect(kill.hasKilled)
                try await ground.applier.apply(Self.after)
                #expect(try await ground.plan(Self.after).steps.map(\.sql) == [], "killed at statement \(victim)")
                #expect(try await ground.state(Self.after) == expected, "killed at statement \(victim)")
                #expect(
                    try await ground.text("SELECT count(*) || ' ' || count(DISTINCT name) || ' ' || sum(size) FROM shop.customer")
                        == "20 20 210.00")
            }
        }
    }

    @Test("killed in the first apply of all, it ends the same when it is done again", arguments: [1, 2, 3, 4, 5, 9])
    func killedAtFirst(victim: Int) async throws {
        try await Ground.with { ground in
            let kill = Killer(ground.database, at: victim)
            await #expect(throws: (any Error).self) { try await ground.applier.apply(Self.after, progress: kill.progress) }
            try await ground.applier.apply(Self.after)
            #expect(try await ground.plan(Self.after).isEmpty)
        }
    }

    @Test("an index whose build was broken off is built again")
    func invalidIndex() async throws {
        try await Ground.with { ground in
            try await ground.applier.apply(Self.before)
            try await ground.insert("shop.customer", ["gone": "''"], count: 2)
            try await ground.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shop.customer__size__idx'::regclass")
            #expect(
                try await ground.plan(Self.before).steps.map(\.sql) == [
                    #"DROP INDEX CONCURRENTLY "shop"."customer__size__idx""#,
                    #"CREATE INDEX CONCURRENTLY "customer__size__idx" ON "shop"."customer" ("size" NULLS FIRST, "id") WHERE deleted_at IS NULL"#,
                ])
            try await ground.applier.apply(Self.before)
            #expect(try await ground.plan(Self.before).isEmpty)
        }
    }

    @Test("two applies at once do the work once")
    func concurrent() async throws {
        try await Ground.with { ground in
            try await Self.prepare(ground)
            let waited = Seen<Void>()
            let reports = try await withThrowingTaskGroup(of: ApplyReport.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await ground.applier.apply(Self.after) { event in
                            if case .waitingForOtherApply = event { waited.note(()) }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(reports.count { $0.steps > 0 } == 1)
            #expect(reports.count { $0.steps == 0 } == 3)
            #expect(waited.all.count >= 1)
            #expect(try await ground.plan(Self.after).isEmpty)
        }
    }

    @Test("a lock that others hold is waited for in short turns, and everything is undone between them")
    func lockTimeout() async throws {
        try await Ground.with { ground in
            try await Self.prepare(ground)
            let retries = Seen<[String]>()
            let (attempts, attempted) = AsyncStream<Int>.makeStream()
            try await ground.client.withConnection { blocker in
                try await blocker.execute("BEGIN; LOCK TABLE shop.customer IN ACCESS SHARE MODE")
                async let applied = ground.applier.apply(Self.after) { event in
                    if case .retrying(let attempt, _, _, let holders) = event {
                        retries.note(holders)
                        attempted.yield(attempt)
                    }
                }
                for await attempt in attempts where attempt == 3 { break }
                // Nothing is half done, and readers got in between.
                #expect(try await blocker.query("SELECT to_regclass('shop.order') IS NULL").first?.decode(Bool.self, 0) == true)
                try await blocker.execute("COMMIT")
                _ = try await applied
            }
            let holders = retries.all
            #expect(holders.count >= 3)
            // The third may have met the blocker at its question above.
            #expect(
                holders.prefix(2).allSatisfy { $0.count == 1 && $0[0].contains("(tessera, idle in transaction, in a transaction for ") },
                "\(holders)")
            #expect(try await ground.plan(Self.after).isEmpty)
        }
    }

    /// A schema whose field becomes required, with records that get its default.
    private static func filled(_ ground: Ground) async throws -> DesiredSchema {
        try await ground.apply(type("customer", [field("stage", .plainText)]))
        try await ground.insert("shop.customer", ["stage": "nullif(n % 2, 0)::text"], count: 20)
        return schema(type("customer", [field("stage", .plainText, required: true, default: .value("new"))]))
    }

    @Test("becoming required with a default waits in short turns for a reader, and other readers go on meanwhile")
    func fillBesideReader() async throws {
        try await Ground.with { ground in
            let desired = try await Self.filled(ground)
            let held = Seen<[String]>()
            let (attempts, attempted) = AsyncStream<Int>.makeStream()
            try await ground.client.withConnection { reader in
                let pid = try await reader.query("SELECT pg_backend_pid()").first?.decode(Int32.self, 0) ?? 0
                async let applied = ground.applier.apply(desired) { event in
                    if case .committed(.transaction) = event { _ = try? await reader.execute("BEGIN; SELECT count(*) FROM shop.customer") }
                    guard case .retrying(let attempt, _, _, let holders) = event else { return }
                    held.note(holders)
                    attempted.yield(attempt)
                }
                for await attempt in attempts {
                    // Between two turns nobody queues: who would wait behind the apply fails here.
                    let other = try await ground.client.withConnection { other in
                        try await other.execute("SET lock_timeout = '5s'")
                        defer { Task { try? await other.execute("RESET lock_timeout") } }
                        return try await other.query("SELECT count(*) FROM shop.customer WHERE stage = 'new'").first?.decode(Int64.self, 0)
                    }
                    #expect(other == 10)
                    if attempt == 3 { break }
                }
                // The other reader may be seen beside it.
                #expect(held.all.prefix(3).allSatisfy { $0.contains { $0.hasPrefix("\(pid) (") } }, "\(held.all)")
                try await reader.execute("COMMIT")
                _ = try await applied
            }
            #expect(try await ground.plan(desired).isEmpty)
            #expect(try await ground.text("SELECT count(*) FROM shop.customer WHERE stage = 'new'") == "10")
        }
    }

    @Test("until it is done, servers that know the catalog before it make records, and these get what became required")
    func writersOfBefore() async throws {
        try await Ground.with { ground in
            try await ground.apply(type("customer", [field("name", .plainText), field("stage", .plainText)]))
            try await ground.insert("shop.customer", ["stage": "nullif(n % 2, 0)::text"], count: 20)
            let desired = schema(
                type(
                    "customer",
                    [
                        field("name", .plainText), field("stage", .plainText, required: true, default: .value("new")),
                        field("tier", .plainText, required: true, default: .value("silver")),
                    ], indexes: [["name"]]))
            let (refused, made) = (Seen<String>(), Seen<Int>())
            try await ground.applier.apply(desired) { event in
                // Where the apply itself holds a lock the writers wait.
                guard case .starting(let step, let number, _) = event, step.phase > .transaction, !step.sql.contains("DROP DEFAULT") else {
                    return
                }
                do {
                    try await ground.insert("shop.customer", ["name": "'\(number)'"])
                    made.note(number)
                } catch {
                    refused.note("before \(step.sql): \(error)")
                }
            }
            #expect(refused.all == [])
            #expect(made.all.count == 6, "\(made.all)")
            #expect(try await ground.plan(desired).isEmpty)
            #expect(
                try await ground.text("SELECT count(*) FROM shop.customer WHERE stage IS NULL OR tier IS DISTINCT FROM 'silver'") == "0")
        }
    }

    @Test("stopped before its last step, it leaves nobody refused, and the next one ends it")
    func stoppedBeforeTheLast() async throws {
        try await Ground.with { ground in
            let desired = try await Self.filled(ground)
            let plan = try await ground.plan(desired)
            for step in plan.steps.dropLast() { try await ground.execute(step.sql) }
            try await ground.insert("shop.customer", [:])
            #expect(try await ground.plan(desired).steps.map(\.sql) == [plan.steps.last?.sql].compactMap { $0 })
            try await ground.applier.apply(desired)
            #expect(try await ground.plan(desired).isEmpty)
        }
    }

    @Test("while records are filled, whoever holds one of them is waited for in short turns")
    func fillBesideWriter() async throws {
        try await Ground.with { ground in
            let desired = try await Self.filled(ground)
            let (attempts, attempted) = AsyncStream<[String]>.makeStream()
            try await ground.client.withConnection { writer in
                try await writer.execute("BEGIN; UPDATE shop.customer SET version = version WHERE stage IS NULL")
                async let applied = ground.applier.apply(desired) { event in
                    if case .retrying(_, _, _, let holders) = event { attempted.yield(holders) }
                }
                for await holders in attempts {
                    #expect(holders.count == 1)
                    break
                }
                // The records that the apply has filled already are free between its turns.
                try await writer.execute("COMMIT")
                _ = try await applied
            }
            #expect(try await ground.plan(desired).isEmpty)
        }
    }

    @Test("only what loses its work by giving up waits for as long as it takes, and never with a lock that shuts out readers or writers")
    func patientSteps() async throws {
        try await Ground.with { ground in
            try await Self.prepare(ground)
            let steps = try await ground.plan(Self.after).steps
            let patient = steps.filter(\.isPatient)
            #expect(!patient.isEmpty)
            for step in patient {
                #expect(step.sql.contains(" INDEX CONCURRENTLY ") || step.sql.contains(" VALIDATE CONSTRAINT "), "\(step.sql)")
                #expect(step.locks.allSatisfy { [.shareUpdateExclusive, .rowShare].contains($0.mode) }, "\(step.locks)")
            }
        }
    }

    @Test("an index build that waits for a transaction names it, and is stopped when the apply is")
    func indexBuildWaits() async throws {
        try await Ground.with { ground in
            try await ground.apply(type("customer", [field("size", .plainInteger)]))
            try await ground.insert("shop.customer", ["size": "n"], count: 20)
            let desired = schema(type("customer", [field("size", .plainInteger)], indexes: [["size"]]))
            let (states, told) = AsyncStream<StepState>.makeStream()
            try await ground.client.withConnection { writer in
                let pid = try await writer.query("SELECT pg_backend_pid()").first?.decode(Int32.self, 0) ?? 0
                try await writer.execute("BEGIN; UPDATE shop.customer SET version = version")
                func begin() -> Task<ApplyReport, any Error> {
                    Task {
                        try await ground.applier.apply(desired) { event in
                            if case .working(_, _, _, _, let state) = event { told.yield(state) }
                        }
                    }
                }
                let stopped = begin()
                for await state in states where !state.holders.isEmpty {
                    #expect(state.holders.count == 1 && state.holders[0].hasPrefix("\(pid) ("), "\(state)")
                    #expect(state.phase?.contains("waiting for") == true, "\(state)")
                    break
                }
                stopped.cancel()
                await #expect(throws: (any Error).self) { try await stopped.value }
                let building = "SELECT count(*) FROM pg_stat_progress_create_index WHERE datname = current_database()"
                #expect(try await ground.text(building) == "0")
                let again = begin()
                for await state in states where !state.holders.isEmpty { break }
                try await writer.execute("COMMIT")
                _ = try await again.value
            }
            #expect(try await ground.plan(desired).isEmpty)
        }
    }

    @Test("patience ends, with the names of those who hold the lock")
    func patience() async throws {
        var options = SchemaApplier.Options.quick
        options.attempts = 2
        try await Ground.with(options: options) { ground in
            try await Self.prepare(ground)
            try await ground.client.withConnection { blocker in
                try await blocker.execute("BEGIN; LOCK TABLE shop.customer IN ACCESS SHARE MODE")
                await #expect {
                    try await ground.applier.apply(Self.after)
                } throws: { error in
                    guard let error = error as? SchemaError else { return false }
                    return error.code == .lockTimeout && error.message.contains("Locked by ")
                        && error.message.contains("pg_terminate_backend")
                }
                try await blocker.execute("ROLLBACK")
            }
            #expect(try await ground.text(Self.advisoryLocks) == "0")
            try await ground.applier.apply(Self.after)
        }
    }

    @Test("cancelled while it waits, it leaves nothing behind")
    func cancelled() async throws {
        try await Ground.with { ground in
            try await Self.prepare(ground)
            let (attempts, attempted) = AsyncStream<Void>.makeStream()
            try await ground.client.withConnection { blocker in
                try await blocker.execute("BEGIN; LOCK TABLE shop.customer IN ACCESS SHARE MODE")
                let task = Task {
                    try await ground.applier.apply(Self.after) { event in
                        if case .retrying = event { attempted.yield() }
                    }
                }
                for await _ in attempts { break }
                task.cancel()
                await #expect(throws: (any Error).self) { try await task.value }
                try await blocker.execute("COMMIT")
            }
            #expect(try await ground.text(Self.advisoryLocks) == "0")
            #expect(try await ground.text("SELECT to_regclass('shop.order')::text") == nil)
            try await ground.applier.apply(Self.after)
            #expect(try await ground.plan(Self.after).isEmpty)
        }
    }

    @Test("what was agreed to is what is done, or nothing")
    func agreed() async throws {
        try await Ground.with { ground in
            try await ground.applier.apply(Self.before)
            let shown = try await ground.plan(Self.after)
            try await ground.insert("shop.customer", ["name": "'n'", "gone": "'g'"])
            await #expect {
                try await ground.applier.apply(Self.after, agreed: shown)
            } throws: {
                ($0 as? SchemaError)?.code == .planChanged
            }
            try await ground.applier.apply(Self.after, agreed: try await ground.plan(Self.after))
        }
    }

    @Test("a statement that fails undoes its transaction and says what was tried")
    func failure() async throws {
        try await Ground.with { ground in
            try await ground.applier.apply(Self.before)
            try await ground.execute("CREATE VIEW shop.sizes AS SELECT size FROM shop.customer")
            await #expect {
                try await ground.applier.apply(Self.after)
            } throws: { error in
                guard let error = error as? SchemaError else { return false }
                return error.code == .statementFailed
                    && error.message.hasPrefix("ALTER TABLE shop.customer ALTER COLUMN size TYPE numeric(21,2) failed: ")
                    && error.message.hasSuffix("Nothing of its transaction was done.")
            }
            #expect(try await ground.text("SELECT to_regclass('shop.order')::text") == nil)
        }
    }

    @Test("running servers are told, also when only words changed")
    func notification() async throws {
        try await Ground.with { ground in
            let notifications = try await ground.client.notifications(channel: SchemaApplier.channel)
            var iterator = notifications.makeAsyncIterator()
            for desired in [Self.before, Self.after, Self.after] {
                try await ground.applier.apply(desired)
                guard case .notification(let payload, _)? = try await iterator.next() else {
                    Issue.record("no notification")
                    return
                }
                #expect(payload == desired.digest)
            }
        }
    }
}

/// What came by, in order.
final class Seen<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    var all: [Value] { values.withLock { $0 } }

    func note(_ value: Value) { values.withLock { $0.append(value) } }
}

/// Ends the session that applies, right before it sends a statement.
final class Killer: Sendable {
    private let database: TestDatabase
    private let victim: Int
    private let done = Mutex(false)

    init(_ database: TestDatabase, at victim: Int) {
        self.database = database
        self.victim = victim
    }

    var hasKilled: Bool { done.withLock { $0 } }

    @Sendable func progress(_ event: ApplyEvent) async {
        guard case .starting(_, victim, _) = event, !hasKilled else { return }
        do {
            try await database.execute(
                """
                SELECT pg_terminate_backend(pid, 10000) FROM pg_locks
                WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """)
            done.withLock { $0 = true }
        } catch {
            Issue.record(error)
        }
    }
}
