/// Schemas of what writes many records.
extension OpenAPISchemas {
    func writeBulk(to json: inout JSONWriter) {
        json.object("bulk_result") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("change_set") { json in
                    json.field("type", "string")
                    json.field("format", "uuid")
                    json.field("description", "The change set of what was written.")
                }
                json.object("succeeded") { $0.field("type", "integer") }
                json.object("failed") { $0.field("type", "integer") }
                json.object("dry_run") { $0.field("type", "boolean") }
                Self.writeCounts(to: &json)
                json.object("value") { json in
                    json.field("type", "array")
                    json.field(
                        "description",
                        "One entry for each item, in their order. Of more than \(BulkOutcome.listed) in the background, those that failed alone, and with "
                            + "dry_run the first \(BulkOutcome.listedChanges)."
                    )
                    json.object("items") { json in
                        json.field("type", "object")
                        json.object("properties") { json in
                            json.object("status") { $0.field("type", "integer") }
                            json.object("id") { json in
                                json.field("type", "string")
                                json.field("format", "uuid")
                            }
                            json.object("@etag") { $0.field("type", "string") }
                            json.object("error") { $0.field("$ref", "#/components/schemas/error_object") }
                            json.object("changes") { json in
                                json.field("type", "array")
                                json.field("description", "With dry_run: what would change.")
                                json.object("items") { $0.field("$ref", "#/components/schemas/change") }
                            }
                        }
                        json.strings("required", ["status"])
                    }
                }
            }
            json.strings("required", ["succeeded", "failed", "value"])
        }
    }

    func writeBatch(to json: inout JSONWriter) {
        json.object("batch") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("requests") { json in
                    json.field("type", "array")
                    json.object("items") { writeBatchRequest(to: &$0) }
                }
            }
            json.strings("required", ["requests"])
        }
        json.object("batch_result") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("responses") { json in
                    json.field("type", "array")
                    json.field("description", "One entry for each request, in their order.")
                    json.object("items") { json in
                        json.field("type", "object")
                        json.object("properties") { json in
                            for name in ["id", "atomicityGroup"] { json.object(name) { $0.field("type", "string") } }
                            json.object("status") { $0.field("type", "integer") }
                            json.object("headers") { Self.writeTexts(to: &$0) }
                            json.object("body") { $0.field("description", "JSON; text as a string; all else base64url-encoded.") }
                        }
                        json.strings("required", ["id", "status"])
                    }
                }
                json.object("dry_run") { $0.field("type", "boolean") }
                Self.writeRehearsed(limit: BulkOutcome.listedChanges, to: &json)
            }
            json.strings("required", ["responses"])
        }
    }

    private func writeBatchRequest(to json: inout JSONWriter) {
        json.field("type", "object")
        json.object("properties") { json in
            for name in ["id", "atomicityGroup"] {
                json.object(name) { json in
                    json.field("type", "string")
                    json.field("pattern", "^[A-Za-z0-9._~-]{1,\(BatchRequest.longestID)}$")
                }
            }
            json.object("method") { json in
                json.field("type", "string")
                json.strings("enum", ["get", "post", "patch", "put", "delete"])
            }
            json.object("url") { json in
                json.field("type", "string")
                json.field("description", "Relative to the service root; `$1/…` begins at the record of request 1.")
            }
            json.object("dependsOn") { json in
                json.field("type", "array")
                json.object("items") { $0.field("type", "string") }
            }
            json.object("if") { json in
                json.field("type", "string")
                json.field("description", "When to carry it out: `$1/$succeeded`, `$1/amount gt 5`.")
            }
            json.object("headers") { Self.writeTexts(to: &$0) }
            json.object("body") { $0.field("description", "As in a request of its own.") }
        }
        json.strings("required", ["id", "method", "url"])
    }

    /// What a dry run would change: counted by type, and the first changes one by one.
    static func writeRehearsed(limit: Int, to json: inout JSONWriter) {
        writeCounts(to: &json)
        json.object("changes") { json in
            json.field("type", "array")
            json.field("description", "With dry_run: what would change, the first \(limit) changes.")
            json.object("items") { $0.field("$ref", "#/components/schemas/change") }
        }
    }

    private static func writeCounts(to json: inout JSONWriter) {
        json.object("counts") { json in
            json.field("type", "array")
            json.field("description", "With dry_run: how many records would change, by type.")
            json.object("items") { $0.field("$ref", "#/components/schemas/change_count") }
        }
    }

    private static func writeTexts(to json: inout JSONWriter) {
        json.field("type", "object")
        json.object("additionalProperties") { $0.field("type", "string") }
    }
}
