import Catalog
import QueryLanguage

/// The operations on files.
struct OpenAPIFiles {
    let limit: Int64

    /// `/files` and what is behind it.
    func write(to json: inout JSONWriter) {
        json.object("/files") { json in
            json.object("post") { json in
                head("upload_file", "files", "Upload a file, to be referred to by a record", to: &json)
                json.field("description", "At most \(limit) bytes. A file that no record refers to is removed after some days.")
                json.array("parameters") { name(to: &$0) }
                body(to: &json)
                json.object("responses") { json in
                    json.object("201") { json in
                        json.field("description", "What is known of the file.")
                        OpenAPIHeader.references([.location], to: &json)
                        schema("file", to: &json)
                    }
                    OpenAPIErrors.references([400, 401, 403, 408, 413, 415, 503], to: &json)
                }
            }
        }
        json.object("/files({id})") { json in
            id(to: &json)
            json.object("get") { json in
                head("get_file", "files", "What is known of a file", to: &json)
                json.object("responses") { json in
                    json.object("200") { json in
                        json.field("description", "What is known of the file.")
                        OpenAPIHeader.references([.version], to: &json)
                        schema("file", to: &json)
                    }
                    OpenAPIErrors.references(OpenAPIErrors.reading, to: &json)
                }
            }
        }
        json.object("/files({id})/$value") { json in
            id(to: &json)
            download("download_file", "files", "Download a file", isOptional: false, to: &json)
        }
    }

    /// `/people({id})/photo/$value` for every file property of a type.
    func write(_ type: ApiType, to json: inout JSONWriter) {
        for property in type.properties where property.type.isFile {
            let operation = "\(type.collection)_\(property.name)"
            json.object("/\(type.collection)({id})/\(property.name)/$value") { json in
                id(to: &json)
                download("download_\(operation)", type.collection, "Download \(property.name)", isOptional: true, to: &json)
                json.object("put") { json in
                    head("upload_\(operation)", type.collection, "Upload \(property.name)", to: &json)
                    json.array("parameters") { json in
                        json.object { $0.field("$ref", "#/components/parameters/if_match") }
                        name(to: &json)
                    }
                    body(to: &json)
                    written(to: &json)
                }
                json.object("delete") { json in
                    head("clear_\(operation)", type.collection, "Clear \(property.name)", to: &json)
                    json.array("parameters") { json in
                        for name in ["if_match", "idempotency_key"] { json.object { $0.field("$ref", "#/components/parameters/\(name)") } }
                    }
                    written(to: &json)
                }
            }
        }
    }

    /// The schema `file`: what `GET /files(ID)` answers.
    static func writeSchema(to json: inout JSONWriter) {
        json.object("file") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("id") { json in
                    json.field("type", "string")
                    json.field("format", "uuid")
                }
                json.object("name") { $0.field("type", "string") }
                json.object("media_type") { json in
                    json.field("type", "string")
                    json.field("description", "What the bytes say, whatever the sender said.")
                }
                json.object("size") { json in
                    json.field("type", "integer")
                    json.field("format", "int64")
                }
                json.object("sha256") { $0.field("type", "string") }
                json.object("created_at") { json in
                    json.field("type", "string")
                    json.field("format", "date-time")
                }
            }
        }
    }

    private func download(_ operation: String, _ tag: String, _ summary: String, isOptional: Bool, to json: inout JSONWriter) {
        json.object("get") { json in
            head(operation, tag, summary, to: &json)
            json.array("parameters") { json in
                for (name, description) in [
                    ("Range", "`bytes=0-499`, `bytes=500-`, `bytes=-500`"), ("If-Range", "ETag that the range is meant for."),
                    ("If-None-Match", "ETag that the client has."),
                ] {
                    json.object { json in
                        json.field("name", name)
                        json.field("in", "header")
                        json.field("description", description)
                        json.object("schema") { $0.field("type", "string") }
                    }
                }
            }
            json.object("responses") { json in
                for (status, description) in [("200", "The content."), ("206", "The part of it that Range asks for.")] {
                    json.object(status) { json in
                        json.field("description", description)
                        OpenAPIHeader.references([.version], to: &json)
                        json.object("content") { $0.object("*/*") { _ in } }
                    }
                }
                if isOptional { OpenAPIHeader.emptyAnswer(204, "The property is empty.", to: &json) }
                OpenAPIHeader.emptyAnswer(304, "The client has this content.", [.version], to: &json)
                OpenAPIErrors.references([400, 401, 403, 404, 412, 416, 503], to: &json)
            }
        }
    }

    // MARK: Pieces

    private func head(_ id: String, _ tag: String, _ summary: String, to json: inout JSONWriter) {
        json.field("operationId", id)
        json.strings("tags", [tag])
        json.field("summary", summary)
    }

    private func id(to json: inout JSONWriter) {
        json.array("parameters") { $0.object { $0.field("$ref", "#/components/parameters/id") } }
    }

    private func name(to json: inout JSONWriter) {
        json.object { json in
            json.field("name", "name")
            json.field("in", "query")
            json.field("description", "The file's name; else Content-Disposition says, or the form.")
            json.object("schema") { $0.field("type", "string") }
        }
    }

    private func body(to json: inout JSONWriter) {
        json.object("requestBody") { json in
            json.field("required", true)
            json.object("content") { json in
                json.object("*/*") { json in
                    json.object("schema") { json in
                        json.field("type", "string")
                        json.field("format", "binary")
                    }
                }
                json.object("multipart/form-data") { json in
                    json.object("schema") { json in
                        json.field("type", "object")
                        json.object("properties") { json in
                            json.object("file") { json in
                                json.field("type", "string")
                                json.field("format", "binary")
                            }
                        }
                        json.strings("required", ["file"])
                    }
                }
            }
        }
    }

    private func schema(_ name: String, to json: inout JSONWriter) {
        json.object("content") { json in
            json.object("application/json") { $0.object("schema") { $0.field("$ref", "#/components/schemas/\(name)") } }
        }
    }

    private func written(to json: inout JSONWriter) {
        json.object("responses") { json in
            OpenAPIHeader.emptyAnswer(204, "Written; ETag has the record's new version.", [.version], to: &json)
            OpenAPIErrors.references(OpenAPIErrors.writing, to: &json)
        }
    }
}
