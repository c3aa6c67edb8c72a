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
    /// A role by its id: `contacts.rep`, `intern`.
    case role(String)
    /// Where records are shared.
    case shares
    /// With whom a record is shared.
    case sharesOf(GUID)
    case share(GUID, grantee: GUID)
    /// Who may read a record, and why somebody may act on it or may not.
    case readers(GUID)
    case explanation(GUID, of: GUID)
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
        case .role: .role
        case .shares: .shares
        case .sharesOf: .sharesOf
        case .share: .share
        case .readers: .readers
        case .explanation: .explanation
        case .me: .me
        }
    }

    /// Whether everybody may use it: to know who they are, and whom they can name as an owner.
    func isOpen(to method: HTTPMethod) -> Bool {
        switch self {
        case .me, .users, .teams: method == .GET || method == .HEAD
        // What may be shared, a right to the record says.
        case .shares, .sharesOf, .share: true
        case .user, .deactivate, .team, .roles, .role, .readers, .explanation: false
        }
    }

    /// Whether it tells who may do what, and why.
    func isAudited(by method: HTTPMethod) -> Bool {
        switch self {
        case .user, .team, .roles, .role, .readers, .explanation: method == .GET || method == .HEAD
        case .me, .users, .teams, .shares, .sharesOf, .share, .deactivate: false
        }
    }

    /// Whether it is for those who keep users, teams and roles. How far, the change itself judges.
    var isKept: Bool {
        switch self {
        case .users, .user, .deactivate, .teams, .team, .roles, .role: true
        case .me, .shares, .sharesOf, .share, .readers, .explanation: false
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
        case "shares":
            guard let (record, grantee) = try PlatformResource.place(first, rest) else { return .shares }
            guard let grantee else { return .sharesOf(record) }
            guard let grantee = GUID(grantee) else {
                throw APIError.notFound("Behind shares(record) stands the id of whom it is shared with.")
            }
            return .share(record, grantee: grantee)
        case "access":
            guard let (record, user) = try PlatformResource.place(first, rest) else {
                throw APIError.notFound("access takes the id of a record: access(id), access(id)/user.")
            }
            guard let user else { return .readers(record) }
            guard let user = GUID(user) else { throw APIError.notFound("Behind access(record) stands the id of a user.") }
            return .explanation(record, of: user)
        case "roles": return try role(first, rest)
        case "me":
            guard first.key == nil, rest.isEmpty else { throw APIError.notFound("There is nothing behind \(first.name).") }
            return .me
        default: return nil
        }
    }

    /// `roles`, `roles('contacts.rep')`, `roles(intern)`, `roles/intern`
    private static func role(
        _ first: ResourcePath.Segment, _ rest: ArraySlice<ResourcePath.Segment>
    ) throws(APIError) -> DirectoryResource {
        switch (first.key, rest.first) {
        case (nil, nil): return .roles
        case (.single(.bare(let id)), nil), (.single(.quoted(let id)), nil): return .role(id)
        case (nil, let next?) where next.key == nil && rest.count == 1: return .role(next.name)
        default: throw APIError.notFound("A role is named by its id, roles('contacts.rep'), and nothing stands behind it.")
        }
    }
}
