import NIOCore
import NIOHTTP1

/// Guards one connection's pace: slow requests, slow answers, idle connections, clients that don't read, clients that are gone.
///
/// Lives on the connection's event loop; the loop that answers requests tells it what it is doing.
final class ConnectionWatch: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let limits: ServerLimits
    private var phase: ConnectionPhase
    private var ticking: RepeatedTask?
    private var context: ChannelHandlerContext?
    private var cancelWork: (@Sendable () -> Void)?
    private var inputEnd = InputEnd.ignored
    private var inputIsClosed = false
    /// Work that was begun so far, to tell one from the next.
    private var works = 0
    /// The server is shutting down: the answer under way is the connection's last.
    private(set) var isQuiescing = false
    private(set) var ranOutOfTime = false

    init(limits: ServerLimits) {
        self.limits = limits
        phase = ConnectionPhase(now: .now)
    }

    /// What it means for work when its client closes its side: before an answer it may just have nothing to add, and one that has gone looks the
    /// same.
    enum InputEnd {
        /// Nothing: what was begun is finished.
        case ignored
        /// Work that goes on for longer than a moment has nobody any more who waits for it.
        case endsSoon
        /// Nobody is there any more: whoever breaks a download off must not keep it going.
        case ends
    }

    /// How long a client that has closed its side is taken to be waiting for its answer.
    private static let moment = TimeAmount.seconds(1)

    // MARK: Told by the loop that answers

    func enter(_ stage: ConnectionPhase.Stage) {
        phase.enter(stage, now: .now)
    }

    /// Work begins; `cancel` is called when it takes too long or nobody is there any more to take its answer.
    ///
    func beginWork(_ inputEnd: InputEnd = .ignored, cancel: @escaping @Sendable () -> Void) {
        self.inputEnd = inputEnd
        phase.enter(.work, now: .now)
        works += 1
        ranOutOfTime = false
        guard context?.channel.isActive ?? false, inputEnd != .ends || !inputIsClosed else { return cancel() }
        cancelWork = cancel
        if inputIsClosed { inputEnded() }
    }

    private func inputEnded() {
        switch inputEnd {
        case .ignored: break
        case .ends: cancelWork?()
        case .endsSoon:
            guard let context else { return }
            let (bound, work) = (NIOLoopBound(self, eventLoop: context.eventLoop), works)
            context.eventLoop.scheduleTask(in: Self.moment) { if bound.value.works == work { bound.value.cancelWork?() } }
        }
    }

    /// A piece of a streamed answer is out.
    func makesProgress() {
        if phase.stage == .work { phase.enter(.work, now: .now) }
    }

    func endWork() {
        cancelWork = nil
    }

    // MARK: Told by the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let tick = Self.tick(for: limits)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        ticking = context.eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in bound.value.check() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stop()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        phase.receivedBytes(now: .now)
        context.fireChannelRead(data)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        phase.writability(context.channel.isWritable, now: .now)
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancelWork?()
        stop()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            isQuiescing = true
            if phase.stage == .idle { context.close(promise: nil) }
        case ChannelEvent.inputClosed:
            inputIsClosed = true
            inputEnded()
            context.fireUserInboundEventTriggered(event)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func check() {
        guard let context else { return }
        switch phase.verdict(limits, now: .now) {
        case .goOn: return
        case .close, .cut: context.close(promise: nil)
        case .requestTooSlow:
            phase.enter(.draining, now: .now)
            context.fireErrorCaught(HTTPFault.requestTooSlow)
        case .answerTooSlow:
            ranOutOfTime = true
            cancelWork?()
            cancelWork = nil
            // What ignores its cancellation is cut off when the time has passed once more.
            phase.enter(.draining, now: .now)
        }
    }

    private func stop() {
        ticking?.cancel()
        ticking = nil
        cancelWork = nil
        context = nil
    }

    /// Often enough for the shortest limit, never so often that many idle connections cost something.
    private static func tick(for limits: ServerLimits) -> TimeAmount {
        let shortest = [limits.headerTime, limits.bodyPause, limits.requestTime, limits.writeTime, limits.idleTime].min() ?? .seconds(1)
        return .nanoseconds(max(20_000_000, min(1_000_000_000, TimeAmount(shortest).nanoseconds / 2)))
    }
}

@available(*, unavailable)
extension ConnectionWatch: Sendable {}
