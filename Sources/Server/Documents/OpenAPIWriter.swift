import Catalog
import QueryLanguage
import Records
import Transfer

/// Describes the API of one deployment as OpenAPI 3.1: every type, property, parameter and error that it has, and nothing that it hasn't.
struct OpenAPIWriter {
    let model: ApiModel
    let limits: ServerLimits
    let files: OpenAPIFiles
    private var json = JSONWriter(reserving: 65_536)

    static func document(_ model: ApiModel, root: String, limits: ServerLimits, fileSize: Int64) -> [UInt8] {
        var writer = OpenAPIWriter(model: model, limits: limits, files: OpenAPIFiles(limit: fileSize))
        writer.write(root: root)
        return writer.json.bytes
    }

    private init(model: ApiModel, limits: ServerLimits, files: OpenAPIFiles) {
        self.model = model
        self.files = files
        self.limits = limits
    }

    private mutating func write(root: String) {
        let types = model.orderedTypes
        let catalog = model.catalog
        var schemas = OpenAPISchemas(model: model)
        let operations = OpenAPIOperations(model: model, limits: limits)
        json.object { json in
            json.field("openapi", "3.1.0")
            json.object("info") { json in
                json.field("title", "Tessera: \(catalog.deployment)")
                json.field("version", catalog.modules.map { "\($0.id) \($0.version)" }.joined(separator: ", "))
                json.field("description", Self.introduction)
            }
            json.array("servers") { $0.object { $0.field("url", root) } }
            json.array("security") { $0.object { $0.array("token") { _ in } } }
            json.array("tags") { json in
                for type in types {
                    json.object { json in
                        json.field("name", type.collection)
                        json.field("description", type.record.description ?? type.record.labelPlural)
                    }
                }
                if model.types[Resource.filesName] == nil {
                    json.object { json in
                        json.field("name", Resource.filesName)
                        json.field("description", "Files, to be referred to by records")
                    }
                }
                json.object { json in
                    json.field("name", "changes")
                    json.field("description", "Change sets: what was written together, and taking it back")
                }
                json.object { json in
                    json.field("name", "imports")
                    json.field("description", "Records from files: CSV, workbooks, vCards")
                }
                json.object { json in
                    json.field("name", "jobs")
                    json.field("description", "Background work: how far it is, its result, stopping it")
                }
                json.object { json in
                    json.field("name", "events")
                    json.field("description", "The log of committed changes")
                }
                json.object { json in
                    json.field("name", "access")
                    json.field("description", "Users, teams, roles, shares: who may see and do what")
                }
                json.object { json in
                    json.field("name", "deployment")
                    json.field("description", "Documents about this deployment")
                }
            }
            json.object("paths") { json in
                operations.writeDocuments(to: &json)
                operations.batch(to: &json)
                if types.contains(where: \.record.isSearchable) { operations.writeSearch(to: &json) }
                if model.types[Resource.filesName] == nil { files.write(to: &json) }
                for type in types {
                    operations.write(type, to: &json)
                    files.write(type, to: &json)
                }
                OpenAPIPlatform.writePaths(to: &json)
                operations.writeEvents(to: &json)
                operations.writeSubscriptions(to: &json)
                OpenAPIImports.writePaths(to: &json)
                OpenAPIDirectory.writePaths(to: &json)
            }
            json.object("components") { json in
                json.object("securitySchemes") { json in
                    json.object("token") { json in
                        json.field("type", "http")
                        json.field("scheme", "bearer")
                        json.field("bearerFormat", "tsr_…")
                    }
                }
                json.object("schemas") { json in
                    schemas.write(types, to: &json)
                    OpenAPIPlatform.writeSchemas(to: &json)
                    OpenAPIEvents.writeSchemas(to: &json)
                    OpenAPIImports.writeSchemas(to: &json)
                    OpenAPIDirectory.writeSchemas(to: &json)
                }
                OpenAPIParameters.write(to: &json)
                OpenAPIHeader.write(to: &json)
                OpenAPIErrors.write(to: &json)
            }
        }
    }

    private static let introduction = """
        OData 4.01 (4.0 with OData-MaxVersion: 4.0). System query options may be written with or without `$`. Numbers are exact: \
        decimals are JSON numbers of any length unless IEEE754Compatible=true is asked for. Errors are OData error objects with a \
        stable code.
        """
}

/// The parameters that operations share.
enum OpenAPIParameters {
    static let query: [(name: String, type: String, description: String)] = [
        ("filter", "string", "Condition in OData's expression language: `startswith(last_name,'Sm') and address/city eq 'Oslo'`."),
        ("search", "string", "Words that records have: `anna mull`. Best hits first, unless orderby says otherwise."),
        ("orderby", "string", "Properties to sort by, each with `asc` or `desc`: `last_name,created_at desc`."),
        ("select", "string", "Properties to answer, with commas between."),
        (
            "expand", "string",
            "Links to follow, with options of their own: `organisation(select=name)`. A link to many brings up to \(ReadLimits.expandedItems[0]) "
                + "records, fewer within another; `NAME@nextLink` leads to the rest."
        ),
        (
            "compute", "string",
            "Values to compute for each record, usable in the other options: `revenue mul 1.25 as gross,year(created_at) as since`."
        ),
        (
            "apply", "string",
            "Groups and aggregates in place of records: `filter(FIELD eq 'VALUE')/groupby((FIELD),aggregate($count as n,NUMBER with sum as total))`. "
                + "Methods are sum, min, max, average and countdistinct. The other options then speak about the groups."
        ),
        ("top", "integer", "Most records over all pages."),
        ("skip", "integer", "Records to leave out at the start. To page, follow nextLink instead."),
        ("skiptoken", "string", "Where the next page begins, as nextLink has it."),
        ("deltatoken", "string", "What the client has seen, as deltaLink has it: answers what changed since. Only within such a link."),
        ("format", "string", "`json`, or `csv`, `xlsx`, `vcard` for all records of a collection in one answer, as an import reads them."),
        ("count", "boolean", "Whether to count all records that match."),
        ("count_mode", "string", "`exact` (default), or `estimated`, which is cheap on large collections."),
        ("include_deleted", "boolean", "Whether deleted records are seen."),
        ("dry_run", "boolean", "Tell what would change, and keep nothing."),
    ]

    static let collection =
        query.map(\.name).filter { $0 != "dry_run" } + ["track_changes", "odata_max_version"]
    static let list =
        ["filter", "orderby", "select", "expand", "top", "skip", "skiptoken", "count", "count_mode", "include_deleted"]
        + ["maxpagesize", "odata_max_version"]
    static let references = list.filter { !["select", "expand"].contains($0) }
    static let record = ["select", "expand", "compute", "include_deleted", "if_match", "if_none_match", "odata_max_version"]
    static let linkedRecord = ["select", "expand", "if_match", "if_none_match", "odata_max_version"]
    static let write = ["select", "expand", "if_match", "if_none_match", "prefer", "change_set", "idempotency_key", "odata_max_version"]
    static let create = ["select", "expand", "prefer", "change_set", "idempotency_key", "odata_max_version"]
    static let bulk = ["prefer", "change_set", "idempotency_key", "odata_max_version"]

    static func write(to json: inout JSONWriter) {
        json.object("parameters") { json in
            for parameter in query {
                write(parameter.name, name: parameter.name, in: "query", type: parameter.type, parameter.description, to: &json)
            }
            write("q", name: "q", in: "query", type: "string", "The words to look for.", to: &json)
            write("types", name: "types", in: "query", type: "string", "Collections to look in, with commas between; else all.", to: &json)
            write("hits", name: "top", in: "query", type: "integer", "Most hits, up to \(Call.mostHits); 10 unless given.", to: &json)
            write(
                "from", name: "from", in: "query", type: "integer", "The position to begin at; the oldest event that is kept unless given.",
                to: &json)
            write(
                "topic", name: "topic", in: "query", type: "string", "Which topics, `*` standing for any letters: `contacts.person.*`.",
                to: &json)
            write("subscription", name: "subscription", in: "query", type: "string", "Of which subscription: `contacts.greet`.", to: &json)
            write("aside_state", name: "state", in: "query", type: "string", "`parked`, `waiting`, `quiet` or `held`.", to: &json)
            write("events", name: "top", in: "query", type: "integer", "Most entries of one page.", to: &json)
            let headers = [
                ("if_match", "If-Match", "ETag of the version that is to be changed; 412 when the record has another by now."),
                (
                    "if_none_match", "If-None-Match",
                    "ETag that the client has; 304 when the record still has it. `*` on a write: only create."
                ),
                ("prefer", "Prefer", "`return=representation` or `return=minimal`; for bulk, `continue-on-error` and `respond-async`."),
                (
                    "change_set", "Tessera-Change-Set",
                    "Names what this request writes, up to \(ChangeSetName.maximumLength) characters, percent-encoded where not ASCII."
                ),
                (
                    "idempotency_key", "Idempotency-Key",
                    "A string of the client's, such as a UUID, new for each request: who sends the same request again within a day with its key gets "
                        + "the same answer, and nothing is written twice. Not for requests that bring a file."
                ),
                ("maxpagesize", "Prefer", "`maxpagesize=N`: records of one page, up to \(ReadLimits.largestPageSize)."),
                (
                    "track_changes", "Prefer",
                    "`track-changes`: the last page has a deltaLink. `maxpagesize=N`: records of one page, up to \(ReadLimits.largestPageSize)."
                ),
                ("odata_max_version", "OData-MaxVersion", "`4.0` for control information as OData 4.0 has it; 4.01 otherwise."),
            ]
            for (key, name, description) in headers { write(key, name: name, in: "header", type: "string", description, to: &json) }
            json.object("each_filter") { json in
                json.field("name", "filter")
                json.field("in", "query")
                json.field("required", true)
                json.field("description", "Which records; `true` means all.")
                json.object("schema") { $0.field("type", "string") }
            }
            for name in ["id", "target"] {
                json.object(name) { json in
                    json.field("name", name)
                    json.field("in", "path")
                    json.field("required", true)
                    json.object("schema") { json in
                        json.field("type", "string")
                        json.field("format", "uuid")
                    }
                }
            }
            json.object("linked") { json in
                json.field("name", "$id")
                json.field("in", "query")
                json.field("required", true)
                json.field("description", "Which link to remove, by the record that it leads to: `collection(0190a1b2-…)`.")
                json.object("schema") { $0.field("type", "string") }
            }
        }
    }

    private static func write(
        _ key: String, name: String, in place: String, type: String, _ description: String, to json: inout JSONWriter
    ) {
        json.object(key) { json in
            json.field("name", name)
            json.field("in", place)
            json.field("description", description)
            json.object("schema") { json in
                json.field("type", type)
                if type == "integer" { json.field("minimum", 0) }
                if key == "count_mode" { json.strings("enum", ["exact", "estimated"]) }
                if key == "format" { json.strings("enum", ["json"] + ExportFormat.names) }
            }
        }
    }
}

/// The errors that operations share.
enum OpenAPIErrors {
    /// Every status with its name under `components/responses`, and the codes that come with it.
    static let all: [(status: Int, name: String, description: String)] = [
        (
            400, "bad_request",
            "The request can't be understood: `query.…`, `json.…`, `http.…`, `records.invalid`, `records.unknown_property`, `odata.…`."
        ),
        (401, "unauthorized", "No token, or one that opens nothing: `auth.token_required`, `auth.token_refused`."),
        (403, "forbidden", "The sender may not do this: `records.forbidden`, `access.administrators_only`, `access.not_supported`."),
        (404, "not_found", "There is no such record, collection or property: `records.not_found`, `odata.not_found`."),
        (406, "not_acceptable", "None of the types in Accept can be served: `odata.not_acceptable`."),
        (
            409, "conflict",
            "A value that must be unique exists already, or others still need the record: `records.not_unique`, `records.still_referenced`. A request with "
                + "this Idempotency-Key is still at work: `idempotency.in_progress`."
        ),
        (408, "request_timeout", "The request didn't arrive in time: `http.request_timeout`."),
        (
            410, "gone",
            "What changed since a deltatoken can no longer be told, read the collection anew: `records.sync_expired`. Events are kept no longer: "
                + "`events.gone`. A request was carried out whose answer isn't kept for its repetition: `idempotency.answer_not_kept`."
        ),
        (
            412, "precondition_failed",
            "The record has another version than If-Match says: `records.version_conflict`; details names the properties that differ."
        ),
        (413, "too_large", "The body is too large: `http.body_too_large`."),
        (414, "uri_too_long", "The URL is too long: `http.uri_too_long`."),
        (
            415, "unsupported_media_type",
            "The body isn't JSON, or its encoding isn't known: `odata.unsupported_content_type`, `http.unsupported_encoding`."
        ),
        (416, "range_not_satisfiable", "Nothing of the range is in the file: `files.range`. Content-Range says how long it is."),
        (422, "key_of_other_request", "The Idempotency-Key was used for another request: `idempotency.other_request`."),
        (428, "precondition_required", "Changes of this type need If-Match: `records.precondition_required`."),
        (429, "too_many_requests", "More requests than a limit of the server allows: `http.rate_limited`. Retry-After says when to go on."),
        (431, "headers_too_large", "The headers are too large: `http.headers_too_large`."),
        (
            500, "failed",
            "The server or a module of the deployment failed, and nothing was changed: `server.internal`, `records.module_failed`."
        ),
        (
            501, "not_supported",
            "The standard has it, this server doesn't yet: `odata.not_supported`, `query.not_supported`, `records.not_supported`."
        ),
        (503, "unavailable", "The database is away, or the server has too much to do: `records.unavailable`, `http.busy`."),
        (504, "timeout", "The answer took too long, so the work was stopped: `http.timeout`."),
    ]

    static let reading = [400, 401, 403, 404, 406, 501, 503]
    static let writing = [400, 401, 403, 404, 406, 408, 409, 410, 412, 413, 415, 422, 428, 501, 503]
    /// What any request may come to.
    private static let anywhere = [414, 431, 500, 504]

    static func write(to json: inout JSONWriter) {
        json.object("responses") { json in
            for error in all {
                json.object(error.name) { json in
                    json.field("description", error.description)
                    headers(of: error.status, to: &json)
                    json.object("content") { json in
                        json.object("application/json") { json in
                            json.object("schema") { $0.field("$ref", "#/components/schemas/error") }
                        }
                    }
                }
            }
        }
    }

    /// What comes before anybody knows who asks tells of no limit.
    private static func headers(of status: Int, to json: inout JSONWriter) {
        let headers: [OpenAPIHeader] = [409, 429, 503].contains(status) ? [.retryAfter] : []
        guard ![401, 408, 431].contains(status) else { return }
        OpenAPIHeader.references(headers, to: &json)
    }

    /// Those of an operation. What wants a token is limited too.
    static func references(_ statuses: [Int], to json: inout JSONWriter) {
        let statuses = statuses + anywhere + (statuses.contains(401) ? [429] : [])
        for error in all where statuses.contains(error.status) {
            json.object(String(error.status)) { $0.field("$ref", "#/components/responses/\(error.name)") }
        }
    }
}
