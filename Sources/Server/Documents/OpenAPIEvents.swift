import Catalog
import Events

/// Describes the event log and the history of records.
enum OpenAPIEvents {
    static func writeSchemas(to json: inout JSONWriter) {
        OpenAPIPlatform.object(
            "cloud_event", required: ["specversion", "id", "source", "type", "time", "position", "correlation", "data"], to: &json
        ) { json in
            for name in ["specversion", "source", "type", "datacontenttype", "channel"] { OpenAPIPlatform.text(name, to: &json) }
            for name in ["id", "subject", "actor", "onbehalfof", "changeset", "correlation"] {
                OpenAPIPlatform.text(name, format: "uuid", to: &json)
            }
            OpenAPIPlatform.text("time", format: "date-time", to: &json)
            json.object("position") { json in
                json.field("type", "string")
                json.field("description", "Its place in the log, a number without gaps.")
            }
            json.object("cause") { json in
                json.field("type", "string")
                json.field("description", "The events that led to it, oldest first, with blanks between.")
            }
            json.object("data") { json in
                json.field("type", "object")
                json.object("properties") { json in
                    OpenAPIPlatform.text("type", to: &json)
                    OpenAPIPlatform.text("id", format: "uuid", to: &json)
                    OpenAPIPlatform.integer("version", to: &json)
                    strings("changed", to: &json)
                    for name in ["old", "new"] { json.object(name) { $0.field("type", "object") } }
                }
            }
        }
        OpenAPIPlatform.object("event_status", required: ["head", "first", "backlog", "subscriptions"], to: &json) { json in
            for name in ["head", "first", "backlog"] { OpenAPIPlatform.integer(name, to: &json) }
            OpenAPIPlatform.items("subscriptions", "subscription", to: &json)
        }
        OpenAPIPlatform.object("subscription", required: ["id", "state", "position", "lag", "attempts", "holds"], to: &json) { json in
            OpenAPIPlatform.text("id", to: &json)
            json.object("state") { json in
                json.field("type", "string")
                json.strings("enum", ["active", "paused", "halted", "lost", "retired"])
            }
            for name in ["position", "lag", "attempts", "holds", "handled", "skipped", "parked", "waiting", "held"] {
                OpenAPIPlatform.integer(name, to: &json)
            }
            json.object("rate") { json in
                json.field("type", "number")
                json.field("description", "Events a second, over the last minute.")
            }
            for name in ["retry_at", "moved_at", "failed_at"] { OpenAPIPlatform.text(name, format: "date-time", nullable: true, to: &json) }
            OpenAPIPlatform.text("error", nullable: true, to: &json)
        }
        OpenAPIPlatform.object("event_aside", required: ["subscription", "state", "attempts", "event"], to: &json) { json in
            OpenAPIPlatform.text("subscription", to: &json)
            json.object("state") { json in
                json.field("type", "string")
                json.strings("enum", ["waiting", "quiet", "held", "parked"])
            }
            for name in ["due_at", "failed_at"] { OpenAPIPlatform.text(name, format: "date-time", nullable: true, to: &json) }
            OpenAPIPlatform.integer("attempts", to: &json)
            OpenAPIPlatform.text("error", nullable: true, to: &json)
            json.object("event") { $0.field("$ref", "#/components/schemas/cloud_event") }
        }
        OpenAPIPlatform.object("subscription_order", required: ["subscription", "action"], to: &json) { json in
            OpenAPIPlatform.text("subscription", to: &json)
            json.object("action") { json in
                json.field("type", "string")
                json.strings("enum", SubscriptionOrder.Action.allCases.map(\.rawValue))
            }
            json.object("positions") { json in
                json.field("type", "array")
                json.object("items") { $0.field("type", "integer") }
            }
            json.object("new") { $0.field("type", "object") }
            OpenAPIPlatform.integer("from", to: &json)
            OpenAPIPlatform.text("since", format: "date-time", to: &json)
        }
        OpenAPIPlatform.object(
            "history_entry", required: ["version", "action", "at", "principal_id", "channel", "change_set", "changes"], to: &json
        ) { json in
            OpenAPIPlatform.integer("version", to: &json)
            json.object("action") { json in
                json.field("type", "string")
                json.strings("enum", ["create", "update", "delete", "restore", "purge"])
            }
            OpenAPIPlatform.text("at", format: "date-time", to: &json)
            OpenAPIPlatform.text("principal_id", format: "uuid", to: &json)
            OpenAPIPlatform.text("principal", nullable: true, to: &json)
            OpenAPIPlatform.text("on_behalf_of", format: "uuid", nullable: true, to: &json)
            OpenAPIPlatform.text("channel", to: &json)
            OpenAPIPlatform.text("change_set", format: "uuid", to: &json)
            OpenAPIPlatform.items("changes", "history_change", to: &json)
        }
        OpenAPIPlatform.object("history_change", required: ["property", "from", "to"], to: &json) { json in
            OpenAPIPlatform.text("property", to: &json)
            for name in ["from", "to"] { json.object(name) { _ in } }
        }
    }

    private static func strings(_ name: String, to json: inout JSONWriter) {
        json.object(name) { json in
            json.field("type", "array")
            json.object("items") { $0.field("type", "string") }
        }
    }
}

extension OpenAPIOperations {
    func writeEvents(to json: inout JSONWriter) {
        json.object("/events") { json in
            read(
                "list_events", "events", "Read the event log from a position on; administrators", ["from", "topic", "events"],
                contentType: "application/cloudevents-batch+json", headers: [.link], errors: OpenAPIErrors.reading + [410], to: &json
            ) { json in
                json.field("type", "array")
                json.object("items") { $0.field("$ref", "#/components/schemas/cloud_event") }
            }
        }
        json.object("/events/status") { json in
            read("get_event_status", "events", "How the log and its subscriptions stand; administrators", [], to: &json) {
                $0.field("$ref", "#/components/schemas/event_status")
            }
        }
    }

    /// What operators see and do about subscriptions.
    func writeSubscriptions(to json: inout JSONWriter) {
        json.object("/events/aside") { json in
            read(
                "list_events_aside", "events", "What subscriptions have put aside; administrators",
                ["subscription", "aside_state", "events"], to: &json
            ) { json in
                json.field("type", "object")
                json.object("properties") { OpenAPIPlatform.items("value", "event_aside", to: &$0) }
                json.strings("required", ["value"])
            }
        }
        json.object("/events/orders") { json in
            json.object("post") { json in
                json.field("operationId", "order_events")
                json.strings("tags", ["events"])
                json.field("summary", "Pause, resume or replay a subscription; retry, skip or edit what it has put aside; administrators")
                json.array("parameters") { $0.object { $0.field("$ref", "#/components/parameters/idempotency_key") } }
                json.object("requestBody") { json in
                    json.field("required", true)
                    json.object("content") { json in
                        json.object("application/json") { json in
                            json.object("schema") { $0.field("$ref", "#/components/schemas/subscription_order") }
                        }
                    }
                }
                json.object("responses") { json in
                    json.object("200") { json in
                        json.field("description", "How many events it concerns.")
                        OpenAPIHeader.references(to: &json)
                        json.object("content") { json in
                            json.object("application/json") { json in
                                json.object("schema") { json in
                                    json.field("type", "object")
                                    json.object("properties") { OpenAPIPlatform.integer("events", to: &$0) }
                                }
                            }
                        }
                    }
                    OpenAPIErrors.references(OpenAPIErrors.writing + [404, 409, 410], to: &json)
                }
            }
        }
    }

    func history(_ type: ApiType, to json: inout JSONWriter) {
        guard type.property("history") == nil else { return }
        json.object("/\(type.collection)({id})/history") { json in
            parameters(["id"], to: &json)
            read(
                "list_history_of_\(type.collection)", type.collection, "What became of \(type.record.label), newest first",
                ["events", "skiptoken", "maxpagesize"], to: &json
            ) { json in
                json.field("type", "object")
                json.object("properties") { json in
                    OpenAPIPlatform.items("value", "history_entry", to: &json)
                    json.object("current") { $0.field("type", "boolean") }
                    OpenAPIPlatform.text("@nextLink", to: &json)
                }
                json.strings("required", ["value", "current"])
            }
        }
    }
}
