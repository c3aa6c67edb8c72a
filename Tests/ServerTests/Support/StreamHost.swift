import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import Synchronization
import Testing

@testable import Server

/// The HTTP layer alone, in front of a responder that streams in every way, broken ones included.
struct StreamHost: Sendable {
    let port: Int
    let responder: StreamResponder
    let services: ServiceGroup

    static func with<R: Sendable>(
        _ limits: ServerLimits = ServerLimits(), _ body: @Sendable (StreamHost) async throws -> R
    ) async throws -> R {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let responder = StreamResponder()
        let channel = ConnectionChannel(responder: responder, limits: limits, load: RequestLoad(limit: 8))
        let server = channel.server(
            configuration: HummingbirdCore.ServerConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { found.yield($0.localAddress?.port ?? 0) }, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger)
        let services = ServiceGroup(services: [server], logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var iterator = ports.makeAsyncIterator()
            let host = StreamHost(port: try #require(await iterator.next()), responder: responder, services: services)
            let result: Result<R, any Error>
            do { result = .success(try await body(host)) } catch { result = .failure(error) }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            return try result.get()
        }
    }

    func get(_ path: String) async throws -> TestConnection.Answer {
        try await TestConnection.with(port: port) { connection in
            try await connection.send("GET", path, [:], nil)
            return try #require(try await connection.receive())
        }
    }
}

/// Answers by path; says when streams begin and end.
final class StreamResponder: Responder {
    typealias Signal = (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

    struct Failure: Error {}

    let wholeBodies = Atomic<Int>(0)
    let gate: Signal = AsyncStream.makeStream()
    private let beginnings: Signal = AsyncStream.makeStream()
    private let endings: Signal = AsyncStream.makeStream()

    func began() async { for await _ in beginnings.stream { break } }
    func ended() async { for await _ in endings.stream { break } }

    func admit(_ request: ServerRequest) async -> Admission {
        let path = String(Substring(request.path))
        switch path {
        case "/count": return Admission(route: .other, step: .transfer(bodyLimit: 1_000_000) { await self.count($0) })
        case "/ignore": return Admission(route: .other, step: .transfer(bodyLimit: 1_000_000) { _ in Self.text("ignored") })
        default: return Admission(route: .other, step: .answer(ServerResponse(.ok, body: .stream(stream(path)))))
        }
    }

    private func count(_ body: IncomingBody) async -> ServerResponse {
        defer { endings.continuation.yield() }
        do {
            var count = 0
            for try await piece in body { count += piece.readableBytes }
            wholeBodies.wrappingAdd(1, ordering: .relaxed)
            return Self.text(String(count))
        } catch {
            return Self.text("not whole")
        }
    }

    private func stream(_ path: String) -> ResponseStream {
        let piece = StreamTests.piece
        switch path {
        case "/empty": return ResponseStream { _ in }
        case "/chunks", "/sized":
            return ResponseStream(
                length: path == "/sized" ? 50_000 : nil,
                AsyncStream { continuation in
                    for _ in 0..<5 { continuation.yield(piece) }
                    continuation.finish()
                })
        case "/fails": return ResponseStream { _ in throw Failure() }
        case "/hangs": return ResponseStream { _ in try await Self.never() }
        case "/breaks":
            return ResponseStream { writer in
                try await writer.write(piece)
                throw Failure()
            }
        case "/stalls":
            return ResponseStream { writer in
                try await writer.write(piece)
                try await Self.never()
            }
        case "/short": return ResponseStream(length: 10_001) { try await $0.write(piece) }
        case "/long":
            return ResponseStream(length: 15_000) { writer in
                try await writer.write(piece)
                try await writer.write(piece)
            }
        case "/endless":
            return ResponseStream { [endings] writer in
                defer { endings.continuation.yield() }
                while true { try await writer.write(piece) }
            }
        default:
            return ResponseStream { [endings, beginnings, gate] writer in
                defer { endings.continuation.yield() }
                try await writer.write(Array("one".utf8))
                beginnings.continuation.yield()
                for await _ in gate.stream { break }
                try await writer.write(Array(" two".utf8))
            }
        }
    }

    /// Ends with its cancellation only.
    private static func never() async throws {
        let (never, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in never {}
        try Task.checkCancellation()
    }

    private static func text(_ text: String) -> ServerResponse { ServerResponse(.ok, body: .bytes(ByteBuffer(string: text))) }

    func answer(to fault: HTTPFault) -> ServerResponse { fault.apiError.response }
    func answer(to error: any Error, _ request: ServerRequest) -> ServerResponse { APIError(error).response }
    func finished(_ route: Route, _ request: ServerRequest, status: Int, duration: Duration) {}
}
