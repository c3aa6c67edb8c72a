import AsyncHTTPClient
import Glibc
import JSONReading
import NIOCore
import NIOHTTP1
import QueryLanguage

/// Requests to a running server, with a token unless it is empty. Whatever goes wrong becomes a `Failure` that says where, what, and what to do.
struct RemoteClient: Sendable {
    /// Until the answer begins.
    private static let patience = TimeAmount.minutes(5)
    /// Of what is moved as a stream.
    private static let longestTransfer = TimeAmount.hours(24)
    /// Bytes of an answer that is read whole.
    private static let largestAnswer = 128 * 1_048_576
    /// A busy server is asked again so often.
    private static let attempts = 4

    /// Lives as long as the process. A connection that can't be made is told at once.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(10)
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()

    let address: ServerAddress
    let token: String

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]

        func value() throws -> Value { try JSONReader.value(of: body) }
    }

    /// Sends a request and reads its whole answer.
    ///
    /// - Parameter path: behind `/api`, percent-encoded.
    func send(_ method: HTTPMethod, _ path: String, _ headers: [(String, String)] = [], json: Value? = nil) async throws -> Answer {
        var request = request(method, path, headers)
        if let json {
            request.headers.replaceOrAdd(name: "content-type", value: "application/json")
            request.body = .bytes(Array(json.json.utf8))
        }
        return try await answer(to: request, within: Self.patience)
    }

    /// What the server answers to a GET now, whatever it is.
    ///
    /// - Parameter path: from the server's root on.
    func ask(_ path: String) async throws -> Answer {
        let response = try await executed(request(.GET, path, [], below: ""), within: .seconds(20))
        return Answer(status: Int(response.status.code), headers: response.headers, body: try await whole(response))
    }

    /// Gets what may be long, piece by piece. `piece` is called when the server has agreed only.
    func stream(_ path: String, _ headers: [(String, String)] = [], piece: ([UInt8]) throws -> Void) async throws {
        let response = try await agreed(request(.GET, path, headers), within: Self.longestTransfer)
        do {
            for try await bytes in response.body { try piece(Array(bytes.readableBytesView)) }
        } catch let failure as Failure {
            throw failure
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw Failure(
                .unreachable,
                "\(address) broke the answer off, so that what was received is not the whole (\(error)). Repeat the command; the server's log "
                    + "says more if it was at fault.")
        }
    }

    /// Sends a file as a body.
    ///
    /// - Parameter progress: gets the bytes sent so far.
    func upload(_ file: String, to path: String, progress: @escaping @Sendable (Int) -> Void) async throws -> Answer {
        let pieces = try FilePieces(file)
        var request = request(.POST, path, [("content-type", "application/octet-stream")])
        request.body = .stream(CountedPieces(pieces: pieces, progress: progress), length: .known(Int64(pieces.size)))
        return try await answer(to: request, within: Self.longestTransfer)
    }

    // MARK: Requests

    private func request(
        _ method: HTTPMethod, _ path: String, _ headers: [(String, String)], below root: String = "/api"
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "\(address)\(root)\(path)")
        request.method = method
        request.headers = HTTPHeaders(headers)
        if !token.isEmpty { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        return request
    }

    private func answer(to request: HTTPClientRequest, within time: TimeAmount) async throws -> Answer {
        let response = try await agreed(request, within: time)
        return Answer(status: Int(response.status.code), headers: response.headers, body: try await whole(response))
    }

    private func whole(_ response: HTTPClientResponse) async throws -> [UInt8] {
        do {
            return Array(try await response.body.collect(upTo: Self.largestAnswer).readableBytesView)
        } catch {
            throw RemoteFailure.unreachable(address, error)
        }
    }

    /// The answer's head, whatever it says.
    private func executed(_ request: HTTPClientRequest, within time: TimeAmount) async throws -> HTTPClientResponse {
        do {
            return try await Self.http.execute(request, timeout: time)
        } catch is CancellationError {
            throw CancellationError()
        } catch let failure as Failure {
            throw failure
        } catch {
            throw RemoteFailure.unreachable(address, error)
        }
    }

    /// The answer's head, when it is one of success.
    private func agreed(_ request: HTTPClientRequest, within time: TimeAmount) async throws -> HTTPClientResponse {
        for attempt in 1... {
            let response = try await executed(request, within: time)
            let status = Int(response.status.code)
            if (200..<300).contains(status) { return response }
            // Busy (503) or asked too often (429): nothing was done.
            if [429, 503].contains(status), attempt < Self.attempts {
                let seconds = response.headers.first(name: "retry-after").flatMap { Int($0) } ?? 1
                try await Task.sleep(for: .seconds(min(max(1, seconds), 30)))
                continue
            }
            throw RemoteFailure.refusal(address, status, try await whole(response))
        }
        throw Failure(.unreachable, "\(address) is busy; try again later.")
    }
}

/// The pieces of a file, counted as they are taken.
private struct CountedPieces: AsyncSequence, Sendable {
    let pieces: FilePieces
    let progress: @Sendable (Int) -> Void

    func makeAsyncIterator() -> Iterator { Iterator(pieces: pieces.makeIterator(), progress: progress) }

    struct Iterator: AsyncIteratorProtocol {
        var pieces: FilePieces.Iterator
        let progress: @Sendable (Int) -> Void

        mutating func next() async throws -> ByteBuffer? {
            guard let piece = try pieces.nextPiece() else { return nil }
            progress(pieces.position)
            return ByteBuffer(bytes: piece)
        }
    }
}
