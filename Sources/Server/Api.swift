import Catalog
import Events
import Files
import Jobs
import Logging
import NIOCore
import NIOHTTP1
import Permissions
import Postgres
import Principals
import QueryLanguage
import Records
import Synchronization

/// Answers requests: decides what they ask for and whether their sender may, and hands them on.
final class Api: Responder {
    let store: RecordStore
    let files: FileStore
    let jobs: JobQueue
    let tokens: TokenStore
    let principals: PrincipalStore
    let configuration: ServerConfiguration
    let metrics = RequestMetrics()
    let load: RequestLoad
    let limiter: RateLimiter
    let queue: FairQueue
    /// Of those whose bodies are files, while these arrive.
    let uploads: FairQueue
    /// Of bodies that are read whole, and of answers until they are taken.
    let bodies: ByteBudget
    let answers: ByteBudget
    let feed: LiveFeed
    let logger: Logger
    private let model: Mutex<ApiModel>
    private let models = ApiModels()

    init(
        store: RecordStore, files: FileStore, jobs: JobQueue, tokens: TokenStore, principals: PrincipalStore,
        configuration: ServerConfiguration, load: RequestLoad, logger: Logger
    ) {
        self.store = store
        self.files = files
        self.jobs = jobs
        self.tokens = tokens
        self.principals = principals
        self.configuration = configuration
        self.load = load
        limiter = RateLimiter(configuration.rateLimits)
        queue = FairQueue(
            room: configuration.limits.workingRequests, longest: configuration.limits.waitingRequests,
            share: configuration.limits.principalRequests)
        uploads = FairQueue(
            room: configuration.limits.uploads, longest: configuration.limits.waitingRequests,
            share: configuration.limits.principalUploads)
        let limits = configuration.limits
        bodies = ByteBudget(room: limits.bodiesSize, share: limits.principalBodiesSize, longest: limits.waitingBodies)
        answers = ByteBudget(room: limits.answersSize, share: limits.principalAnswersSize, longest: 0)
        feed = LiveFeed(store, limits: configuration.live, logger: logger) { try await principals.rights(of: $0) }
        self.logger = logger
        model = Mutex(ApiModel(store.catalog))
    }

    /// What requests that begin from now on see.
    func use(_ catalog: Catalog) {
        let made = ApiModel(catalog)
        model.withLock { $0 = made }
    }

    // MARK: Responder

    func admit(_ request: ServerRequest) async -> Admission {
        var route = Route.other
        var told: ServerResponse.Headers = []
        do {
            if let open = openResource(request) {
                return Admission(route: open.route, step: open.step)
            }
            let access = try await access(of: request)
            if Self.isPath(request, "/metrics") {
                guard access.rights.isUnlimited else { throw APIError.administratorsOnly("The server's figures") }
                return Admission(route: .metrics, step: .work(bodyLimit: 0) { _ in await self.metricsText(request) })
            }
            let limited = limiter.take(access.principal)
            told = limited.map { RateLimiter.headers($0.limit, $0.verdict) } ?? []
            if let limited, !limited.verdict.isAllowed {
                return Admission(route: route, step: .answer(tooMany(limited.limit, limited.verdict, told)))
            }
            if Self.isPath(request, "/live") {
                route = .live
                return Admission(route: route, step: .answer(try live(request, access.principal)))
            }
            let (call, resource) = try call(request, access)
            route = resource.route
            if call.takesFile(resource) {
                try call.refuseKey("A request that brings a file takes no Idempotency-Key: an upload that no record takes goes by itself.")
                let limit = Int(clamping: files.limits.size) + Call.formOverhead
                return Admission(
                    route: route,
                    step: .transfer(bodyLimit: limit) { [told] body in
                        var response = await self.run(call, resource, upload: body)
                        response.headers += told
                        return response
                    })
            }
            let limit = !call.readsBody(resource) ? 0 : resource.holdsMany ? call.limits.bulkBodySize : call.limits.bodySize
            return Admission(
                route: route,
                step: .work(bodyLimit: limit) { [told] body in
                    guard case .batch = resource else {
                        var response = await self.run(call, resource, body)
                        response.headers += told + self.about(resource)
                        // Files are as they are.
                        if !resource.representations(for: call.method).isEmpty { response.headers.append(("vary", Negotiation.vary)) }
                        return response
                    }
                    return await self.run(batch: call, body, told)
                },
                room: { try await self.bodies.room(for: $0, of: access.principal) })
        } catch {
            var response = answer(to: error, request)
            response.headers += told
            return Admission(route: route, step: .answer(response))
        }
    }

    func answer(to fault: HTTPFault) -> ServerResponse { fault.apiError.response }

    func finished(_ route: Route, _ request: ServerRequest, status: Int, duration: Duration) {
        metrics.record(route, request.method, status: status, duration: duration)
    }

    /// What is told of the server itself.
    private func about(_ resource: Resource) -> ServerResponse.Headers {
        guard case .directory(.me) = resource, !configuration.version.isEmpty else { return [] }
        return [("tessera-version", configuration.version)]
    }

    // MARK: Requests

    /// Answers up to it aren't counted: a connection has room for one.
    private static let smallAnswer = 65_536

    private func run(_ call: Call, _ resource: Resource, _ body: ByteBuffer, requests: Int = 1) async -> ServerResponse {
        do {
            let place = try await queue.place(of: call.access.principal, requests: requests)
            var response = try await call.respondOnce(to: resource, body: body)
            switch response.body {
            // What is read from the database at the client's pace takes up a connection as long.
            case .stream(let stream) where stream.readsDatabase: response.body = .stream(stream.holding(place))
            // Who has much that is not taken yet gets no more of it made than has places.
            case .bytes(let bytes) where bytes.readableBytes > Self.smallAnswer:
                response.held = answers.hold(bytes.readableBytes, of: call.access.principal) ?? place
            case .none, .bytes, .stream: break
            }
            return withExtendedLifetime(place) { response }
        } catch {
            return answer(to: error, call.request)
        }
    }

    /// A batch counts as the requests in it, of which one was counted when it came.
    private func run(batch call: Call, _ body: ByteBuffer, _ told: ServerResponse.Headers) async -> ServerResponse {
        let requests = BatchRequest.count(Array(body.readableBytesView), most: call.limits.batchRequests)
        var told = told
        if requests > 1, let limited = limiter.take(call.access.principal, requests: requests - 1, after: 1) {
            told = RateLimiter.headers(limited.limit, limited.verdict)
            guard limited.verdict.isAllowed else { return tooMany(limited.limit, limited.verdict, told, batchOf: requests) }
        }
        var response = await run(call, .batch, body, requests: requests)
        response.headers += told
        return response
    }

    private func run(_ call: Call, _ resource: Resource, upload: IncomingBody) async -> ServerResponse {
        var call = call
        do {
            // A body that takes minutes to arrive must not take up a place of those that are worked on: it gets one when it is there.
            let arriving = try await uploads.place(of: call.access.principal)
            let arrived = FairQueue.Turn(queue, call.access.principal)
            call.upload = Call.Upload(body: upload, turn: arrived)
            let response = try await call.respond(to: resource, body: ByteBuffer())
            return withExtendedLifetime((arriving, arrived)) { response }
        } catch {
            return answer(to: error, call.request)
        }
    }

    private func tooMany(
        _ limit: RateLimit, _ verdict: RateBucket.Verdict, _ told: ServerResponse.Headers, batchOf requests: Int = 1
    ) -> ServerResponse {
        let batch = requests > 1 ? ", and this batch is \(requests)" : ""
        let error = APIError(
            .tooManyRequests, "http.rate_limited",
            "You may send \(limit.requests) requests in \(limit.seconds) seconds\(batch). Wait \(verdict.retryAfter) seconds."
        ).with(header: "retry-after", String(verdict.retryAfter))
        var response = error.response
        response.headers += told
        return response
    }

    private func call(_ request: ServerRequest, _ access: Access) throws(APIError) -> (Call, Resource) {
        guard let path = Self.apiPath(request) else {
            throw APIError.notFound("There is nothing here. The API begins at /api.")
        }
        let model = models.model(of: model.withLock { $0 }, for: access)
        return try Call.of(
            request, path: path, model: model, store: store, limits: configuration.limits, access: access, root: try root(of: request),
            files: files, jobs: jobs, principals: principals)
    }

    func access(of request: ServerRequest) async throws -> Access {
        guard let header = request.header(.authorization) else {
            // Prometheus may be let in without.
            if configuration.openMetrics, Self.isPath(request, "/metrics") { return Access(principal: .administrator, channel: .system) }
            throw APIError.unauthorized
        }
        let scheme = header.utf8.prefix(7)
        guard scheme.count == 7, scheme.elementsEqual("Bearer ".utf8) || String(scheme)?.lowercased() == "bearer " else {
            throw APIError.unauthorized
        }
        guard let principal = try await tokens.principal(of: header.utf8.dropFirst(7)) else { throw APIError.wrongToken }
        // Tokens are remembered for some seconds; who was deactivated on this node is known at once.
        guard try await principals.isActive(principal) else { throw APIError.wrongToken }
        return try await principals.access(of: principal, channel: .api)
    }

    /// Where the service root is, as the client knows it.
    func root(of request: ServerRequest) throws(APIError) -> String {
        if let address = configuration.publicAddress { return "\(address)/api" }
        var scheme = "http"
        var host = request.header(.host) ?? "localhost"
        var source = "Host"
        if configuration.trustsForwardedHeaders {
            if let forwarded = request.header(.forwardedProto), forwarded == "https" { scheme = "https" }
            if let forwarded = request.header(.forwardedHost) {
                host = String(forwarded.prefix { $0 != "," })
                source = "X-Forwarded-Host"
            }
        }
        // It is repeated in answers, so nothing but a host may stand in it.
        let isHost =
            !host.isEmpty
            && host.utf8.allSatisfy { byte in
                byte &- 48 < 10 || (byte | 0x20) &- 97 < 26 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]")
            }
        guard isHost else { throw HTTPFault.badHost(header: source).apiError }
        return "\(scheme)://\(host)/api"
    }

    /// What stands behind `/api`; nil for other paths.
    private static func apiPath(_ request: ServerRequest) -> Substring.UTF8View? {
        guard request.path.starts(with: "/api".utf8) else { return nil }
        let rest = request.path.dropFirst(4)
        return rest.isEmpty || rest.first == UInt8(ascii: "/") ? rest : nil
    }

    static func isPath(_ request: ServerRequest, _ path: String) -> Bool {
        request.path.elementsEqual(path.utf8)
    }

    // MARK: Answers

    func answer(to error: any Error, _ request: ServerRequest) -> ServerResponse {
        let apiError = APIError(error)
        // What isn't supported is the sender's matter, and connections that end in the middle of a body are nobody's.
        let isOurs = apiError.status.code >= 500 && apiError.status != .notImplemented
        if isOurs, !(error is APIError), !(error is CancellationError), !(error is HTTPFault), !(error is HTTPParserError) {
            logger.log(
                level: Self.isOutage(error) ? .debug : .error, "A request failed.",
                metadata: [
                    "method": "\(request.method)", "path": "\(Substring(request.path).prefix(200))", "error": "\(Self.loggable(error))",
                ])
        }
        var response = apiError.response
        let version = request.header(.odataMaxVersion) == "4.0" ? "4.0" : "4.01"
        response.headers.append(("odata-version", version))
        return response
    }

    /// The database is away, which its client tells once, rather than each request.
    private static func isOutage(_ error: any Error) -> Bool {
        switch error {
        case let error as RecordsError: error.cause.map(isOutage) ?? false
        case let error as PostgresError: error.isOutage
        // The store of tokens has told what it was.
        case let error as TokenError: error.code == .unavailable
        case let error as PrincipalsError: error.code == .unavailable
        default: false
        }
    }

    /// Descriptions of our own errors hold no data; of others, only the type is safe.
    static func loggable(_ error: any Error) -> String {
        switch error {
        case let error as RecordsError: error.cause.map { "\(error.code): \(loggable($0))" } ?? error.code.description
        case let error as PostgresError: error.description
        case let error as QueryError: error.description
        case let error as TokenError: error.description
        case let error as PrincipalsError: error.description
        case let error as FilesError: error.description
        default: "\(type(of: error))"
        }
    }
}

/// Resources that need no token.
extension Api {
    private func openResource(_ request: ServerRequest) -> Admission? {
        let isHealth = Self.isPath(request, "/healthz")
        guard isHealth || Self.isPath(request, "/readyz") else { return nil }
        let route: Route = isHealth ? .health : .readiness
        guard request.method == .GET || request.method == .HEAD else {
            return Admission(route: route, step: .answer(APIError.methodNotAllowed("GET").response))
        }
        guard isHealth else { return Admission(route: route, step: .work(bodyLimit: 0) { _ in await self.readiness() }) }
        return Admission(route: route, step: .answer(.json(Array("{\"status\":\"ok\"}".utf8))))
    }

    private func readiness() async -> ServerResponse {
        var problems: [ReadinessProblem] = []
        do {
            let state = try await store.client.pipelined("SELECT current_setting('transaction_read_only')").text(row: 0, column: 0)
            problems = await configuration.readiness()
            if state == "on" {
                let message = "The database takes no writes: it is a standby, or set to read only. Name the primary, or let it write again."
                problems.append(ReadinessProblem(part: "database", message: message))
            }
        } catch {
            problems = [ReadinessProblem(part: "database", message: "The database doesn't answer.")]
        }
        var json = JSONWriter()
        json.object { json in
            json.field("status", problems.isEmpty ? "ready" : "not ready")
            if !problems.isEmpty {
                json.array("problems") { json in
                    for problem in problems {
                        json.object { json in
                            json.field("part", problem.part)
                            json.field("message", problem.message)
                        }
                    }
                }
            }
        }
        return .json(json.bytes, status: problems.isEmpty ? .ok : .serviceUnavailable)
    }

    private func metricsText(_ request: ServerRequest) async -> ServerResponse {
        guard request.method == .GET || request.method == .HEAD else { return APIError.methodNotAllowed("GET").response }
        var text = PrometheusText()
        text.requests(metrics)
        text.metric("tessera_http_requests_in_progress", .gauge, "Requests in the server, this one included.", load.current)
        let queued = (waiting: queue.figures.waiting + uploads.figures.waiting, refused: queue.figures.refused + uploads.figures.refused)
        text.metric("tessera_http_requests_waiting", .gauge, "Requests that wait for their principal's turn.", queued.waiting)
        text.metric("tessera_http_requests_refused_total", .counter, "Requests refused because too many waited.", queued.refused)
        text.metric("tessera_http_requests_rate_limited_total", .counter, "Requests refused by a rate limit.", limiter.refused)
        text.metric("tessera_http_body_bytes", .gauge, "Bytes of memory for bodies that are read whole.", bodies.figures.held)
        text.metric("tessera_http_bodies_waiting", .gauge, "Bodies that aren't read before there is room for them.", bodies.figures.waiting)
        text.metric("tessera_http_answer_bytes", .gauge, "Bytes of answers that their clients haven't taken yet.", answers.figures.held)
        text.metric("tessera_live_streams", .gauge, "Live streams that are open.", feed.count)
        let memory = ProcessMemory.current()
        text.metric(
            "tessera_process_resident_memory_bytes", .gauge, "Resident memory of the server, shared pages in full.", memory.resident)
        text.metric(
            "tessera_process_proportional_memory_bytes", .gauge, "Memory of the server, shared pages by their share.", memory.proportional)
        let pool = store.client.statistics
        text.metric("tessera_database_connections_open", .gauge, "Open connections to PostgreSQL.", pool.openConnections)
        text.metric("tessera_database_connections_idle", .gauge, "Connections that wait for a caller.", pool.idleConnections)
        text.metric("tessera_database_connections_leased", .gauge, "Connections that belong to a caller.", pool.leasedConnections)
        text.metric("tessera_database_callers_waiting", .gauge, "Callers that wait for a connection.", pool.waitingCallers)
        text.metric(
            "tessera_database_pipelined_in_flight", .gauge, "Statements on shared connections, not answered yet.", pool.pipelinedInFlight)
        text.metric(
            "tessera_database_pipelined_waiting", .gauge, "Statements that wait for room on a shared connection.", pool.pipelinedWaiting)
        text.metric("tessera_database_statements_total", .counter, "Statements answered.", Int(clamping: pool.statements))
        text.metric(
            "tessera_database_statements_prepared_total", .counter, "Statements that had to be prepared.", Int(clamping: pool.prepared))
        text.metric("tessera_database_connections_opened_total", .counter, "Connections opened.", Int(clamping: pool.connectionsOpened))
        text.metric("tessera_database_connections_lost_total", .counter, "Connections lost.", Int(clamping: pool.connectionsLost))
        text.metric(
            "tessera_database_acquire_timeouts_total", .counter, "Callers that waited in vain.", Int(clamping: pool.acquireTimeouts))
        text.metric("tessera_database_reachable", .gauge, "1 while PostgreSQL can be reached.", pool.isServerReachable ? 1 : 0)
        // Without the database these can't be told, and the others can.
        if let events = try? await EventStatus.read(store) { text.events(events) }
        return ServerResponse(
            .ok, headers: [("content-type", "text/plain; version=0.0.4; charset=utf-8")],
            body: .bytes(ByteBuffer(string: text.text)))
    }
}
