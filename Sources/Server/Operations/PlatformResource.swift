import NIOHTTP1
import QueryLanguage

/// What the platform itself serves beside the deployment's collections. No collection can have one of these names.
enum PlatformResource: Sendable, Hashable {
    case changeSets
    case changeSet(GUID)
    case changes(of: GUID)
    case undo(GUID)
    /// Where imports begin, and where one can be looked at before.
    case imports, importPlan
    case jobs
    /// The status monitor of a job: OData Protocol 4.01 section 11.6.
    case job(GUID)
    case jobStatus(GUID)
    case jobCancel(GUID)
    /// The event log, and how it and those who follow it stand.
    case events, eventStatus
    /// Events that subscriptions have put aside, and what operators want of subscriptions.
    case eventsAside, eventOrders

    var route: Route {
        switch self {
        case .changeSets: .changeSets
        case .changeSet: .changeSet
        case .changes: .changes
        case .undo: .undo
        case .imports: .imports
        case .importPlan: .importPlan
        case .jobs: .jobs
        case .job: .job
        case .jobStatus: .jobStatus
        case .jobCancel: .jobCancel
        case .events: .events
        case .eventStatus: .eventStatus
        case .eventsAside: .eventsAside
        case .eventOrders: .eventOrders
        }
    }

    /// Whether a POST to it has a body that is read: JSON, or a form with a file.
    var takesForm: Bool { self == .imports || self == .importPlan }

    /// Whether a POST to it has a body of JSON that is read.
    var takesJSON: Bool { takesForm || self == .eventOrders }

    /// Whether it tells of everybody's records at once.
    var isForAdministrators: Bool { [.events, .eventStatus, .eventsAside, .eventOrders].contains(self) }

    /// Nil for paths that begin with another name.
    static func resolve(
        _ first: ResourcePath.Segment, _ rest: ArraySlice<ResourcePath.Segment>
    ) throws(APIError) -> PlatformResource? {
        switch first.name {
        case "change_sets":
            guard let (id, action) = try place(first, rest) else { return .changeSets }
            switch action {
            case nil: return .changeSet(id)
            case "changes": return .changes(of: id)
            case "undo": return .undo(id)
            default: throw APIError.notFound("Behind change_sets(id) stands changes or undo.")
            }
        case "imports":
            guard first.key == nil, rest.count <= 1, rest.first.map({ $0.name == "plan" && $0.key == nil }) ?? true else {
                throw APIError.notFound("Behind imports stands plan. What an import has come to is told by its job: jobs(id).")
            }
            return rest.isEmpty ? .imports : .importPlan
        case "events":
            let parts: [String: PlatformResource] = ["status": .eventStatus, "aside": .eventsAside, "orders": .eventOrders]
            guard first.key == nil, rest.count <= 1, let part = rest.first.map({ $0.key == nil ? parts[$0.name] : nil }) ?? .events else {
                throw APIError.notFound("Behind events stands status, aside or orders. Events are asked for by position: events?from=1.")
            }
            return part
        case "jobs":
            guard let (id, action) = try place(first, rest) else { return .jobs }
            switch action {
            case nil: return .job(id)
            case "status": return .jobStatus(id)
            case "cancel": return .jobCancel(id)
            default: throw APIError.notFound("Behind jobs(id) stands status or cancel.")
            }
        default: return nil
        }
    }

    /// The id in parentheses or as a segment of its own, and the name behind it; nil when nothing follows.
    static func place(
        _ first: ResourcePath.Segment, _ rest: ArraySlice<ResourcePath.Segment>
    ) throws(APIError) -> (id: GUID, action: String?)? {
        var rest = rest
        let text: String
        switch first.key {
        case .single(.bare(let key)), .single(.quoted(let key)): text = key
        case nil:
            guard let segment = rest.popFirst() else { return nil }
            text = segment.name
        default: throw badKey(first.name)
        }
        guard let id = GUID(text) else { throw badKey(first.name) }
        let action = rest.popFirst()
        guard rest.isEmpty, action?.key == nil else { throw APIError.notFound("There is nothing at this path.") }
        return (id, action?.name)
    }

    private static func badKey(_ name: String) -> APIError {
        APIError(.badRequest, "odata.bad_key", "An entry of \(name) is named by its id: \(name)(id).")
    }
}
