import Catalog
import NIOCore
import NIOHTTP1
import Permissions
import Principals
import QueryLanguage
import Records

/// Roles: the platform's own, those of the manifests, and those that administrators keep over the API.
extension Call {
    func roles() async throws -> [Value] {
        let administrator: Value = .complex([
            "id": .string(Directory.administratorRole), "label": .string("Administrator"), "description": .string("May do everything."),
            "origin": "platform",
        ])
        return [administrator] + (try await principals.roleEntries().map(\.value))
    }

    func role(_ id: String) async throws -> Value {
        guard let found = try await roles().first(where: { $0["id"]?.asText == id }) else {
            throw APIError(.notFound, PrincipalsError.Code.notFound.description, "There is no role '\(id)'.")
        }
        return found
    }

    /// `{"id": "intern", "label": "Intern", "grants": {"contacts.person": {"read": "team"}}}`, and behind the id what a manifest has.
    func createRole(_ body: ByteBuffer) async throws -> ServerResponse {
        let given = try DirectoryBody(body, allowed: Set(PrincipalStore.roleMembers + ["id"]))
        guard let id = try given.text("id") else {
            throw APIError(.badRequest, PrincipalsError.Code.invalid.description, "An id is needed: intern.", target: "id")
        }
        try await principals.createRole(id, .complex(given.given.filter { $0.key != "id" && !$0.value.isNull }), access: access)
        return response(.created, json: Array(try await role(id).json.utf8), [("location", "\(root)/roles('\(id)')")])
    }

    func changeRole(_ id: String, _ body: ByteBuffer) async throws -> ServerResponse {
        let given = try DirectoryBody(body, allowed: Set(PrincipalStore.roleMembers))
        try await principals.changeRole(id, given.given, access: access)
        return response(.ok, json: Array(try await role(id).json.utf8))
    }
}

extension RoleEntry {
    fileprivate var value: Value {
        var members: [String: Value] = [
            "id": .string(role.id), "label": .string(role.label), "description": role.description.map(Value.string) ?? .null,
            "origin": .string(role.origin.rawValue),
        ]
        if case .complex(let given)? = definition { for name in ["grants", "may"] { members[name] = given[name] } }
        if !problems.isEmpty { members["problems"] = .collection(problems.map(Value.string)) }
        return .complex(members)
    }
}
