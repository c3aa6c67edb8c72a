import Catalog
import QueryLanguage
import Records

/// Operations that write many records: the bulk action, `$each`, and batches.
extension OpenAPIOperations {
    func bulk(_ type: ApiType, to json: inout JSONWriter) {
        json.object("post") { json in
            head("bulk_\(type.collection)", type.collection, "Write many \(type.record.labelPlural)", to: &json)
            json.field(
                "description",
                "All or nothing; with Prefer: continue-on-error, good items are kept, bad ones reported. \(limits.bulkItems) items at most."
            )
            parameters(["dry_run"] + OpenAPIParameters.bulk, to: &json)
            json.object("requestBody") { json in
                json.field("required", true)
                json.object("content") { json in
                    json.object("application/json") { json in json.object("schema") { bulkSchema(type, to: &$0) } }
                }
            }
            json.object("responses") { json in
                answer(200, "What became of each item.", "bulk_result", [.changeSet], to: &json)
                OpenAPIPlatform.accepted(to: &json)
                OpenAPIErrors.references(OpenAPIErrors.writing, to: &json)
            }
        }
    }

    private func bulkSchema(_ type: ApiType, to json: inout JSONWriter) {
        json.field("type", "object")
        json.object("properties") { json in
            json.object("operation") { json in
                json.field("type", "string")
                json.strings("enum", BulkRequest.Operation.allCases.map(\.rawValue))
            }
            json.object("by") { json in
                json.field("type", "array")
                json.field("description", "With upsert: the properties that find a record.")
                json.object("items") { $0.field("type", "string") }
            }
            json.object("link") { json in
                json.field("type", "string")
                json.field("description", "With link and unlink: the link to change. Each item is `{\"id\": …, \"target\": {\"id\": …}}`.")
            }
            json.object("items") { json in
                json.field("type", "array")
                json.field("maxItems", limits.bulkItems)
                json.object("items") { json in
                    json.array("anyOf") { json in
                        json.object { $0.field("$ref", "#/components/schemas/\(type.record.id).write") }
                        json.object { $0.field("$ref", "#/components/schemas/\(type.record.id).new") }
                        json.object { json in
                            json.field("type", "string")
                            json.field("description", "The id alone, to delete, restore or purge.")
                        }
                    }
                }
            }
        }
        json.strings("required", ["operation", "items"])
    }

    func each(_ type: ApiType, to json: inout JSONWriter) {
        let label = type.record.labelPlural
        for (method, verb, summary) in [
            ("patch", "update", "Change all \(label) that a condition selects"),
            ("delete", "delete", "Delete all \(label) that a condition selects"),
        ] {
            json.object(method) { json in
                head("\(verb)_each_\(type.collection)", type.collection, summary, to: &json)
                json.field(
                    "description",
                    "All or nothing; with Prefer: continue-on-error, good items are kept, bad ones reported. \(limits.bulkItems) records at most; in the background, with Prefer: respond-async, \(EachJob.mostRecords)."
                )
                parameters(["each_filter", "dry_run"] + OpenAPIParameters.bulk, to: &json)
                if method == "patch" { body("\(type.record.id).write", to: &json) }
                json.object("responses") { json in
                    answer(200, "What became of each record.", "bulk_result", [.changeSet], to: &json)
                    OpenAPIPlatform.accepted(to: &json)
                    OpenAPIErrors.references(OpenAPIErrors.writing, to: &json)
                }
            }
        }
    }

    func batch(to json: inout JSONWriter) {
        json.object("/$batch") { json in
            json.object("post") { json in
                head("batch", "deployment", "Carry out many requests", to: &json)
                json.field(
                    "description",
                    "OData JSON 4.01 section 19: \(limits.batchRequests) requests at most, in any order that dependsOn allows. Prefer: continue-on-error=false stops after the first failure."
                )
                parameters(["dry_run"] + OpenAPIParameters.bulk, to: &json)
                body("batch", to: &json)
                json.object("responses") { json in
                    json.object("200") { json in
                        json.field("description", "What became of each request.")
                        OpenAPIHeader.references([.changeSet], to: &json)
                        json.object("content") { json in
                            json.object("application/json") {
                                $0.object("schema") { $0.field("$ref", "#/components/schemas/batch_result") }
                            }
                        }
                    }
                    OpenAPIErrors.references([400, 401, 406, 408, 413, 415, 503], to: &json)
                }
            }
        }
    }
}
