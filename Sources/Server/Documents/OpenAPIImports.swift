import Records
import Transfer

/// Describes how imports begin.
enum OpenAPIImports {
    static func writePaths(to json: inout JSONWriter) {
        json.object("/imports") { json in
            json.object("post") { json in
                head(
                    "begin_import", "Import a file",
                    "In the background: Location is the job's address, where the result is in the end. Sent again while it runs, it is the same job; "
                        + "sent again after it was broken off, it goes on where it stopped.", to: &json)
                parameters(["dry_run", "change_set", "idempotency_key"], to: &json)
                body(to: &json)
                json.object("responses") { json in
                    OpenAPIHeader.emptyAnswer(202, "It is queued; Location is the job's address.", [.location], to: &json)
                    OpenAPIErrors.references(OpenAPIErrors.writing, to: &json)
                }
            }
        }
        json.object("/imports/plan") { json in
            json.object("post") { json in
                head(
                    "plan_import", "What an import would do with a file's columns",
                    "Nothing is imported. A file that comes with the request is kept as an upload is, so that the import can name it.",
                    to: &json)
                body(to: &json)
                json.object("responses") { json in
                    json.object("200") { json in
                        json.field("description", "The mapping: given, or guessed from the headers, with the formats of all columns.")
                        OpenAPIHeader.references(to: &json)
                        json.object("content") { json in
                            json.object("application/json") { json in
                                json.object("schema") { $0.field("$ref", "#/components/schemas/import_plan") }
                            }
                        }
                    }
                    OpenAPIErrors.references(OpenAPIErrors.writing, to: &json)
                }
            }
        }
    }

    private static func head(_ id: String, _ summary: String, _ description: String, to json: inout JSONWriter) {
        json.field("operationId", id)
        json.strings("tags", ["imports"])
        json.field("summary", summary)
        json.field("description", description)
    }

    private static func parameters(_ names: [String], to json: inout JSONWriter) {
        json.array("parameters") { json in
            for name in names { json.object { $0.field("$ref", "#/components/parameters/\(name)") } }
        }
    }

    private static func body(to json: inout JSONWriter) {
        json.object("requestBody") { json in
            json.field("required", true)
            json.object("content") { json in
                json.object("application/json") { json in
                    json.object("schema") { json in
                        json.array("allOf") { json in
                            json.object { $0.field("$ref", "#/components/schemas/import_options") }
                            json.object { $0.strings("required", ["file_id"]) }
                        }
                    }
                }
                json.object("multipart/form-data") { json in
                    json.object("schema") { json in
                        json.field("type", "object")
                        json.object("properties") { json in
                            json.object("options") { $0.field("$ref", "#/components/schemas/import_options") }
                            json.object("file") { json in
                                json.field("type", "string")
                                json.field("format", "binary")
                            }
                        }
                        json.strings("required", ["options", "file"])
                    }
                    json.object("encoding") { json in
                        json.object("options") { $0.field("contentType", "application/json") }
                    }
                }
            }
        }
    }

    // MARK: Schemas

    static func writeSchemas(to json: inout JSONWriter) {
        writeResult(to: &json)
        object("import_options", required: ["collection"], to: &json) { json in
            property("collection", "string", "Where the records go.", to: &json)
            property("file_id", "string", format: "uuid", "An uploaded file; not in a form, which brings its own.", to: &json)
            list("match", "Properties by which a record is found that is changed; else every row is a new record.", to: &json)
            json.object("mapping") { json in
                json.field(
                    "description", "Which column fills what: the text of a mapping file, or the same as an object; else it is guessed.")
                json.array("anyOf") { json in
                    json.object { $0.field("type", "string") }
                    json.object { $0.field("$ref", "#/components/schemas/import_mapping") }
                }
            }
            property("sheet", "string", "The sheet of a workbook; else the first.", to: &json)
            property("create_links", "boolean", "Make records that links by name or key don't find.", to: &json)
            property(
                "automation", "boolean",
                "Whether automation acts on what comes in; else it does up to 10,000 rows. It is recorded in the change set.", to: &json)
            property("restart", "boolean", "Begin anew, though an import of this file was broken off before.", to: &json)
        }
        object("import_mapping", required: ["import", "collection", "columns"], to: &json) { json in
            property("import", "integer", "1: the version of the form.", to: &json)
            property("collection", "string", nil, to: &json)
            list("match", nil, to: &json)
            json.object("columns") { json in
                json.field("type", "array")
                json.object("items") { json in
                    json.field("type", "object")
                    json.object("properties") { json in
                        property("header", "string", "As it stands in the file.", to: &json)
                        property("to", "string", "The property, with a member after a slash.", to: &json)
                        property("format", "string", "How its dates (`d.M.yyyy`) or numbers (`1.234,5`) are written.", to: &json)
                        property("currency", "string", "Of amounts that name none.", to: &json)
                        property("zone", "string", "Of moments that name none: a time zone such as Europe/Oslo.", to: &json)
                        property(
                            "replace", "boolean",
                            "Whether a row has the whole list of a record that is changed, and no entries that join it.",
                            to: &json)
                    }
                    json.strings("required", ["header", "to"])
                }
            }
        }
        object("import_plan", required: ["file_id", "format", "rows", "assignments", "left_out", "mapping", "notes"], to: &json) { json in
            property("file_id", "string", format: "uuid", "The file, for the import.", to: &json)
            json.object("format") { json in
                json.field("type", "string")
                json.strings("enum", ["csv", "xlsx", "vcard"])
            }
            property("rows", "integer", nil, to: &json)
            json.object("assignments") { json in
                json.field("type", "array")
                json.object("items") { json in
                    json.field("type", "object")
                    json.object("properties") { json in
                        property("source", "string", "A header, or a property of cards.", to: &json)
                        property("to", "string", nil, to: &json)
                        json.object("format") { $0.strings("type", ["string", "null"]) }
                        list("candidates", "Formats that fit equally well: the mapping has to choose one before the import.", to: &json)
                    }
                    json.strings("required", ["source", "to", "format", "candidates"])
                }
            }
            list("left_out", "Headers, or properties of cards, that fill nothing.", to: &json)
            list("notes", "What to know before the import begins, in sentences.", to: &json)
            json.object("mapping") { json in
                json.field("description", "To be corrected and sent along; null for cards, which need none.")
                json.array("anyOf") { json in
                    json.object { $0.field("$ref", "#/components/schemas/import_mapping") }
                    json.object { $0.field("type", "null") }
                }
            }
        }
    }

    /// The result of an import's job.
    private static func writeResult(to json: inout JSONWriter) {
        object("import_result", required: ["created", "updated", "unchanged", "failed", "dry_run", "errors"], to: &json) { json in
            for name in ["created", "updated", "unchanged", "failed", "resumed_after"] { property(name, "integer", nil, to: &json) }
            property("dry_run", "boolean", nil, to: &json)
            for (name, description) in [
                ("change_set", "What came in; null for a dry run, and where nothing did."),
                ("failed_rows_id", "The file with the rows that failed; null where none did."),
            ] {
                json.object(name) { json in
                    json.strings("type", ["string", "null"])
                    json.field("format", "uuid")
                    json.field("description", description)
                }
            }
            json.object("failed_rows_mapping") { json in
                json.field(
                    "description",
                    "The mapping that reads the file with the rows that failed as this one was read; null where none did, and for cards.")
                json.array("anyOf") { json in
                    json.object { $0.field("$ref", "#/components/schemas/import_mapping") }
                    json.object { $0.field("type", "null") }
                }
            }
            OpenAPISchemas.writeRehearsed(limit: Importer.listedChanges, to: &json)
            json.object("errors") { json in
                json.field("type", "array")
                json.field("description", "The first rows that failed.")
                json.object("items") { json in
                    json.field("type", "object")
                    json.object("properties") { json in
                        property("line", "integer", nil, to: &json)
                        property("reason", "string", nil, to: &json)
                    }
                }
            }
        }
    }

    private static func object(
        _ name: String, required: [String], to json: inout JSONWriter, _ properties: (inout JSONWriter) -> Void
    ) {
        json.object(name) { json in
            json.field("type", "object")
            json.object("properties", properties)
            json.strings("required", required)
        }
    }

    private static func property(_ name: String, _ type: String, format: String? = nil, _ description: String?, to json: inout JSONWriter) {
        json.object(name) { json in
            json.field("type", type)
            if let format { json.field("format", format) }
            if let description { json.field("description", description) }
        }
    }

    private static func list(_ name: String, _ description: String?, to json: inout JSONWriter) {
        json.object(name) { json in
            json.field("type", "array")
            if let description { json.field("description", description) }
            json.object("items") { $0.field("type", "string") }
        }
    }
}
