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
    /// The server is shutting down: the answer under way is the connection's last.
    private(set) var isQuiescing = false
    private(set) var ranOutOfTime = false

    init(limits: ServerLimits) {
        self.limits = limits
        phase = ConnectionPhase(now: .now)
    }

    // MARK: Told by the loop that answers

    func enter(_ stage: ConnectionPhase.Stage) {
        phase.enter(stage, now: .now)
    }

    /// Work begins; `cancel` is called when it takes too long or nobody is there any more to take its answer.
    func beginWork(cancel: @escaping @Sendable () -> Void) {
        phase.enter(.work, now: .now)
        ranOutOfTime = false
        if context?.channel.isActive ?? false { cancelWork = cancel } else { cancel() }
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
        guard event is ChannelShouldQuiesceEvent else { return context.fireUserInboundEventTriggered(event) }
        isQuiescing = true
        if phase.stage == .idle { context.close(promise: nil) }
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
