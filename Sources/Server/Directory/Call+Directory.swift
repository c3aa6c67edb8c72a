import Catalog
import NIOCore
import NIOHTTP1
import Permissions
import Principals
import QueryLanguage
import Records

/// Users, services, teams and the roles they have.
extension Call {
    func respond(_ resource: DirectoryResource, _ body: ByteBuffer) async throws -> ServerResponse {
        try options.allow([], of: "This resource")
        switch (resource, method) {
        case (.users, .GET), (.users, .HEAD): return list(try await principals.entries([.user, .service]).map(shown), next: nil)
        case (.users, .POST): return try await createUser(body)
        case (.users, _): throw APIError.methodNotAllowed("GET, POST")
        case (.user(let id), .GET), (.user(let id), .HEAD): return entity(try await entry(id, [.user, .service, .system]))
        case (.user(let id), .PATCH): return try await changeUser(id, body)
        case (.user, _): throw APIError.methodNotAllowed("GET, PATCH")
        case (.deactivate(let id), .POST): return try await deactivate(id, body)
        case (.deactivate, _): throw APIError.methodNotAllowed("POST")
        case (.teams, .GET), (.teams, .HEAD): return list(try await principals.entries([.team]).map(\.value), next: nil)
        case (.teams, .POST): return try await createTeam(body)
        case (.teams, _): throw APIError.methodNotAllowed("GET, POST")
        case (.team(let id), .GET), (.team(let id), .HEAD): return entity(try await entry(id, [.team]))
        case (.team(let id), .PATCH): return try await changeTeam(id, body)
        case (.team, _): throw APIError.methodNotAllowed("GET, PATCH")
        case (.shares, .POST): return try await share(body)
        case (.shares, _): throw APIError.methodNotAllowed("POST")
        case (.sharesOf(let id), .GET), (.sharesOf(let id), .HEAD):
            return list(try await principals.shares(of: id, access: access).map(\.value), next: nil)
        case (.sharesOf, _): throw APIError.methodNotAllowed("GET")
        case (.share(let id, let grantee), .DELETE):
            try await principals.unshare(id, with: grantee, access: access)
            return response(.noContent)
        case (.share, _): throw APIError.methodNotAllowed("DELETE")
        case (.readers(let id), .GET), (.readers(let id), .HEAD):
            try await requireReadable(id)
            let (isDeleted, readers) = try await principals.readers(of: id)
            let values = readers.map { reader -> Value in
                var members: [String: Value] = [
                    "id": .guid(reader.id), "name": .string(reader.name), "kind": .string(reader.kind.rawValue),
                ]
                if isDeleted { members["deleted"] = true }
                return .complex(members)
            }
            return list(values, next: nil)
        case (.explanation(let id, let user), .GET), (.explanation(let id, let user), .HEAD):
            try await requireReadable(id)
            return list(try await principals.explain(id, for: user).map(\.value), next: nil)
        case (.readers, _), (.explanation, _): throw APIError.methodNotAllowed("GET")
        case (.roles, .GET), (.roles, .HEAD): return list(try await roles(), next: nil)
        case (.roles, .POST): return try await createRole(body)
        case (.roles, _): throw APIError.methodNotAllowed("GET, POST")
        case (.role(let id), .GET), (.role(let id), .HEAD): return response(.ok, json: Array(try await role(id).json.utf8))
        case (.role(let id), .PATCH): return try await changeRole(id, body)
        case (.role(let id), .DELETE):
            try await principals.deleteRole(id, access: access)
            return response(.noContent)
        case (.role, _): throw APIError.methodNotAllowed("GET, PATCH, DELETE")
        case (.me, .GET), (.me, .HEAD): return entity(try await entry(access.principal, [.user, .service, .system]))
        case (.me, _): throw APIError.methodNotAllowed("GET")
        }
    }

    /// Who explains a record to somebody has to be able to read it: what can't be read is answered as what isn't there.
    private func requireReadable(_ id: GUID) async throws {
        guard !access.rights.isUnlimited else { return }
        guard try await store.type(ofRecord: id, access: access) != nil else { throw PrincipalStore.noRecord }
    }

    // MARK: Users

    private func createUser(_ body: ByteBuffer) async throws -> ServerResponse {
        let given = try DirectoryBody(body, allowed: ["name", "email", "kind", "teams", "roles"])
        let kind = try given.text("kind").map(Directory.Principal.Kind.init(rawValue:)) ?? .user
        guard let kind, kind == .user || kind == .service else {
            throw APIError(.badRequest, "principals.invalid", "kind is user or service.", target: "kind")
        }
        guard let name = try given.text("name") else { throw Self.nameless }
        let (email, teams, roles) = (try given.text("email"), try given.ids("teams"), try given.roles("roles"))
        let id = try await principals.create(
            kind, name: name, email: email, teams: teams ?? [], roles: roles ?? [], access: access)
        return entity(try await entry(id, [kind]), status: .created, [("location", "\(root)/users(\(id))")])
    }

    private func changeUser(_ id: GUID, _ body: ByteBuffer) async throws -> ServerResponse {
        let given = try DirectoryBody(body, allowed: ["name", "email", "teams", "roles"])
        let email = try given.text("email")
        try await principals.change(
            id, name: try given.text("name"), email: given.has("email") ? .some(email) : nil, teams: try given.ids("teams"),
            roles: try given.roles("roles"), access: access)
        return entity(try await entry(id, [.user, .service, .system]))
    }

    /// `{"hand_over_to": "…"}`: 200 with how many records have another owner now.
    private func deactivate(_ id: GUID, _ body: ByteBuffer) async throws -> ServerResponse {
        let given = try DirectoryBody(body, allowed: ["hand_over_to"])
        let done = try await principals.deactivate(id, handingOverTo: try given.id("hand_over_to"), access: access)
        let value: Value = .complex(["handed_over": .integer(Int64(done.handedOver)), "change_set": .guid(done.changeSet)])
        return response(.ok, json: Array(value.json.utf8))
    }

    /// What everybody may know of others is who they are; their address and roles are the administrators', auditors' and of those who keep users.
    private func shown(_ entry: PrincipalEntry) -> Value {
        guard !access.rights.may(.audit), !access.rights.may(.users), case .complex(let members) = entry.value else { return entry.value }
        return .complex(members.filter { ["id", "kind", "name", "active"].contains($0.key) })
    }

    // MARK: Teams

    private func createTeam(_ body: ByteBuffer) async throws -> ServerResponse {
        let given = try DirectoryBody(body, allowed: ["name", "parent_id"])
        guard let name = try given.text("name") else { throw Self.nameless }
        let id = try await principals.createTeam(name: name, below: try given.id("parent_id"), access: access)
        return entity(try await entry(id, [.team]), status: .created, [("location", "\(root)/teams(\(id))")])
    }

    private func changeTeam(_ id: GUID, _ body: ByteBuffer) async throws -> ServerResponse {
        let given = try DirectoryBody(body, allowed: ["name", "parent_id"])
        _ = try await entry(id, [.team])
        let (name, parent) = (try given.text("name"), try given.id("parent_id"))
        if let name { try await principals.rename(id, to: name, access: access) }
        if given.has("parent_id") { try await principals.move(id, below: parent, access: access) }
        return entity(try await entry(id, [.team]))
    }

    // MARK: Shares

    /// `{"record_id": "…", "grantee_id": "…", "level": "read", "cause": "…", "ends_at": "…"}`
    private func share(_ body: ByteBuffer) async throws -> ServerResponse {
        let given = try DirectoryBody(body, allowed: ["record_id", "grantee_id", "level", "cause", "ends_at"])
        guard let record = try given.id("record_id") else {
            throw APIError(.badRequest, "principals.invalid", "A record_id is needed.", target: "record_id")
        }
        guard let grantee = try given.id("grantee_id") else {
            throw APIError(.badRequest, "principals.invalid", "A grantee_id is needed: a user or a team.", target: "grantee_id")
        }
        guard let level = ShareLevel(name: try given.text("level") ?? "read") else {
            throw APIError(.badRequest, "principals.invalid", "level is read, update or manage.", target: "level")
        }
        let end = try given.text("ends_at")
        let endsAt = end.flatMap { DateTime($0) }
        guard end == nil || endsAt != nil else {
            throw APIError(.badRequest, "principals.invalid", "ends_at is a moment such as 2027-01-31T12:00:00Z.", target: "ends_at")
        }
        try await principals.share(
            record, with: grantee, level: level, cause: try given.text("cause") ?? "shared by hand", until: endsAt, access: access)
        return response(.noContent)
    }

    // MARK: Answers

    private func entry(_ id: GUID, _ kinds: Set<Directory.Principal.Kind>) async throws -> PrincipalEntry {
        guard let entry = try await principals.entry(id), kinds.contains(entry.kind) else {
            throw APIError(.notFound, "principals.not_found", "There is no such user or team.")
        }
        return entry
    }

    private func entity(
        _ entry: PrincipalEntry, status: HTTPResponseStatus = .ok, _ headers: ServerResponse.Headers = []
    ) -> ServerResponse {
        response(status, json: Array(entry.value.json.utf8), headers)
    }

    private static let nameless = APIError(.badRequest, "principals.invalid", "A name is needed.", target: "name")
}
