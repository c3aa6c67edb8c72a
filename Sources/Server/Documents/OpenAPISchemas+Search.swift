/// What a search over several collections answers.
extension OpenAPISchemas {
    func writeSearchHit(to json: inout JSONWriter) {
        json.object("search_hit") { json in
            json.field("type", "object")
            json.object("properties") { json in
                for (name, description) in [
                    ("type", "Full id of the record type."), ("collection", "Where the record is read: `/collection(id)`."),
                    ("id", "Its id."),
                    ("field", "The field that it was found by."),
                ] {
                    json.object(name) { json in
                        json.field("type", "string")
                        json.field("description", description)
                    }
                }
                json.object("title") { $0.field("description", "What names the record, as its display field has it.") }
                json.object("score") { json in
                    json.field("type", "number")
                    json.field("description", "0 to 1, by the field's weight and whether the whole word was typed.")
                }
                json.object("as_typed") { json in
                    json.field("type", "boolean")
                    json.field("description", "False when a word was taken for a misspelt one.")
                }
            }
            json.strings("required", ["type", "collection", "id", "title", "field", "score", "as_typed"])
        }
    }
}
