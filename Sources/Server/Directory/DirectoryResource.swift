import NIOHTTP1
import QueryLanguage

/// Users and services, teams, roles. No collection can have one of these names.
enum DirectoryResource: Sendable, Hashable {
    case users
    case user(GUID)
    case deactivate(GUID)
    case teams
    case team(GUID)
    case roles
    /// The principal that asks.
    case me

    var route: Route {
        switch self {
        case .users: .users
        case .user: .user
        case .deactivate: .userEnd
        case .teams: .teams
        case .team: .team
        case .roles: .roles
        case .me: .me
        }
    }

    /// Whether everybody may use it: to know who they are, and whom they can name as an owner.
    func isOpen(to method: HTTPMethod) -> Bool {
        switch self {
        case .me, .users, .teams: method == .GET || method == .HEAD
        case .user, .deactivate, .team, .roles: false
        }
    }

    /// Nil for paths that begin with another name.
    static func resolve(
        _ first: ResourcePath.Segment, _ rest: ArraySlice<ResourcePath.Segment>
    ) throws(APIError) -> DirectoryResource? {
        switch first.name {
        case "users":
            guard let (id, action) = try PlatformResource.place(first, rest) else { return .users }
            switch action {
            case nil: return .user(id)
            case "deactivate": return .deactivate(id)
            default: throw APIError.notFound("Behind users(id) stands deactivate.")
            }
        case "teams":
            guard let (id, action) = try PlatformResource.place(first, rest) else { return .teams }
            guard action == nil else { throw APIError.notFound("There is nothing behind a team.") }
            return .team(id)
        case "roles", "me":
            guard first.key == nil, rest.isEmpty else { throw APIError.notFound("There is nothing behind \(first.name).") }
            return first.name == "me" ? .me : .roles
        default: return nil
        }
    }
}
