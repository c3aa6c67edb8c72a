/// Describes users, teams, roles, shares and explanations.
enum OpenAPIDirectory {
    private struct Operation {
        var method: String
        var id: String
        var summary: String
        /// Names of the schemas of the body and of the answer, or of one entry of it.
        var body: String?
        var answer: String?
        var isList = false
        var status = 200
        var headers: [OpenAPIHeader] = []
    }

    private static let paths: [(path: String, parameters: [String], operations: [Operation])] = [
        ("/me", [], [Operation(method: "get", id: "get_me", summary: "Who asks", answer: "principal", headers: [.serverVersion])]),
        (
            "/users", [],
            [
                Operation(method: "get", id: "list_users", summary: "List users and services", answer: "principal", isList: true),
                Operation(
                    method: "post", id: "create_user", summary: "Make a user or service", body: "new_user", answer: "principal", status: 201
                ),
            ]
        ),
        (
            "/users({id})", ["id"],
            [
                Operation(method: "get", id: "get_user", summary: "Read a user", answer: "principal"),
                Operation(method: "patch", id: "update_user", summary: "Change what is given", body: "user_change", answer: "principal"),
            ]
        ),
        (
            "/users({id})/deactivate", ["id"],
            [
                Operation(
                    method: "post", id: "deactivate_user", summary: "End a user; hand over what they own", body: "handing_over",
                    answer: "handed_over")
            ]
        ),
        (
            "/teams", [],
            [
                Operation(method: "get", id: "list_teams", summary: "List teams", answer: "principal", isList: true),
                Operation(method: "post", id: "create_team", summary: "Make a team", body: "new_team", answer: "principal", status: 201),
            ]
        ),
        (
            "/teams({id})", ["id"],
            [
                Operation(method: "get", id: "get_team", summary: "Read a team", answer: "principal"),
                Operation(method: "patch", id: "update_team", summary: "Rename or move a team", body: "team_change", answer: "principal"),
            ]
        ),
        (
            "/roles", [],
            [
                Operation(method: "get", id: "list_roles", summary: "List roles", answer: "role", isList: true),
                Operation(
                    method: "post", id: "create_role", summary: "Make a role, as a manifest has it", body: "new_role", answer: "role",
                    status: 201),
            ]
        ),
        (
            "/roles('{role}')", ["role"],
            [
                Operation(method: "get", id: "get_role", summary: "Read a role", answer: "role"),
                Operation(
                    method: "patch", id: "update_role", summary: "Change what is given of a role that was made over the API",
                    body: "role_change", answer: "role"),
                Operation(
                    method: "delete", id: "delete_role", summary: "Take a role away that was made over the API and that nobody holds",
                    status: 204),
            ]
        ),
        (
            "/shares", [],
            [Operation(method: "post", id: "share", summary: "Share a record, or change its share", body: "new_share", status: 204)]
        ),
        (
            "/shares({id})", ["id"],
            [Operation(method: "get", id: "list_shares", summary: "With whom a record is shared", answer: "share", isList: true)]
        ),
        (
            "/shares({id})/{grantee}", ["id", "grantee"],
            [Operation(method: "delete", id: "unshare", summary: "End a share", status: 204)]
        ),
        (
            "/access({id})/{user}", ["id", "user"],
            [
                Operation(
                    method: "get", id: "explain_access", summary: "Why somebody may act on a record, or may not", answer: "explanation",
                    isList: true)
            ]
        ),
        (
            "/access({id})", ["id"],
            [Operation(method: "get", id: "list_readers", summary: "Who may read a record", answer: "principal_name", isList: true)]
        ),
    ]

    static func writePaths(to json: inout JSONWriter) {
        for (path, parameters, operations) in paths {
            json.object(path) { json in
                for operation in operations { json.object(operation.method) { write(operation, parameters, to: &$0) } }
            }
        }
    }

    private static func write(_ operation: Operation, _ parameters: [String], to json: inout JSONWriter) {
        json.field("operationId", operation.id)
        json.strings("tags", ["access"])
        json.field("summary", operation.summary)
        json.array("parameters") { json in
            for name in parameters + (operation.method == "get" ? [] : ["idempotency_key"]) {
                json.object { json in
                    guard !["id", "idempotency_key"].contains(name) else { return json.field("$ref", "#/components/parameters/\(name)") }
                    json.field("name", name)
                    json.field("in", "path")
                    json.field("required", true)
                    json.object("schema") { write(name == "role" ? .text : .id, to: &$0) }
                }
            }
        }
        if let body = operation.body {
            json.object("requestBody") { json in
                json.field("required", true)
                json.object("content") { json in
                    json.object("application/json") { $0.object("schema") { $0.field("$ref", "#/components/schemas/\(body)") } }
                }
            }
        }
        json.object("responses") { json in
            json.object(String(operation.status)) { json in
                json.field("description", operation.summary)
                OpenAPIHeader.references(operation.headers + (operation.status == 201 ? [.location] : []), to: &json)
                guard let answer = operation.answer else { return }
                json.object("content") { json in
                    json.object("application/json") { $0.object("schema") { schema(answer, isList: operation.isList, to: &$0) } }
                }
            }
            OpenAPIErrors.references(operation.method == "get" ? OpenAPIErrors.reading : OpenAPIErrors.writing, to: &json)
        }
    }

    private static func schema(_ name: String, isList: Bool, to json: inout JSONWriter) {
        guard isList else {
            json.field("$ref", "#/components/schemas/\(name)")
            return
        }
        json.field("type", "object")
        json.object("properties") { json in
            json.object("value") { json in
                json.field("type", "array")
                json.object("items") { $0.field("$ref", "#/components/schemas/\(name)") }
            }
        }
        json.strings("required", ["value"])
    }

    // MARK: Schemas

    /// A member of an object: its type in short.
    private enum Member {
        case text, id, optionalText, optionalID, moment, flag, count, object, ids, texts
        case word([String])
        /// Of a schema by its name.
        case objects(String)
    }

    private static let objects: [(name: String, required: [String], members: [(String, Member)])] = [
        (
            "principal", ["id", "kind", "name", "active"],
            [
                ("id", .id), ("kind", .word(["user", "service", "system", "team"])), ("name", .text), ("active", .flag),
                ("email", .optionalText), ("parent_id", .optionalID), ("teams", .ids), ("roles", .objects("role_assignment")),
            ]
        ),
        ("principal_name", ["id", "name"], [("id", .id), ("name", .text), ("kind", .text), ("deleted", .flag)]),
        (
            "new_user", ["name"],
            [
                ("name", .text), ("email", .optionalText), ("kind", .word(["user", "service"])), ("teams", .ids),
                ("roles", .objects("role_assignment")),
            ]
        ),
        ("user_change", [], [("name", .text), ("email", .optionalText), ("teams", .ids), ("roles", .objects("role_assignment"))]),
        ("handing_over", [], [("hand_over_to", .optionalID)]),
        ("handed_over", ["handed_over", "change_set"], [("handed_over", .count), ("change_set", .id)]),
        ("new_team", ["name"], [("name", .text), ("parent_id", .optionalID)]),
        ("team_change", [], [("name", .text), ("parent_id", .optionalID)]),
        (
            "explanation", ["action", "allowed", "reasons"],
            [
                ("action", .text), ("allowed", .flag), ("deleted", .flag), ("fields", .objects("access_field")), ("hidden_fields", .texts),
                ("kept_out_by", .texts), ("inherited_from", .objects("access_source")), ("reasons", .objects("access_reason")),
            ]
        ),
        (
            "access_field", ["field", "allowed", "reasons"],
            [("field", .text), ("allowed", .flag), ("unseen", .flag), ("reasons", .objects("access_reason"))]
        ),
        (
            "access_source", ["action", "record_type", "record_id"],
            [("action", .text), ("record_type", .text), ("record_id", .optionalID)]
        ),
        (
            "access_reason", ["role", "scope", "covers"],
            [
                ("role", .text), ("origin", .word(["platform", "manifest", "api"])), ("held_in", .optionalID), ("scope", .text),
                ("covers", .flag),
                ("because", .word(["all", "owner", "team", "rule", "shared"])), ("team_id", .id), ("rule", .text), ("shared_with", .id),
                ("level", .text),
            ]
        ),
        (
            "role", ["id", "label", "origin"],
            [
                ("id", .text), ("label", .text), ("description", .optionalText), ("origin", .word(["platform", "manifest", "api"])),
                ("grants", .object), ("may", .texts), ("problems", .texts),
            ]
        ),
        (
            "new_role", ["id"],
            [("id", .text), ("label", .optionalText), ("description", .optionalText), ("grants", .object), ("may", .texts)]
        ),
        ("role_change", [], [("label", .optionalText), ("description", .optionalText), ("grants", .object), ("may", .texts)]),
        (
            "new_share", ["record_id", "grantee_id"],
            [
                ("record_id", .id), ("grantee_id", .id), ("level", .word(["read", "update", "manage"])), ("cause", .text),
                ("ends_at", .moment),
            ]
        ),
        (
            "share", ["record_id", "grantee_id", "level", "cause", "created_by"],
            [
                ("record_id", .id), ("grantee_id", .id), ("level", .word(["read", "update", "manage"])), ("cause", .text),
                ("ends_at", .moment),
                ("created_by", .id),
            ]
        ),
    ]

    static func writeSchemas(to json: inout JSONWriter) {
        for (name, required, members) in objects {
            json.object(name) { json in
                json.field("type", "object")
                json.object("properties") { json in
                    for (name, member) in members { json.object(name) { write(member, to: &$0) } }
                }
                if !required.isEmpty { json.strings("required", required) }
            }
        }
        json.object("role_assignment") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("role") { $0.field("type", "string") }
                json.object("team_id") { write(.optionalID, to: &$0) }
            }
            json.strings("required", ["role"])
        }
    }

    private static func write(_ member: Member, to json: inout JSONWriter) {
        switch member {
        case .text: json.field("type", "string")
        case .id:
            json.field("type", "string")
            json.field("format", "uuid")
        case .optionalText: json.strings("type", ["string", "null"])
        case .optionalID:
            json.strings("type", ["string", "null"])
            json.field("format", "uuid")
        case .moment:
            json.strings("type", ["string", "null"])
            json.field("format", "date-time")
        case .flag: json.field("type", "boolean")
        case .count: json.field("type", "integer")
        case .object: json.field("type", "object")
        case .word(let words):
            json.field("type", "string")
            json.strings("enum", words)
        case .ids:
            json.field("type", "array")
            json.object("items") { write(.id, to: &$0) }
        case .texts:
            json.field("type", "array")
            json.object("items") { write(.text, to: &$0) }
        case .objects(let name):
            json.field("type", "array")
            json.object("items") { $0.field("$ref", "#/components/schemas/\(name)") }
        }
    }
}
