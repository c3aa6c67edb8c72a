import Logging
import Synchronization

/// Everything a client does on its reactor's thread: it feeds the machines and carries out their actions.
///
/// SAFETY: only `statistics` is read from elsewhere, and it has its lock; the rest belongs to the reactor's thread.
final class ClientCore: @unchecked Sendable {
    enum Job: Sendable {
        case operation(Operation)
        case cancel(Operation)
        case copy(Operation, CopyChannel.Command)
        case acquire(LeaseRequest)
        case cancelAcquire(LeaseRequest)
        case setBegin(Lease, StatementKey?)
        case release(Lease)
        case connected(Int, Result<OpenConnection, Connector.Refusal>)
        case cancelEnded(Int)
        case metLock(StatementKey)
        case subscribe(Subscription)
        case unsubscribe(Subscription)
        case shutDown(@Sendable () -> Void)
        case stop
    }

    /// Somebody who needs a connection of the pool.
    enum Waiter {
        case operation(Operation)
        case lease(LeaseRequest)
    }

    let configuration: PostgresConfiguration
    let options: PoolOptions
    let logger: Logger
    let reactor: Reactor<ClientCore>
    let statistics = Mutex(PoolStatistics())

    var drivers: [Int: ConnectionDriver] = [:]
    /// Of open connections and of those that are being opened.
    var roles: [Int: ConnectionRole] = [:]
    var tokens: [RoleKey: Int] = [:]
    /// The same connections as in `drivers`, for the way that every pipelined statement takes.
    var laneDrivers: [ConnectionDriver?]
    private var lastToken = 0
    var pool: PoolMachine<Waiter>
    var pipeline: PipelineMachine<Operation>
    /// In front of the pool, for statements that run alone.
    var admission: AdmissionMachine<Operation>
    var gate: ConnectGate
    /// When it is worth a line again that the database takes no writes.
    var nextReadOnlyReport: ContinuousClock.Instant?
    var listeners = ListenerRegistry()
    /// How often the connection that listens was refused for good since it was there last, and until when it isn't tried again.
    var listenerRefusals = 0
    var listenerPause: ContinuousClock.Instant?
    var counters = PoolStatistics()
    /// One reading of the clock per turn.
    var now: ContinuousClock.Instant
    /// Why the last attempt to connect failed.
    var lastRefusal: PostgresError?
    private var shutdownWaiters: [@Sendable () -> Void] = []
    private(set) var isClosing = false
    /// Shapes of statements that waited for a lock on a shared connection, by fingerprint, and until when they are kept from these.
    private var locked: [Int: ContinuousClock.Instant] = [:]
    /// Some connection owes an answer by a certain time.
    var awaitsSigns = false
    private var isRunningPool = false
    private var isRunningPipeline = false
    private var isRunningAdmission = false

    init(configuration: PostgresConfiguration, options: PoolOptions, logger: Logger) {
        self.configuration = configuration
        self.options = options
        self.logger = logger
        self.reactor = Reactor()
        self.pool = PoolMachine(options: options)
        self.pipeline = PipelineMachine(options: options)
        self.admission = AdmissionMachine(room: options.runningStatements, youth: options.youngTime)
        self.laneDrivers = Array(repeating: nil, count: options.pipelineConnections)
        self.gate = ConnectGate(maxDelay: options.maxReconnectDelay)
        self.now = ContinuousClock.now
    }

    /// Starts the thread. A failure is told to every caller.
    func start() {
        do { try reactor.start(self) } catch {
            logger.error("The PostgreSQL client can't start.", metadata: ["reason": "\(error)"])
        }
    }

    func submit(_ job: Job) {
        if !reactor.submit(job) { refuse(job) }
    }

    /// Answers what came after the end.
    private func refuse(_ job: Job) {
        switch job {
        case .operation(let operation): operation.complete(.failure(PostgresError.closed()))
        case .acquire(let request): request.complete(.failure(PostgresError.closed()))
        case .copy(let operation, let command):
            operation.copy?.finished(.failure(PostgresError.closed()))
            switch command {
            case .open(let waiter), .write(_, let waiter), .end(let waiter), .next(let waiter), .abandon(let waiter):
                waiter.resume(throwing: PostgresError.closed())
            }
        case .connected(_, .success(let connection)): ConnectionDriver.discard(connection)
        case .subscribe(let subscription): subscription.fail(PostgresError.closed())
        case .shutDown(let completion): completion()
        case .cancel, .cancelAcquire, .setBegin, .release, .connected, .cancelEnded, .metLock, .unsubscribe, .stop: break
        }
    }

    // MARK: Statements

    func start(_ operation: Operation) {
        guard operation.accept() else { return }
        switch operation.route {
        case .pipeline where meetsLock(operation.key):
            admission.arrive(operation)
            runAdmission()
        case .pipeline:
            pipeline.submit(operation, now: now)
            runPipeline()
        case .pool:
            admission.arrive(operation)
            runAdmission()
        case .lease(let lease): start(operation, on: lease)
        }
    }

    /// Whether statements like it waited for a lock lately.
    private func meetsLock(_ key: StatementKey) -> Bool {
        guard !locked.isEmpty else { return false }
        locked = locked.filter { $0.value > now }
        return locked[key.fingerprint] != nil
    }

    private func start(_ operation: Operation, on lease: Lease) {
        guard let driver = lease.driver else {
            operation.complete(.failure(PostgresError(.busy, "The connection was used after its scope had ended.")))
            return
        }
        switch operation.purpose {
        case .begin:
            guard let begin = lease.pendingBegin.take() else {
                operation.complete(.success(PostgresResult.nothing))
                return
            }
            operation.become(begin)
        case .endTransaction:
            let hasBegun = lease.pendingBegin.take() == nil
            guard hasBegun, !driver.machine.isQuiet || driver.machine.transaction != .idle || lease.couldNotBegin else {
                operation.complete(.success(PostgresResult.nothing))
                return
            }
        default: break
        }
        driver.submit(operation)
    }

    private func cancel(_ operation: Operation) {
        guard operation.noteCancel(), !operation.isDone else { return }
        if let driver = operation.driver {
            driver.cancel(operation)
        } else {
            // It waits for a connection; whoever finds it later sees that it is done.
            operation.complete(.failure(PostgresError.cancelled()))
        }
    }

    // MARK: Leases

    private func acquire(_ request: LeaseRequest) {
        guard request.accept() else { return }
        pool.acquire(.lease(request), now: now)
        runPool()
    }

    private func release(_ lease: Lease) {
        lease.driver.take()?.release()
    }

    // MARK: Machines

    /// Carries out what the pool's machine asks for. What that leads to is queued behind, rather than done within: thousands of
    /// callers that have gone away must not become thousands of nested calls.
    func runPool() {
        guard !isRunningPool else { return }
        isRunningPool = true
        defer { isRunningPool = false }
        while let action = pool.nextAction() {
            switch action {
            case .connect(let id): connect(.pool(id))
            case .lend(let id, let waiter): lend(id, to: waiter)
            case .check(let id): if let driver = driver(of: .pool(id)) { check(driver) }
            case .close(let id): close(.pool(id))
            case .refuse(let waiter, let refusal): refuse(waiter, refusal)
            }
        }
    }

    /// Lets those go on to the pool for whom there is room.
    private func runAdmission() {
        guard !isRunningAdmission else { return }
        isRunningAdmission = true
        defer { isRunningAdmission = false }
        while let (operation, place) = admission.admitted(now: now) {
            guard !operation.isDone else {
                admission.ended(place)
                continue
            }
            operation.whenDone = { [unowned self] in
                admission.ended(place)
                runAdmission()
            }
            pool.acquire(.operation(operation), now: now)
        }
        runPool()
    }

    func runPipeline() {
        guard !isRunningPipeline else { return }
        isRunningPipeline = true
        defer { isRunningPipeline = false }
        while let action = pipeline.nextAction() {
            switch action {
            case .connect(let lane): connect(.lane(lane))
            case .send(let operation, let lane): send(operation, on: lane)
            case .divert(let operation):
                admission.arrive(operation)
                runAdmission()
            case .check(let lane): if let driver = driver(of: .lane(lane)) { check(driver) }
            case .close(let lane): close(.lane(lane))
            case .refuse(let operation, let refusal): refuse(.operation(operation), refusal)
            }
        }
    }

    private func send(_ operation: Operation, on lane: Int) {
        guard !operation.isDone, let driver = laneDrivers[lane] else {
            pipeline.finished(on: lane, now: now)
            return
        }
        driver.submit(operation)
    }

    private func lend(_ id: Int, to waiter: Waiter) {
        guard let driver = driver(of: .pool(id)) else { return }
        driver.lend()
        switch waiter {
        case .operation(let operation):
            if !operation.isDone { driver.submit(operation) }
            driver.release()
        case .lease(let request):
            if request.isDone {
                driver.release()
            } else {
                request.complete(.success(Lease(driver: driver)))
            }
        }
    }

    private func refuse(_ waiter: Waiter, _ refusal: PoolMachine<Waiter>.Refusal) {
        fail(waiter, error(isTimeout: refusal == .timeout, isClosed: refusal == .closed))
    }

    private func refuse(_ waiter: Waiter, _ refusal: PoolMachine<Operation>.Refusal) {
        fail(waiter, error(isTimeout: refusal == .timeout, isClosed: refusal == .closed))
    }

    private func fail(_ waiter: Waiter, _ error: PostgresError) {
        switch waiter {
        case .operation(let operation): operation.complete(.failure(error))
        case .lease(let request): request.complete(.failure(error))
        }
    }

    private func error(isTimeout: Bool, isClosed: Bool) -> PostgresError {
        if isClosed { return PostgresError.closed() }
        if isTimeout { counters.acquireTimeouts += 1 }
        if let lastRefusal, gate.isUnreachable || !isTimeout {
            guard isTimeout else { return lastRefusal }
            return PostgresError(
                .connection, "\(configuration) could not be reached within \(options.acquireTimeout): \(lastRefusal.message)",
                sqlState: lastRefusal.sqlState
            )
        }
        guard pool.lentCount >= options.maxConnections else {
            return PostgresError(
                .poolExhausted,
                "No connection was ready within \(options.acquireTimeout): \(drivers.count) are open, "
                    + "\(roles.count - drivers.count) being opened."
            )
        }
        return PostgresError(
            .poolExhausted,
            "All \(options.maxConnections) connections were in use for \(options.acquireTimeout). "
                + "Raise maxConnections, or look for slow queries."
        )
    }

    // MARK: Tokens

    func driver(of role: ConnectionRole) -> ConnectionDriver? {
        tokens[RoleKey(role)].flatMap { drivers[$0] }
    }

    func newToken(for role: ConnectionRole) -> Int {
        lastToken += 1
        roles[lastToken] = role
        tokens[RoleKey(role)] = lastToken
        return lastToken
    }

    func forgetToken(_ token: Int) {
        guard let role = roles.removeValue(forKey: token) else { return }
        if tokens[RoleKey(role)] == token { tokens[RoleKey(role)] = nil }
        drivers[token] = nil
        if case .lane(let lane) = role, laneDrivers[lane]?.id == token { laneDrivers[lane] = nil }
    }

    // MARK: Shutdown

    private func shutDown(_ completion: @escaping @Sendable () -> Void) {
        shutdownWaiters.append(completion)
        guard !isClosing else { return }
        isClosing = true
        admission.open()
        runAdmission()
        pool.shutDown()
        pipeline.shutDown()
        closeListener()
        runPool()
        runPipeline()
    }

    private func stopWhenDrained() {
        guard isClosing, pool.isDrained, pipeline.isDrained else { return }
        reactor.stop()
    }
}

extension ClientCore: ReactorHandler {
    func ready(token: Int, readable: Bool, writable: Bool) {
        drivers[token]?.ready(readable: readable, writable: writable)
    }

    func handle(_ job: Job) {
        switch job {
        case .operation(let operation): start(operation)
        case .cancel(let operation): cancel(operation)
        case .copy(let operation, let command): copy(operation, command)
        case .acquire(let request): acquire(request)
        case .cancelAcquire(let request): request.cancel()
        case .setBegin(let lease, let begin):
            lease.pendingBegin = begin
            lease.couldNotBegin = false
        case .release(let lease): release(lease)
        case .connected(let token, let result): connected(token, result)
        case .cancelEnded(let token): drivers[token]?.cancelEnded()
        case .metLock(let key): locked[key.fingerprint] = now + .seconds(1)
        case .subscribe(let subscription): subscribe(subscription)
        case .unsubscribe(let subscription): unsubscribe(subscription)
        case .shutDown(let completion): shutDown(completion)
        case .stop: reactor.stop()
        }
    }

    private func copy(_ operation: Operation, _ command: CopyChannel.Command) {
        if let driver = operation.driver {
            driver.perform(command, for: operation)
            return
        }
        switch command {
        case .open(let waiter), .write(_, let waiter), .end(let waiter), .next(let waiter), .abandon(let waiter):
            operation.copy?.answer(waiter)
        }
    }

    func turnBegan(now: ContinuousClock.Instant) { self.now = now }

    func turnEnded() -> ContinuousClock.Instant? {
        admission.tick(now: now)
        runAdmission()
        pool.tick(now: now)
        runPool()
        pipeline.tick(now: now)
        runPipeline()
        startHeldConnections()
        report(gate.tick(now: now), nil)
        let listenerDeadline = resumeListening()
        let answerDeadline = Self.earlier(giveUpSilentConnections(), listenerDeadline)
        publishStatistics()
        stopWhenDrained()
        let machines = Self.earlier(Self.earlier(admission.deadline, pool.deadline), pipeline.deadline)
        return Self.earlier(machines, Self.earlier(gate.deadline, answerDeadline))
    }

    private static func earlier(_ one: ContinuousClock.Instant?, _ other: ContinuousClock.Instant?) -> ContinuousClock.Instant? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }

    func stopped() {
        for driver in drivers.values { driver.fail(PostgresError.closed()) }
        drivers.removeAll()
        for completion in shutdownWaiters { completion() }
        shutdownWaiters.removeAll()
    }

    private func publishStatistics() {
        counters.openConnections = drivers.count
        counters.idleConnections = pool.idleCount
        counters.leasedConnections = pool.lentCount
        counters.waitingCallers = pool.waitingCount + admission.heldCount
        counters.pipelinedInFlight = pipeline.inFlight
        counters.pipelinedWaiting = pipeline.waitingCount
        counters.isServerReachable = !gate.isUnreachable
        let counters = counters
        statistics.withLock { $0 = counters }
    }
}

/// A role as a key of a dictionary.
struct RoleKey: Hashable {
    private let number: Int

    init(_ role: ConnectionRole) {
        switch role {
        case .pool(let id): number = id << 2
        case .lane(let id): number = id << 2 | 1
        case .listener: number = 2
        }
    }
}
