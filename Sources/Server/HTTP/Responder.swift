import NIOCore

/// What answers requests. It sees the head first, so that bodies are only read for those who may send them.
protocol Responder: Sendable {
    func admit(_ request: ServerRequest) async -> Admission
    /// The answer to what never became a request.
    func answer(to fault: HTTPFault) -> ServerResponse
    /// The answer instead of a stream that failed before its first piece.
    func answer(to error: any Error, _ request: ServerRequest) -> ServerResponse
    /// Called once per request, after its answer was written.
    func finished(_ route: Route, _ request: ServerRequest, status: Int, duration: Duration)
}

/// What becomes of a request once its head is known.
struct Admission: Sendable {
    enum Step: Sendable {
        case answer(ServerResponse)
        /// With the whole body: for all that is small.
        case work(bodyLimit: Int, @Sendable (ByteBuffer) async -> ServerResponse)
        /// With a body that is read while it arrives, however long that takes: for files.
        case transfer(bodyLimit: Int, @Sendable (IncomingBody) async -> ServerResponse)
    }

    var route: Route
    var step: Step
    /// Waits until so many bytes of a body may come into memory; nil where any number may.
    var room: (@Sendable (_ bytes: Int) async throws -> ByteBudget.Hold)?
}

/// The kinds of requests, as metrics count them.
enum Route: Int, Sendable, CaseIterable {
    case health, readiness, metrics, live
    case serviceDocument, metadata, openAPI, batch, views, search
    case collection, count, bulk, each
    case record, property, stream, navigation, reference, action, history
    case files, file, content
    case changeSets, changeSet, changes, undo
    case imports, importPlan
    case jobs, job, jobStatus, jobCancel
    case events, eventStatus, eventsAside, eventOrders
    case users, user, userEnd, teams, team, roles, role, me, shares, sharesOf, share, readers, explanation
    case other

    /// The path with placeholders for what varies.
    var template: String {
        switch self {
        case .health: "/healthz"
        case .readiness: "/readyz"
        case .metrics: "/metrics"
        case .live: "/live"
        case .serviceDocument: "/api"
        case .metadata: "/api/$metadata"
        case .openAPI: "/api/openapi.json"
        case .batch: "/api/$batch"
        case .views: "/api/views"
        case .search: "/api/search"
        case .collection: "/api/{collection}"
        case .count: "/api/{collection}/$count"
        case .bulk: "/api/{collection}/bulk"
        case .each: "/api/{collection}/$each"
        case .record: "/api/{collection}({key})"
        case .property: "/api/{collection}({key})/{property}"
        case .stream: "/api/{collection}({key})/{property}/$value"
        case .files: "/api/files"
        case .file: "/api/files({key})"
        case .content: "/api/files({key})/$value"
        case .navigation: "/api/{collection}({key})/{link}"
        case .reference: "/api/{collection}({key})/{link}/$ref"
        case .action: "/api/{collection}({key})/{action}"
        case .history: "/api/{collection}({key})/history"
        case .events: "/api/events"
        case .eventStatus: "/api/events/status"
        case .eventsAside: "/api/events/aside"
        case .eventOrders: "/api/events/orders"
        case .changeSets: "/api/change_sets"
        case .changeSet: "/api/change_sets({id})"
        case .changes: "/api/change_sets({id})/changes"
        case .undo: "/api/change_sets({id})/undo"
        case .imports: "/api/imports"
        case .importPlan: "/api/imports/plan"
        case .jobs: "/api/jobs"
        case .job: "/api/jobs({id})"
        case .jobStatus: "/api/jobs({id})/status"
        case .jobCancel: "/api/jobs({id})/cancel"
        case .users: "/api/users"
        case .user: "/api/users({id})"
        case .userEnd: "/api/users({id})/deactivate"
        case .teams: "/api/teams"
        case .team: "/api/teams({id})"
        case .roles: "/api/roles"
        case .role: "/api/roles({id})"
        case .me: "/api/me"
        case .readers: "/api/access({record})"
        case .explanation: "/api/access({record})/{user}"
        case .shares: "/api/shares"
        case .sharesOf: "/api/shares({record})"
        case .share: "/api/shares({record})/{grantee}"
        case .other: "other"
        }
    }
}
