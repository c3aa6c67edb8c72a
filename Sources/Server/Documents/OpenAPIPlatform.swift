import Records

/// Describes what the platform serves beside the deployment's collections.
enum OpenAPIPlatform {
    private struct Operation {
        var path: String
        var method = "get"
        var id: String
        var summary: String
        var parameters: [String] = []
        /// Name of the schema of one entry.
        var schema: String
        var isList = false
        /// Statuses beside 200, with what they mean.
        var others: [(Int, String)] = []
    }

    private static let accepted = (202, "With Prefer: respond-async: Location is the job's address.")

    static func accepted(to json: inout JSONWriter) { OpenAPIHeader.emptyAnswer(accepted.0, accepted.1, [.location], to: &json) }

    private static let stopped = (204, "It stops at its next step, or never begins.")

    private static let monitor = "monitor_job"

    private static let operations = [
        Operation(
            path: "/change_sets", id: "list_change_sets", summary: "List change sets, newest first",
            parameters: ["top", "skiptoken", "maxpagesize"], schema: "change_set", isList: true),
        Operation(path: "/change_sets({id})", id: "get_change_set", summary: "Read a change set", parameters: ["id"], schema: "change_set"),
        Operation(
            path: "/change_sets({id})/changes", id: "list_changes", summary: "List what a change set did to each record",
            parameters: ["id", "top", "skiptoken", "maxpagesize"], schema: "change", isList: true),
        Operation(
            path: "/change_sets({id})/undo", method: "post", id: "undo_change_set", summary: "Take a change set back",
            parameters: ["id", "dry_run", "prefer"], schema: "undo_report", others: [accepted]),
        Operation(
            path: "/jobs", id: "list_jobs", summary: "List background work, newest first",
            parameters: ["top", "skiptoken", "maxpagesize"], schema: "job", isList: true),
        Operation(
            path: "/jobs({id})", id: monitor, summary: "The result of a job, its status in AsyncResult", parameters: ["id"],
            schema: "job_result", others: [(202, "It is queued or running: how far it is."), (410, "It was cancelled.")]),
        Operation(
            path: "/jobs({id})", method: "delete", id: "delete_job", summary: "Ask a job to stop, as its monitor is told to",
            parameters: ["id"], schema: "", others: [stopped]),
        Operation(
            path: "/jobs({id})/status", id: "get_job", summary: "Read how a job stands, without its result", parameters: ["id"],
            schema: "job"),
        Operation(
            path: "/jobs({id})/cancel", method: "post", id: "cancel_job", summary: "Ask a job to stop", parameters: ["id"], schema: "",
            others: [stopped]),
    ]

    static func writePaths(to json: inout JSONWriter) {
        for path in Set(operations.map(\.path)).sorted() {
            json.object(path) { json in
                for operation in operations where operation.path == path { write(operation, to: &json) }
            }
        }
    }

    private static func write(_ operation: Operation, to json: inout JSONWriter) {
        json.object(operation.method) { json in
            json.field("operationId", operation.id)
            json.strings("tags", [operation.path.hasPrefix("/jobs") ? "jobs" : "changes"])
            json.field("summary", operation.summary)
            json.array("parameters") { json in
                let key = operation.method == "get" ? [] : ["idempotency_key"]
                for name in operation.parameters + key { json.object { $0.field("$ref", "#/components/parameters/\(name)") } }
            }
            json.object("responses") { json in
                if !operation.schema.isEmpty {
                    json.object("200") { json in
                        json.field("description", operation.summary)
                        OpenAPIHeader.references(to: &json)
                        json.object("content") { json in
                            json.object("application/json") { json in json.object("schema") { schema(operation, to: &$0) } }
                        }
                    }
                }
                for (status, description) in operation.others {
                    // A monitor tells how far the work is.
                    if operation.id == monitor, status == 202 {
                        json.object("202") { json in
                            json.field("description", description)
                            OpenAPIHeader.references([.location, .retryAfter], to: &json)
                            json.object("content") { json in
                                json.object("application/json") { json in
                                    json.object("schema") { $0.field("$ref", "#/components/schemas/job") }
                                }
                            }
                        }
                        continue
                    }
                    OpenAPIHeader.emptyAnswer(status, description, status == 202 ? [.location] : [], to: &json)
                }
                OpenAPIErrors.references(operation.method == "get" ? OpenAPIErrors.reading : OpenAPIErrors.writing, to: &json)
            }
        }
    }

    private static func schema(_ operation: Operation, to json: inout JSONWriter) {
        guard operation.isList else {
            json.field("$ref", "#/components/schemas/\(operation.schema)")
            return
        }
        json.field("type", "object")
        json.object("properties") { json in
            json.object("value") { json in
                json.field("type", "array")
                json.object("items") { $0.field("$ref", "#/components/schemas/\(operation.schema)") }
            }
            json.object("@nextLink") { $0.field("type", "string") }
        }
        json.strings("required", ["value"])
    }

    // MARK: Schemas

    static func writeSchemas(to json: inout JSONWriter) {
        object("change_set", required: ["id", "label", "state", "principal_id", "channel", "created_at", "counts"], to: &json) { json in
            text("id", format: "uuid", to: &json)
            text("label", to: &json)
            json.object("state") { json in
                json.field("type", "string")
                json.strings("enum", ["running", "done", "undone", "partly_undone"])
            }
            text("principal_id", format: "uuid", to: &json)
            text("principal", to: &json)
            text("channel", to: &json)
            text("created_at", format: "date-time", to: &json)
            text("finished_at", format: "date-time", nullable: true, to: &json)
            json.object("automation") { $0.field("type", "boolean") }
            text("undoes", format: "uuid", nullable: true, to: &json)
            items("counts", "change_count", to: &json)
            integer("refused_count", to: &json)
            items("refused", "undo_refusal", to: &json)
        }
        object("change_count", required: ["type", "created", "updated", "deleted"], to: &json) { json in
            text("type", to: &json)
            for name in ["created", "updated", "deleted", "restored", "purged"] { integer(name, to: &json) }
        }
        object("change", required: ["type", "id", "version", "action", "before", "after"], to: &json) { json in
            text("type", to: &json)
            text("id", format: "uuid", to: &json)
            integer("version", to: &json)
            json.object("action") { json in
                json.field("type", "string")
                json.strings("enum", ["create", "update", "delete", "restore", "purge"])
            }
            for name in ["before", "after"] { json.object(name) { $0.field("type", "object") } }
        }
        object("undo_report", required: ["change_set", "undo", "undone", "already_undone", "refused_count", "refused"], to: &json) { json in
            text("change_set", format: "uuid", to: &json)
            text("undo", format: "uuid", nullable: true, to: &json)
            integer("undone", to: &json)
            integer("already_undone", to: &json)
            integer("refused_count", to: &json)
            items("refused", "undo_refusal", to: &json)
        }
        json.object("job_result") { json in
            json.field("description", "What the request would have been answered: AsyncResult has the status of that answer.")
            json.array("anyOf") { json in
                for name in ["bulk_result", "undo_report", "import_result", "error"] {
                    json.object { $0.field("$ref", "#/components/schemas/\(name)") }
                }
            }
        }
        object("job", required: ["id", "kind", "label", "state", "progress", "created_at"], to: &json) { json in
            text("id", format: "uuid", to: &json)
            text("kind", to: &json)
            text("label", to: &json)
            json.object("state") { json in
                json.field("type", "string")
                json.strings("enum", ["queued", "running", "done", "failed", "cancelled"])
            }
            text("principal_id", format: "uuid", to: &json)
            integer("attempts", to: &json)
            json.object("cancel_asked") { $0.field("type", "boolean") }
            json.object("progress") { json in
                json.field("type", "object")
                json.object("properties") { json in
                    integer("done", to: &json)
                    json.object("total") { $0.strings("type", ["integer", "null"]) }
                    text("message", nullable: true, to: &json)
                }
            }
            text("created_at", format: "date-time", to: &json)
            text("started_at", format: "date-time", nullable: true, to: &json)
            text("attempt_started_at", format: "date-time", nullable: true, to: &json)
            text("finished_at", format: "date-time", nullable: true, to: &json)
            json.object("error") { $0.strings("type", ["object", "null"]) }
        }
        object("undo_refusal", required: ["type", "id", "code", "reason"], to: &json) { json in
            text("type", to: &json)
            text("id", format: "uuid", to: &json)
            text("code", to: &json)
            text("reason", to: &json)
        }
    }

    static func object(
        _ name: String, required: [String], to json: inout JSONWriter, _ properties: (inout JSONWriter) -> Void
    ) {
        json.object(name) { json in
            json.field("type", "object")
            json.object("properties", properties)
            json.strings("required", required)
        }
    }

    static func text(_ name: String, format: String? = nil, nullable: Bool = false, to json: inout JSONWriter) {
        json.object(name) { json in
            if nullable { json.strings("type", ["string", "null"]) } else { json.field("type", "string") }
            if let format { json.field("format", format) }
        }
    }

    static func integer(_ name: String, to json: inout JSONWriter) {
        json.object(name) { $0.field("type", "integer") }
    }

    static func items(_ name: String, _ schema: String, to json: inout JSONWriter) {
        json.object(name) { json in
            json.field("type", "array")
            json.object("items") { $0.field("$ref", "#/components/schemas/\(schema)") }
        }
    }
}
