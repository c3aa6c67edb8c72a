import Catalog
import QueryLanguage
import Records

/// The paths and operations of a deployment.
struct OpenAPIOperations {
    let model: ApiModel
    let limits: ServerLimits

    // MARK: Documents

    func writeDocuments(to json: inout JSONWriter) {
        let documents = [
            ("/", "get_service_document", "The collections of this deployment.", ["application/json"]),
            ("/$metadata", "get_metadata", "The entity model (CSDL).", ["application/xml", "application/json"]),
            ("/openapi.json", "get_openapi", "This document.", ["application/json"]),
            ("/views", "list_views", "The saved lists of this deployment, each with the URL that answers it.", ["application/json"]),
        ]
        for (path, id, summary, contentTypes) in documents {
            json.object(path) { json in
                json.object("get") { json in
                    head(id, "deployment", summary, to: &json)
                    json.object("responses") { json in
                        json.object("200") { json in
                            json.field("description", summary)
                            OpenAPIHeader.references(to: &json)
                            json.object("content") { json in for type in contentTypes { json.object(type) { _ in } } }
                        }
                        OpenAPIErrors.references([400, 401, 406], to: &json)
                    }
                }
            }
        }
    }

    /// The search over several collections.
    func writeSearch(to json: inout JSONWriter) {
        json.object("/search") { json in
            read("search", "deployment", "Search several collections at once", ["q", "types", "hits"], to: &json) { json in
                json.field("type", "object")
                json.object("properties") { json in
                    json.object("value") { json in
                        json.field("type", "array")
                        json.object("items") { $0.field("$ref", "#/components/schemas/search_hit") }
                    }
                }
                json.strings("required", ["value"])
            }
        }
    }

    // MARK: Collections

    func write(_ type: ApiType, to json: inout JSONWriter) {
        let name = type.collection
        let schema = type.record.id
        json.object("/\(name)") { json in
            list(
                "list_\(name)", name, "List \(type.record.labelPlural)", schema, hasFiles: true, isSearched: type.record.isSearchable,
                to: &json)
            write("post", "create_\(name)", name, "Create \(type.record.label)", body: "\(schema).new", to: &json) { json in
                answer(
                    201, "The new record, or nothing with Prefer: return=minimal (204).", schema, [.version, .changeSet, .location],
                    to: &json)
                emptyAnswer("Created; OData-EntityId says where.", to: &json)
            }
        }
        json.object("/\(name)/$count") { json in
            let options = ["filter"] + (type.record.isSearchable ? ["search"] : []) + ["count_mode", "include_deleted"]
            count("count_\(name)", name, "Count \(type.record.labelPlural)", options, to: &json)
        }
        json.object("/\(name)/bulk") { json in bulk(type, to: &json) }
        json.object("/\(name)/$each") { json in each(type, to: &json) }
        writeRecord(type, to: &json)
        history(type, to: &json)
        for keys in type.uniqueKeys { writeAlternate(type, keys, to: &json) }
        for property in type.properties { writeProperty(type, property, to: &json) }
    }

    private func writeRecord(_ type: ApiType, to json: inout JSONWriter) {
        let name = type.collection
        json.object("/\(name)({id})") { json in
            parameters(["id"], to: &json)
            records(type, suffix: name, to: &json)
            json.object("delete") { json in
                head("delete_\(name)", name, "Delete \(type.record.label); it can be restored", to: &json)
                parameters(["if_match", "idempotency_key"], to: &json)
                json.object("responses") { json in
                    emptyAnswer("Deleted.", [.changeSet], to: &json)
                    OpenAPIErrors.references(OpenAPIErrors.writing, to: &json)
                }
            }
        }
        for action in Resource.Action.allCases where type.property(action.rawValue) == nil {
            json.object("/\(name)({id})/\(action.rawValue)") { json in
                parameters(["id"], to: &json)
                json.object("post") { json in
                    let summary =
                        action == .restore ? "Bring deleted \(type.record.label) back" : "Remove \(type.record.label) for good"
                    head("\(action.rawValue)_\(name)", name, summary, to: &json)
                    parameters(["if_match", "prefer", "idempotency_key"], to: &json)
                    json.object("responses") { json in
                        emptyAnswer("Done.", to: &json)
                        if action == .restore { answer(200, "The record, with Prefer: return=representation.", type.record.id, to: &json) }
                        OpenAPIErrors.references(OpenAPIErrors.writing, to: &json)
                    }
                }
            }
        }
    }

    /// GET, PATCH and PUT of one record.
    private func records(_ type: ApiType, suffix: String, to json: inout JSONWriter) {
        let schema = type.record.id
        let label = type.record.label
        read(
            "get_\(suffix)", type.collection, "Read \(label)", OpenAPIParameters.record, headers: [.version],
            errors: OpenAPIErrors.reading + [412], to: &json
        ) { $0.field("$ref", "#/components/schemas/\(schema)") }
        for (method, verb, summary) in [("patch", "update", "Change properties of \(label)"), ("put", "replace", "Replace \(label)")] {
            write(method, "\(verb)_\(suffix)", type.collection, summary, body: "\(schema).write", to: &json) { json in
                emptyAnswer("Written; ETag has the new version.", to: &json)
                answer(200, "The record, with Prefer: return=representation.", schema, to: &json)
            }
        }
    }

    /// `people(email='{email}')`
    private func writeAlternate(_ type: ApiType, _ keys: [String], to json: inout JSONWriter) {
        let values = keys.map { key -> String in
            switch type.property(key)?.type {
            case .string, .choice: "\(key)='{\(key)}'"
            default: "\(key)={\(key)}"
            }
        }
        json.object("/\(type.collection)(\(values.joined(separator: ",")))") { json in
            json.array("parameters") { json in
                for key in keys {
                    json.object { json in
                        json.field("name", key)
                        json.field("in", "path")
                        json.field("required", true)
                        json.object("schema") { json in
                            if let property = type.property(key) {
                                OpenAPISchemas.write(property.type, isNullable: false, nil, to: &json)
                            }
                        }
                    }
                }
            }
            records(type, suffix: "\(type.collection)_by_\(keys.joined(separator: "_"))", to: &json)
        }
    }

    // MARK: Pieces

    func head(_ id: String, _ tag: String, _ summary: String, to json: inout JSONWriter) {
        json.field("operationId", id)
        json.strings("tags", [tag])
        json.field("summary", summary)
    }

    func parameters(_ names: [String], to json: inout JSONWriter) {
        json.array("parameters") { json in
            for name in names { json.object { $0.field("$ref", "#/components/parameters/\(name)") } }
        }
    }

    /// A number as text.
    func count(_ id: String, _ tag: String, _ summary: String, _ options: [String], to json: inout JSONWriter) {
        read(id, tag, summary, options, contentType: "text/plain", to: &json) { $0.field("type", "integer") }
    }

    private static let fileTypes = [Negotiation.Representation.csv, .workbook, .cards].flatMap(\.mediaTypes)

    /// Pages of records. Those of a collection (`hasFiles`) come all at once as a file too, and as what changed of them.
    func list(
        _ id: String, _ tag: String, _ summary: String, _ schema: String, hasFiles: Bool = false, isSearched: Bool = false,
        to json: inout JSONWriter
    ) {
        let known = hasFiles ? OpenAPIParameters.collection : OpenAPIParameters.list
        let parameters = known.filter { isSearched || $0 != "search" }
        read(
            id, tag, summary, parameters, alsoAs: hasFiles ? Self.fileTypes : [], errors: OpenAPIErrors.reading + (hasFiles ? [410] : []),
            to: &json
        ) { page(of: schema, isTracked: hasFiles, to: &$0) }
    }

    func read(
        _ id: String, _ tag: String, _ summary: String, _ parameterNames: [String], contentType: String = "application/json",
        alsoAs texts: [String] = [], empty: String? = nil, headers: [OpenAPIHeader] = [], errors: [Int] = OpenAPIErrors.reading,
        to json: inout JSONWriter,
        _ schema: (inout JSONWriter) -> Void
    ) {
        json.object("get") { json in
            head(id, tag, summary, to: &json)
            parameters(parameterNames, to: &json)
            json.object("responses") { json in
                json.object("200") { json in
                    json.field("description", summary)
                    OpenAPIHeader.references(headers, to: &json)
                    json.object("content") { json in
                        json.object(contentType) { $0.object("schema", schema) }
                        for text in texts { json.object(text) { $0.object("schema") { $0.field("type", "string") } } }
                    }
                }
                if let empty { OpenAPIHeader.emptyAnswer(204, empty, to: &json) }
                if parameterNames.contains("if_none_match") {
                    OpenAPIHeader.emptyAnswer(304, "The client has this version.", [.version], to: &json)
                }
                OpenAPIErrors.references(errors, to: &json)
            }
        }
    }

    private func write(
        _ method: String, _ id: String, _ tag: String, _ summary: String, body schema: String, to json: inout JSONWriter,
        _ answers: (inout JSONWriter) -> Void
    ) {
        json.object(method) { json in
            head(id, tag, summary, to: &json)
            parameters(method == "post" ? OpenAPIParameters.create : OpenAPIParameters.write, to: &json)
            body(schema, to: &json)
            json.object("responses") { json in
                answers(&json)
                OpenAPIErrors.references(OpenAPIErrors.writing, to: &json)
            }
        }
    }

    func body(_ schema: String, to json: inout JSONWriter) {
        json.object("requestBody") { json in
            json.field("required", true)
            json.object("content") { json in
                json.object("application/json") { $0.object("schema") { $0.field("$ref", "#/components/schemas/\(schema)") } }
            }
        }
    }

    func answer(
        _ status: Int, _ description: String, _ schema: String, _ headers: [OpenAPIHeader] = [.version, .changeSet],
        to json: inout JSONWriter
    ) {
        json.object(String(status)) { json in
            json.field("description", description)
            OpenAPIHeader.references(headers, to: &json)
            json.object("content") { json in
                json.object("application/json") { $0.object("schema") { $0.field("$ref", "#/components/schemas/\(schema)") } }
            }
        }
    }

    /// 204 to a write.
    func emptyAnswer(_ description: String, _ headers: [OpenAPIHeader] = [.version, .changeSet], to json: inout JSONWriter) {
        OpenAPIHeader.emptyAnswer(204, description, headers, to: &json)
    }

    func page(of schema: String, isTracked: Bool, to json: inout JSONWriter) {
        json.field("type", "object")
        json.object("properties") { json in
            json.object("@context") { $0.field("type", "string") }
            json.object("@count") { $0.field("type", "integer") }
            json.object("@nextLink") { json in
                json.field("type", "string")
                json.field("description", "Address of the next page; absent on the last one.")
            }
            if isTracked {
                json.object("@deltaLink") { json in
                    json.field("type", "string")
                    json.field("description", "On the last page, with Prefer: track-changes: address of what changes from now on.")
                }
            }
            json.object("value") { json in
                json.field("type", "array")
                json.object("items") { json in
                    guard isTracked else { return json.field("$ref", "#/components/schemas/\(schema)") }
                    json.array("anyOf") { json in
                        for name in [schema, "removed"] { json.object { $0.field("$ref", "#/components/schemas/\(name)") } }
                    }
                }
            }
        }
        json.strings("required", ["value"])
    }
}
