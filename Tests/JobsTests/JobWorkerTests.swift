import Logging
import Postgres
import QueryLanguage
import Records
import ServiceLifecycle
import Synchronization
import TestKernel
import Testing

@testable import Jobs

@Suite("Background work")
struct JobWorkerTests {
    /// Work that tells where it is and does what the test says.
    private struct Work: JobHandler {
        let kind = "work"
        let body: @Sendable (JobRun) async throws -> Value

        func run(_ job: JobRun) async throws -> Value { try await body(job) }
    }

    /// Runs a worker while `body` runs.
    private func withWorker(
        _ lab: TestStore, _ queue: JobQueue, _ handler: any JobHandler, _ body: @Sendable () async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let services = ServiceGroup(services: [JobWorker(queue: queue, handlers: [handler], logger: logger)], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            try result.get()
        }
    }

    /// Waits until the job is as it should be.
    private func wait(_ queue: JobQueue, _ id: GUID, until isReached: (Job) -> Bool) async throws -> Job {
        while true {
            let job = try #require(try await queue.find(id))
            if isReached(job) { return job }
            await Task.yield()
        }
    }

    @Test("principals take turns: one's many jobs don't keep another's waiting")
    func turns() async throws {
        try await TestStore.with { lab in
            let queue = JobQueue(client: lab.client)
            let (first, second) = (GUID.version7(), GUID.version7())
            for id in [first, second] {
                _ = try await lab.client.query(
                    "INSERT INTO tessera.principal (id, kind, name) VALUES (\(bind: PostgresUUID(guid: id)), 'user', 'Somebody')")
            }
            func add(_ count: Int, _ principal: GUID) async throws {
                for number in 1...count {
                    let access = Access(principal: principal, channel: .api)
                    try await queue.enqueue(kind: "work", label: "\(number)", input: .null, access: access)
                }
            }
            let worker = GUID.version7()
            func claim(_ count: Int) async throws -> [(id: GUID, asker: GUID, label: String)] {
                try await queue.claim(count, kinds: ["work"], worker: worker, lease: .seconds(3600)).map {
                    ($0.id, $0.access.principal, $0.label)
                }
            }
            try await add(8, .administrator)
            try await add(3, first)
            try await add(2, second)
            // Of several places, each gets one; with all of them busy, the first comes first again.
            let begun = try await claim(3)
            #expect(Set(begun.map(\.asker)) == [.administrator, first, second] && begun.allSatisfy { $0.label == "1" })
            let fourth = try #require(try await claim(1).first)
            #expect(fourth.asker == .administrator && fourth.label == "2")
            for job in begun + [fourth] { try await queue.end(job.id, .done(.null), worker: worker) }
            // One place: whoever has waited longest since their last one.
            var order: [String] = []
            while let job = try await claim(1).first {
                order.append((job.asker == .administrator ? "a" : job.asker == first ? "b" : "c") + job.label)
                try await queue.end(job.id, .done(.null), worker: worker)
            }
            let others = order.filter { !$0.hasPrefix("a") }
            #expect(Set(order.prefix(2)) == ["b2", "c2"] && order[2] == "a3" && order[3] == "b3", "\(order)")
            #expect(others.count == 3 && order.filter { $0.hasPrefix("a") } == ["a3", "a4", "a5", "a6", "a7", "a8"], "\(order)")
        }
    }

    @Test("who has all places of a worker gives one up at the next step when somebody waits who has none, and goes on afterwards")
    func givesWay() async throws {
        try await TestStore.with { lab in
            let queue = JobQueue(client: lab.client)
            let other = GUID.version7()
            _ = try await lab.client.query(
                "INSERT INTO tessera.principal (id, kind, name) VALUES (\(bind: PostgresUUID(guid: other)), 'user', 'Somebody')")
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            let isServed = Mutex(false)
            // Long ones take steps until the short one has been done; without its turn they would never end.
            let handler = Work { job in
                if job.label == "short" {
                    isServed.withLock { $0 = true }
                    return "short"
                }
                begin.yield()
                var steps = 0
                while !isServed.withLock({ $0 }) {
                    steps += 1
                    try await job.stepIsDone(Job.Progress(done: steps))
                }
                return "long"
            }
            var long: [GUID] = []
            for number in 1...3 { long.append(try await queue.enqueue(kind: "work", label: "long \(number)", input: .null, access: .test)) }
            let all = long
            try await withWorker(lab, queue, handler) {
                var places = begun.makeAsyncIterator()
                for _ in 0..<JobWorker.Options().concurrency { await places.next() }
                let access = Access(principal: other, channel: .api)
                let short = try await queue.enqueue(kind: "work", label: "short", input: .null, access: access)
                #expect(try await wait(queue, short) { $0.state.isFinished }.result == "short")
                for id in all {
                    let job = try await wait(queue, id) { $0.state.isFinished }
                    #expect(job.result == "long" && job.attempts == 1, "giving way is no failed attempt")
                }
            }
        }
    }

    @Test("nobody gives way for others who have their turn already, or for themselves")
    func keepsPlaces() async throws {
        try await TestStore.with { lab in
            let queue = JobQueue(client: lab.client)
            let (worker, other) = (GUID.version7(), GUID.version7())
            _ = try await lab.client.query(
                "INSERT INTO tessera.principal (id, kind, name) VALUES (\(bind: PostgresUUID(guid: other)), 'user', 'Somebody')")
            func add(_ principal: GUID) async throws {
                try await queue.enqueue(kind: "work", label: "", input: .null, access: Access(principal: principal, channel: .api))
            }
            func claim(_ count: Int) async throws -> [JobQueue.Leased] {
                try await queue.claim(count, kinds: ["work"], worker: worker, lease: .seconds(3600))
            }
            func gives(_ job: JobQueue.Leased, of places: Int = 2, kinds: [String] = ["work"]) async throws -> Bool {
                try await queue.givesWay(job.id, worker: worker, places: places, kinds: kinds)
            }
            for _ in 0..<3 { try await add(.administrator) }
            let held = try await claim(2)
            #expect(held.count == 2)
            #expect(try await gives(held[0]) == false, "one's own waits")
            try await add(other)
            #expect(try await gives(held[0]))
            #expect(try await gives(held[0], of: 3) == false, "a place is free")
            #expect(try await gives(held[0], kinds: ["else"]) == false, "this worker can't do it")
            try await queue.end(held[1].id, .again(after: .zero, countsAttempt: false), worker: worker)
            #expect(try await gives(held[0]) == false, "it was given already")
            let next = try await claim(1)
            #expect(next.map(\.access.principal) == [other])
            try await add(other)
            for job in [held[0], next[0]] { #expect(try await gives(job) == false) }
        }
    }

    @Test("runs jobs as their askers, keeps progress and result, and says why one failed")
    func runs() async throws {
        try await TestStore.with { lab in
            let queue = JobQueue(client: lab.client)
            let handler = Work { job in
                try await job.progress(Job.Progress(done: 1, total: 2, message: "half"))
                if job.input["fails"] != nil { throw RecordsError(.invalid, "No.") }
                return .complex(["by": .guid(job.access.principal), "channel": .string(job.access.channel.rawValue)])
            }
            let good = try await queue.enqueue(kind: "work", label: "good", input: .complex([:]), access: .test)
            let bad = try await queue.enqueue(kind: "work", label: "bad", input: .complex(["fails": true]), access: .test)
            let other = try await queue.enqueue(kind: "of another node", label: "other", input: .null, access: .test)
            try await withWorker(lab, queue, handler) {
                let done = try await wait(queue, good) { $0.state.isFinished }
                #expect(done.state == .done && done.attempts == 1 && done.progress == Job.Progress(done: 1, total: 2, message: "half"))
                #expect(done.result?["by"]?.asGUID == .administrator && done.result?["channel"] == "api")
                #expect(Job(done.value) == done)
                let failed = try await wait(queue, bad) { $0.state.isFinished }
                #expect(failed.state == .failed && failed.failure?.code == "records.invalid" && failed.failure?.message == "No.")
            }
            #expect(try await queue.find(other)?.state == .queued)
            #expect(try await queue.list(limit: 2).map(\.id) == [other, bad])
            #expect(try await queue.list(limit: 5).allSatisfy { $0.result == nil }, "results are read one by one")
            #expect(try await queue.find(good, result: false)?.result == nil)
            #expect(try await queue.list(limit: 2, before: bad).map(\.id) == [good])
        }
    }

    @Test("cancels what waits at once, and what runs at its next step")
    func cancels() async throws {
        try await TestStore.with { lab in
            let queue = JobQueue(client: lab.client)
            let waiting = try await queue.enqueue(kind: "work", label: "waits", input: .null, access: .test)
            #expect(try await queue.cancel(waiting))
            #expect(try await queue.find(waiting)?.state == .cancelled)
            #expect(try await queue.cancel(waiting) == false)
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            let handler = Work { _ in
                begin.yield()
                try await Task.sleep(for: .seconds(3600))
                return .null
            }
            let running = try await queue.enqueue(kind: "work", label: "runs", input: .null, access: .test)
            try await withWorker(lab, queue, handler) {
                for await _ in begun { break }
                #expect(try await queue.cancel(running))
                let job = try await wait(queue, running) { $0.state.isFinished }
                #expect(job.state == .cancelled)
            }
        }
    }

    @Test("doesn't take up again what was asked to stop when its worker was killed")
    func cancelsWhatWasKilled() async throws {
        try await TestStore.with { lab in
            let queue = JobQueue(client: lab.client)
            let id = try await queue.enqueue(kind: "work", label: "kills", input: .null, access: .test)
            // A worker that gives no further sign of life.
            let leased = try await queue.claim(1, kinds: ["work"], worker: .version7(), lease: .zero)
            #expect(leased.map(\.id) == [id] && leased.allSatisfy { !$0.isCancelAsked })
            #expect(try await queue.cancel(id))
            let handler = Work { _ in
                Issue.record("taken up again")
                return .null
            }
            try await withWorker(lab, queue, handler) {
                let job = try await wait(queue, id) { $0.state.isFinished }
                #expect(job.state == .cancelled && job.attempts == 2)
            }
        }
    }

    @Test("a worker that stops gives its job back, and the next one goes on with it; steps that are done are not done again")
    func handsOver() async throws {
        try await TestStore.with { lab in
            let queue = JobQueue(client: lab.client)
            let topics = try lab.type("topics")
            let store = lab.store
            let (reached, reach) = AsyncStream.makeStream(of: Void.self)
            let handler = { (stopsAt: Int) in
                Work { job in
                    for step in 0..<4 {
                        if step == stopsAt {
                            reach.yield()
                            try await Task.sleep(for: .seconds(3600))
                        }
                        _ = try await WorkSteps(store, work: job.id, of: .administrator).once(step) { store in
                            let input = RecordInput(["name": .string("step \(step)")])
                            _ = try await store.create(topics, [input], options: .single, access: job.access)
                            return PostgresJSON("\(step)")
                        }
                    }
                    return "done"
                }
            }
            let id = try await queue.enqueue(kind: "work", label: "long", input: .null, access: .test)
            try await withWorker(lab, queue, handler(2)) { for await _ in reached { break } }
            let given = try #require(try await queue.find(id))
            #expect(given.state == .queued && given.attempts == 0)
            let begun = try #require(given.startedAt)
            #expect(begun == given.attemptStartedAt && begun >= given.createdAt)
            try await withWorker(lab, queue, handler(-1)) {
                let job = try await wait(queue, id) { $0.state.isFinished }
                #expect(job.result == "done")
                // It tells when it began, and when the attempt began that brought it to its end.
                let (again, ended) = try (#require(job.attemptStartedAt), #require(job.finishedAt))
                #expect(job.startedAt == begun && begun < again && again <= ended)
                #expect(Job(job.value) == job)
            }
            #expect(
                try await lab.client.query("SELECT string_agg(name, ',' ORDER BY name) FROM lab.topic").first?.decode(String.self, 0)
                    == "step 0,step 1,step 2,step 3")
        }
    }

    @Test("takes over what a dead worker held when its lease runs out, and gives up what kills its workers")
    func rescues() async throws {
        try await TestStore.with { lab in
            let queue = JobQueue(client: lab.client)
            let id = try await queue.enqueue(kind: "work", label: "held", input: .null, access: .test)
            let (dead, alive) = (GUID.version7(), GUID.version7())
            #expect(try await queue.claim(5, kinds: ["work"], worker: dead, lease: .seconds(3600)).map(\.id) == [id])
            #expect(try await queue.claim(5, kinds: ["work"], worker: alive, lease: .seconds(3600)).isEmpty)
            #expect(try await queue.renew([id], worker: dead, lease: .zero).held == [id])
            let taken = try await queue.claim(5, kinds: ["work"], worker: alive, lease: .seconds(3600))
            #expect(taken.map(\.attempts) == [2])
            // The dead one comes back to life: it has lost the job and can't end it, nor what is written under it.
            #expect(try await queue.renew([id], worker: dead, lease: .seconds(3600)).held.isEmpty)
            try await ChangeSetLog(lab.store, access: .test).begin(ChangeSet(id: id, label: "held", isOpen: true))
            try await queue.end(id, .done("late"), worker: dead)
            #expect(try await queue.find(id)?.state == .running)
            #expect(try await ChangeSetLog.isOpen(id, in: lab.store))
            _ = try await lab.client.query("UPDATE tessera.job SET attempts = 5, lease_until = now() - interval '1 second'")
            try await withWorker(lab, queue, Work { _ in "never" }) {
                let job = try await wait(queue, id) { $0.state.isFinished }
                #expect(job.state == .failed && job.failure?.code == "jobs.given_up")
            }
        }
    }

    @Test("has what old work left beside its jobs forgotten too")
    func forgetsOthers() async throws {
        try await TestStore.with { lab in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let (calls, call) = AsyncStream.makeStream(of: Void.self)
            let worker = JobWorker(queue: JobQueue(client: lab.client), handlers: [], forgetOld: { call.yield() }, logger: logger)
            let services = ServiceGroup(services: [worker], logger: logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await services.run() }
                for await _ in calls { break }
                await services.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
    }

    @Test("forgets finished jobs and their steps after some days")
    func forgets() async throws {
        try await TestStore.with { lab in
            let queue = JobQueue(client: lab.client)
            let id = try await queue.enqueue(kind: "work", label: "old", input: .null, access: .test)
            let kept = try await queue.enqueue(kind: "work", label: "new", input: .null, access: .test)
            _ = try await WorkSteps(lab.store, work: id, of: .administrator).once(0) { _ in PostgresJSON("1") }
            _ = try await lab.client.query(
                """
                UPDATE tessera.job SET state = 'done', finished_at = now() - CASE label WHEN 'old' THEN interval '8 days' ELSE interval '6 days' END
                """)
            try await queue.forgetOld()
            #expect(try await queue.list(limit: 10).map(\.id) == [kept])
            #expect(try await WorkSteps(lab.store, work: id, of: .administrator).done().isEmpty)
        }
    }
}
