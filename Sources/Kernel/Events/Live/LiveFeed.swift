import Catalog
package import Logging
package import Permissions
import Postgres
package import QueryLanguage
package import Records
import ServiceLifecycle
import Synchronization

/// Tells listeners what is committed, as far as each may see it: a node reads the log once for all of them, ten times a second at most.
package final class LiveFeed: Service {
    package struct Limits: Sendable {
        /// Between two looks at the log: what comes in between is sent together.
        package var pause: Duration = .milliseconds(100)
        /// So long at most until it is looked whether something came that nobody told of.
        package var beat: Duration = .seconds(1)
        /// A listener hears something so often.
        package var pulse: Duration = .seconds(15)
        /// Bytes that may wait for a slow listener.
        package var queue = 4_194_304
        /// Listeners of a node, and those of one principal.
        package var listeners = 3_000
        package var ofPrincipal = 100

        package init() {}
    }

    /// Events that are told at once. In a flood that is what listeners get each `pause`; the rest has to wait, as the log is there for.
    private static let batch = 500

    private struct State {
        /// All up to here has been told; nil while nobody listens.
        var position: Int64?
        var listeners: [Int: Listener] = [:]
        /// Streams of each principal, those that are still catching up included.
        var streams: [GUID: Int] = [:]
        var last = 0
        var hasEnded = false

        /// Takes everybody out.
        mutating func leave() -> [Listener] {
            defer { (listeners, position) = ([:], nil) }
            return Array(listeners.values)
        }
    }

    private struct Listener {
        var audience: LiveAudience
        var queue: LiveQueue
    }

    private let store: RecordStore
    private let log: EventLog
    private let rights: @Sendable (GUID) async throws -> Rights
    private let limits: Limits
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let state = Mutex(State())
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameter rights: what a principal may do now.
    package init(
        _ store: RecordStore, limits: Limits = Limits(), clock: any Clock<Duration> = ContinuousClock(), logger: Logger,
        rights: @escaping @Sendable (GUID) async throws -> Rights
    ) {
        self.store = store
        log = EventLog(store)
        self.rights = rights
        self.limits = limits
        self.clock = clock
        self.logger = logger
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// How many listen.
    package var count: Int { state.withLock { $0.streams.values.reduce(0, +) } }

    // MARK: Listening

    /// Sends somebody what is committed from now on, or after a position, until they leave, fall behind, or the feed ends.
    ///
    /// - Parameters:
    ///   - position: the last event that they know.
    ///   - send: gets text/event-stream, at least every `pulse`.
    /// - Throws: `events.too_many_listeners`.
    package func listen(
        _ audience: LiveAudience, after position: Int64? = nil, send: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        try enter(audience.principal)
        defer { leave(audience.principal) }
        var place = position
        if let position { try await send(ServerSentEvents.hello(at: position)) }
        // A long way behind: most of it is told before the queue begins to fill.
        while let known = place, try await log.head() - known > Int64(Self.batch) {
            place = try await tell(audience, after: known, to: nil, send)
        }
        // Another node told them what this one is about to tell.
        while let known = place, try await log.head() >= known, state.withLock({ $0.position.map { $0 < known } ?? false }) {
            try await clock.sleep(for: limits.pause)
        }
        guard let (number, start, queue) = join(audience, try await log.head()) else { return }
        defer { state.withLock { $0.listeners[number] = nil } }
        if position == nil { try await send(ServerSentEvents.hello(at: start)) }
        while let known = place, known != start { place = try await tell(audience, after: known, to: start, send) }
        try await queue.forEach(send)
    }

    /// From the position that comes back on, everything is put into the queue. Nil when the feed has ended.
    private func join(_ audience: LiveAudience, _ head: Int64) -> (number: Int, start: Int64, queue: LiveQueue)? {
        state.withLock { state in
            guard !state.hasEnded else { return nil }
            let start = state.position ?? head
            state.position = start
            state.last += 1
            let queue = LiveQueue(limit: limits.queue)
            state.listeners[state.last] = Listener(audience: audience, queue: queue)
            return (state.last, start, queue)
        }
    }

    private func enter(_ principal: GUID) throws {
        try state.withLock { state in
            let own = state.streams[principal] ?? 0
            guard own < limits.ofPrincipal else {
                throw EventsError(.tooManyListeners, "You have \(own) live streams already. End one first.")
            }
            guard state.streams.values.reduce(0, +) < limits.listeners else {
                throw EventsError(.tooManyListeners, "This server has \(limits.listeners) live streams already. Try again later.")
            }
            state.streams[principal] = own + 1
        }
    }

    private func leave(_ principal: GUID) {
        state.withLock { state in
            guard let own = state.streams[principal] else { return }
            state.streams[principal] = own > 1 ? own - 1 : nil
        }
    }

    /// Sends what the log has after a position.
    ///
    /// - Parameter last: where to stop.
    /// - Returns: the position up to which everything has been told.
    private func tell(
        _ audience: LiveAudience, after position: Int64, to last: Int64?, _ send: ([UInt8]) async throws -> Void
    ) async throws -> Int64 {
        let head = try await log.head()
        let last = last ?? head
        let page: (events: [Event], next: Int64)
        do {
            // Behind the head there is nothing that was ever told: another log has been put in the place of the one they knew.
            guard position <= head else { throw EventsError(.gone, "There is no event \(position).") }
            page = try await log.page(from: position + 1, limit: Self.batch)
        } catch let error as EventsError where error.code == .gone {
            try await send(ServerSentEvents.gap(at: last))
            return last
        }
        let reached = min(page.next - 1, last)
        let events = page.events.filter { $0.position <= reached && audience.takes($0) }
        let rights = try await rights(audience.principal)
        var texts = LiveTexts(try await GuardedEvents.read(events, for: [rights], from: store))
        try Task.checkCancellation()
        try await send(texts.piece(for: audience, rights) + ServerSentEvents.pulse(at: reached))
        return reached
    }

    // MARK: Telling

    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await cancelWhenGracefulShutdown { await self.heed() } }
            group.addTask { await cancelWhenGracefulShutdown { await self.tick() } }
            await cancelWhenGracefulShutdown { await self.serve() }
            group.cancelAll()
        }
        state.withLock { state in
            state.hasEnded = true
            return state.leave()
        }.forEach { $0.queue.finish() }
    }

    private func serve() async {
        var pulsed = ContinuousClock.now
        for await _ in wakes {
            do {
                // What is left waits for the pause, as what comes meanwhile does.
                if try await advance() { wake.yield() }
            } catch {
                // What they didn't hear they ask for when they come back.
                let isOutage = (error as? PostgresError)?.isOutage ?? false
                if !Task.isCancelled {
                    logger.log(level: isOutage ? .debug : .warning, "Live streams were ended.", metadata: ["error": "\(error)"])
                }
                state.withLock { $0.leave() }.forEach { $0.queue.finish() }
            }
            if pulsed.duration(to: .now) >= limits.pulse {
                pulse()
                pulsed = .now
            }
            try? await clock.sleep(for: limits.pause)
        }
    }

    /// Tells the next events; whether there may be more.
    private func advance() async throws -> Bool {
        guard let position = state.withLock({ $0.position }) else { return false }
        let head = try await log.head()
        guard head > position else { return false }
        let last = min(head, position + Int64(Self.batch))
        let events = try await log.events(position + 1...last)
        // Who comes from here on begins behind these.
        let listeners = state.withLock { state in
            state.position = state.listeners.isEmpty ? nil : last
            return Array(state.listeners.values)
        }
        var known: [GUID: Rights] = [:]
        for listener in listeners where known[listener.audience.principal] == nil {
            known[listener.audience.principal] = try await rights(listener.audience.principal)
        }
        var texts = LiveTexts(try await GuardedEvents.read(events, for: known.values, from: store))
        var pieces: [LiveAudience: [UInt8]] = [:]
        for listener in listeners {
            let audience = listener.audience
            // Two thousand of them take a moment, in which the node has other work too.
            await Task.yield()
            let piece = pieces[audience] ?? known[audience.principal].map { texts.piece(for: audience, $0) } ?? []
            pieces[audience] = piece
            if !piece.isEmpty { listener.queue.push(piece) }
        }
        return last < head
    }

    private func pulse() {
        let (position, listeners) = state.withLock { ($0.position, Array($0.listeners.values)) }
        guard let position else { return }
        for listener in listeners { listener.queue.push(ServerSentEvents.pulse(at: position)) }
    }

    /// Wakes on whatever a sequencer tells.
    private func heed() async {
        while !Task.isCancelled {
            do {
                for try await _ in try await store.client.notifications(channel: DatabaseChannel.events) { wake.yield() }
            } catch {
                logger.debug("New events aren't heard of.", metadata: ["error": "\(error)"])
            }
            try? await clock.sleep(for: limits.beat)
        }
    }

    private func tick() async {
        while (try? await clock.sleep(for: limits.beat)) != nil { wake.yield() }
    }
}

/// Texts of events, each made once for everybody who sees the same of it.
private struct LiveTexts {
    private struct Key: Hashable {
        var index: Int
        var hidden: Set<String>
        var source: String
    }

    private var guarded: GuardedEvents
    private var made: [Key: [UInt8]] = [:]

    init(_ guarded: GuardedEvents) { self.guarded = guarded }

    /// Everything that somebody takes and may see.
    mutating func piece(for audience: LiveAudience, _ rights: Rights) -> [UInt8] {
        var piece: [UInt8] = []
        for (index, event) in guarded.events.enumerated() where audience.takes(event) {
            guard let hidden = guarded.hidden(of: index, for: rights) else { continue }
            let key = Key(index: index, hidden: hidden, source: audience.source)
            let text = made[key] ?? ServerSentEvents.event(event.hiding(hidden), source: audience.source)
            made[key] = text
            piece += text
        }
        return piece
    }
}
