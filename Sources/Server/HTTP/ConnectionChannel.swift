import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Sets up accepted connections and answers what comes in on them, one request after the other.
///
/// It speaks HTTP/1.1 to NIO directly instead of through HTTPTypes, whose conversion costs more per request than reading a record does.
struct ConnectionChannel<R: Responder>: ServerChildChannel {
    typealias Parts = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    struct Value: ServerChildChannelValue {
        let parts: Parts
        let watch: NIOLoopBound<ConnectionWatch>
        var channel: any Channel { parts.channel }
    }

    let responder: R
    let limits: ServerLimits
    let load: RequestLoad
    let date = HTTPDate()

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let watch = ConnectionWatch(limits: limits)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(watch)
            var decoder = NIOHTTPDecoderLimitConfiguration()
            decoder.maxHeaderFieldSize = limits.headerSize + limits.targetLength
            decoder.maxHeaderListSize = limits.headerSize
            decoder.maxHeaderFieldCount = limits.headerCount
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: HTTPResponseEncoder.Configuration(), withDecoderLimitConfiguration: decoder)
            // What is read ahead of a body that waits for its room stays small: three pieces at most.
            try channel.syncOptions?.setOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 2_048, maximum: 32_768))
            let parts = try Parts(
                wrappingChannelSynchronously: channel,
                configuration: NIOAsyncChannel.Configuration(
                    backPressureStrategy: .init(lowWatermark: 1, highWatermark: 4), isOutboundHalfClosureEnabled: true))
            return Value(parts: parts, watch: NIOLoopBound(watch, eventLoop: channel.eventLoop))
        }
    }

    func handle(value: Value, logger: Logger) async {
        let executor = EventLoopTaskExecutor(value.channel.eventLoop)
        await withTaskExecutorPreference(executor) {
            do {
                try await value.parts.executeThenClose { inbound, outbound in
                    let conversation = Conversation(channel: self, outbound: outbound, watch: value.watch, executor: executor)
                    try await conversation.run(inbound)
                }
            } catch {
                // The client went away, or was cut off: there is nobody to tell.
                logger.trace("A connection ended early.", metadata: ["reason": "\(type(of: error))"])
            }
        }
    }
}

/// Counts requests at work, so that their number can be bounded and reported.
final class RequestLoad: Sendable {
    private let count = Atomic<Int>(0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var current: Int { count.load(ordering: .relaxed) }

    func begin() -> Bool {
        guard count.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            end()
            return false
        }
        return true
    }

    func end() {
        count.wrappingSubtract(1, ordering: .relaxed)
    }
}
