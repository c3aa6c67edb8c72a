import JSONReading
import NIOCore
import NIOHTTP1
import Permissions
import QueryLanguage
import Records

/// The body of a request about users and teams: an object of which only known members are taken.
struct DirectoryBody {
    private var members: [String: Value]

    init(_ body: ByteBuffer, allowed: Set<String>) throws(APIError) {
        let value: Value
        do {
            value = body.readableBytes == 0 ? .complex([:]) : try JSONReader.value(of: Array(body.readableBytesView))
        } catch {
            throw APIError(.badRequest, "json.syntax", "The body is no JSON.")
        }
        guard case .complex(let members) = value else { throw APIError(.badRequest, "json.syntax", "The body has to be an object.") }
        for name in members.keys.sorted() where !allowed.contains(name) && !name.hasPrefix("@") {
            let hint = Spelling.closest(to: name, in: allowed).map { " Did you mean '\($0)'?" } ?? ""
            throw APIError(.badRequest, "records.unknown_property", "There is no '\(name)' here.\(hint)", target: name)
        }
        self.members = members
    }

    /// All that are given, by name.
    var given: [String: Value] { members.filter { !$0.key.hasPrefix("@") } }

    func has(_ name: String) -> Bool { members[name] != nil }

    func text(_ name: String) throws(APIError) -> String? {
        switch members[name] ?? .null {
        case .null: return nil
        case .string(let text): return text
        default: throw Self.wrong(name, "text")
        }
    }

    func id(_ name: String) throws(APIError) -> GUID? {
        guard let value = members[name], !value.isNull else { return nil }
        guard let id = value.asGUID else { throw Self.wrong(name, "an id") }
        return id
    }

    func ids(_ name: String) throws(APIError) -> [GUID]? {
        guard let value = members[name] else { return nil }
        guard case .collection(let items) = value else { throw Self.wrong(name, "a list of ids") }
        var ids: [GUID] = []
        for item in items {
            guard let id = item.asGUID else { throw Self.wrong(name, "a list of ids") }
            ids.append(id)
        }
        return ids
    }

    /// `["contacts.rep", {"role": "contacts.manager", "team_id": "…"}]`
    func roles(_ name: String) throws(APIError) -> [Directory.RoleAssignment]? {
        guard let value = members[name] else { return nil }
        guard case .collection(let items) = value else { throw Self.wrong(name, "a list of roles") }
        var roles: [Directory.RoleAssignment] = []
        for item in items {
            if let role = item.asText {
                roles.append(Directory.RoleAssignment(role: role))
            } else if let role = item["role"]?.asText {
                let team = item["team_id"] ?? .null
                if !team.isNull, team.asGUID == nil { throw Self.wrong(name, "a list of roles with ids of teams") }
                roles.append(Directory.RoleAssignment(role: role, team: team.asGUID))
            } else {
                throw Self.wrong(name, "a list of roles")
            }
        }
        return roles
    }

    private static func wrong(_ name: String, _ wanted: String) -> APIError {
        APIError(.badRequest, "records.wrong_type", "\(name) is \(wanted).", target: name)
    }
}
