package import Logging
import Postgres
import QueryLanguage
package import Records
import ServiceLifecycle

/// Works the queue off, a few jobs at a time, until it is told to stop. What it leaves unfinished then, or when its process is killed, is
/// taken up by the next worker.
package struct JobWorker: Service {
    package struct Options: Sendable {
        /// Jobs at a time.
        package var concurrency = 2
        /// After so long without a sign of life a worker counts as dead.
        package var lease: Duration = .seconds(10)
        /// Between two signs of life, and two looks for work that other nodes have queued.
        package var beat: Duration = .seconds(3)

        package init() {}
    }

    private let queue: JobQueue
    private let handlers: [String: any JobHandler]
    private let options: Options
    private let clock: any Clock<Duration>
    private let resolve: @Sendable (Access) async throws -> Access
    private let forgetOld: @Sendable () async throws -> Void
    private let logger: Logger
    private let worker = GUID.version7()

    /// - Parameters:
    ///   - access: what somebody who asked for work may do now; by itself the administrator may do everything, everybody else nothing.
    ///   - forgetOld: removes what finished work left, beside the jobs themselves; called when they are cleared away.
    package init(
        queue: JobQueue, handlers: [any JobHandler], options: Options = Options(), clock: any Clock<Duration> = ContinuousClock(),
        access: @escaping @Sendable (Access) async throws -> Access = { $0 },
        forgetOld: @escaping @Sendable () async throws -> Void = {}, logger: Logger
    ) {
        self.forgetOld = forgetOld
        resolve = access
        self.queue = queue
        self.handlers = Dictionary(handlers.map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
        self.options = options
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        let (inputs, feed) = AsyncStream.makeStream(of: WorkerMachine.Input.self)
        queue.onWork { feed.yield(.wake) }
        await withGracefulShutdownHandler {
            await withTaskCancellationHandler {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        while (try? await clock.sleep(for: options.beat)) != nil { feed.yield(.tick) }
                    }
                    feed.yield(.tick)
                    await work(inputs, feed, in: &group)
                    group.cancelAll()
                }
            } onCancel: {
                feed.yield(.shutdown)
            }
        } onGracefulShutdown: {
            feed.yield(.shutdown)
        }
    }

    private func work(
        _ inputs: AsyncStream<WorkerMachine.Input>, _ feed: AsyncStream<WorkerMachine.Input>.Continuation, in group: inout TaskGroup<Void>
    ) async {
        var machine = WorkerMachine(concurrency: options.concurrency)
        var leased: [GUID: JobQueue.Leased] = [:]
        var stops: [GUID: AsyncStream<WorkerMachine.Reason>.Continuation] = [:]
        for await input in inputs {
            if case .finished(let id) = input { (leased[id], stops[id]) = (nil, nil) }
            for action in machine.handle(input) {
                switch action {
                case .claim(let count):
                    let claimed = await claim(count)
                    for job in claimed ?? [] { leased[job.id] = job }
                    feed.yield(claimed.map { .claimed($0.map(\.id)) } ?? .claimFailed)
                case .renew(let ids):
                    if let answer = await renew(ids) { feed.yield(.renewed(held: answer.held, cancelled: answer.cancelled)) }
                case .start(let id):
                    guard let job = leased[id] else { continue }
                    let (signal, stop) = AsyncStream.makeStream(of: WorkerMachine.Reason.self)
                    stops[id] = stop
                    group.addTask {
                        await carryOut(job, stop: signal)
                        feed.yield(.finished(id))
                    }
                case .stop(let id, let reason): stops[id]?.yield(reason)
                case .forgetOld:
                    await attempt("forget old jobs") { try await queue.forgetOld() }
                    await attempt("forget what old work left") { try await forgetOld() }
                case .end: return
                }
            }
        }
    }

    // MARK: One job

    /// Runs a job to its end, or until it is told to stop, and says in the queue what became of it.
    private func carryOut(_ job: JobQueue.Leased, stop: AsyncStream<WorkerMachine.Reason>) async {
        enum Event: Sendable {
            case ended(JobQueue.Ending)
            case told(WorkerMachine.Reason?)
        }
        let ending = await withTaskGroup(of: Event.self) { group -> JobQueue.Ending? in
            group.addTask { .ended(await outcome(of: job)) }
            group.addTask {
                for await reason in stop { return .told(reason) }
                return .told(nil)
            }
            var told: WorkerMachine.Reason?
            while let event = await group.next() {
                switch event {
                case .told(let reason):
                    told = told ?? reason
                    group.cancelAll()
                case .ended(let ending):
                    group.cancelAll()
                    guard case .again(_, countsAttempt: false) = ending else { return told == .lost ? nil : ending }
                    // It was broken off.
                    switch told {
                    case .lost: return nil
                    case .cancelled: return .cancelled
                    default: return ending
                    }
                }
            }
            return nil
        }
        guard let ending else { return }
        await attempt("end job \(job.id)") { try await queue.end(job.id, ending, worker: worker) }
    }

    private func outcome(of job: JobQueue.Leased) async -> JobQueue.Ending {
        if job.isCancelAsked { return .cancelled }
        guard let handler = handlers[job.kind] else {
            return .failed(Job.Failure(code: JobError.Code.unknownKind.description, message: "No worker knows work of kind \(job.kind)."))
        }
        guard job.attempts <= JobQueue.mostAttempts else {
            let message = "Its worker ended \(JobQueue.mostAttempts) times in the middle of it; the server's log may say why."
            return .failed(Job.Failure(code: JobError.Code.givenUp.description, message: message))
        }
        guard let access = await attempt("look up rights", { try await resolve(job.access) }) else { return again(job) }
        let progress = { @Sendable (progress: Job.Progress) in
            try Task.checkCancellation()
            try await queue.note(progress, of: job.id, worker: worker)
        }
        let run = JobRun(
            id: job.id, label: job.label, input: job.input, access: access, currentAccess: { try await resolve(job.access) },
            progress: progress
        ) {
            try await progress($0)
            // Given back as by a worker that is told to stop.
            let gives = try await queue.givesWay(job.id, worker: worker, places: options.concurrency, kinds: kinds)
            if gives { throw CancellationError() }
        }
        do {
            return .done(try await handler.run(run))
        } catch {
            return ending(after: error, job)
        }
    }

    private func ending(after error: any Error, _ job: JobQueue.Leased) -> JobQueue.Ending {
        if Task.isCancelled || error is CancellationError { return .again(after: .zero, countsAttempt: false) }
        switch error {
        case let error as RecordsError where error.code == .unavailable && job.attempts < JobQueue.mostAttempts: return again(job)
        case let error as RecordsError: return .failed(Job.Failure(error))
        case let error as JobError:
            return .failed(Job.Failure(code: error.code.description, message: error.message, details: error.details))
        default:
            logger.error("A job failed.", metadata: ["job": "\(job.id)", "kind": "\(job.kind)", "error": "\(type(of: error))"])
            return .failed(Job.Failure(code: JobError.Code.fault.description, message: "The work failed; the server's log says more."))
        }
    }

    private func again(_ job: JobQueue.Leased) -> JobQueue.Ending {
        .again(after: .seconds(1 << min(job.attempts, 6)), countsAttempt: true)
    }

    // MARK: The queue, which may be out of reach

    private var kinds: [String] { handlers.keys.sorted() }

    private func claim(_ count: Int) async -> [JobQueue.Leased]? {
        await attempt("claim jobs") {
            try await queue.claim(count, kinds: kinds, worker: worker, lease: options.lease)
        }
    }

    private func renew(_ ids: [GUID]) async -> (held: Set<GUID>, cancelled: Set<GUID>)? {
        await attempt("renew leases") { try await queue.renew(ids, worker: worker, lease: options.lease) }
    }

    @discardableResult
    private func attempt<R>(_ what: String, _ body: () async throws -> R) async -> R? {
        do {
            return try await body()
        } catch {
            // The next beat tries again.
            let reason = error as? PostgresError
            logger.log(
                level: reason?.isOutage ?? false ? .debug : .warning, "The job queue can't be reached; the next look tries again.",
                metadata: ["doing": "\(what)", "error": "\(reason.map { "\($0)" } ?? "\(type(of: error))")"])
            return nil
        }
    }
}
