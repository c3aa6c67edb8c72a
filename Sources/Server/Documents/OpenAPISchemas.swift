import Catalog
import Manifests
import QueryLanguage
import Records

/// The schemas of a deployment's records: what is answered, what may be written, what a new record must have.
struct OpenAPISchemas {
    let model: ApiModel

    mutating func write(_ types: [ApiType], to json: inout JSONWriter) {
        for type in types {
            let facts = PropertyFacts.all(of: type, model.catalog)
            json.object(type.record.id) { writeAnswer(type, facts, to: &$0) }
            json.object("\(type.record.id).write") { writeBody(type, facts, to: &$0) }
            json.object("\(type.record.id).new") { writeNew(type, facts, to: &$0) }
            for property in type.properties {
                guard case .entityCollection(let shape) = property.type, shape.contains("/") else { continue }
                json.object(CSDLModel.typeName(ofShape: shape)) { writeLinked(shape, to: &$0) }
            }
        }
        writeShared(to: &json)
    }

    // MARK: Records

    private func writeAnswer(_ type: ApiType, _ facts: [PropertyFacts], to json: inout JSONWriter) {
        json.field("type", "object")
        json.field("title", type.record.label)
        if let description = type.record.description { json.field("description", description) }
        json.object("properties") { json in
            json.object("@context") { $0.field("type", "string") }
            json.object("@etag") { json in
                json.field("type", "string")
                json.field("description", "Send it back in If-Match.")
            }
            for fact in facts {
                json.object(fact.property.name) { json in
                    Self.write(fact.property.type, isNullable: fact.property.isNullable, fact, to: &json)
                    words(fact, to: &json)
                }
                guard case .entityCollection = fact.property.type else { continue }
                json.object("\(fact.property.name)@nextLink") { json in
                    json.field("type", "string")
                    json.field("format", "uri-reference")
                    json.field("description", "Where the rest is, from behind the last one shown, when $expand doesn't bring all of them.")
                }
            }
        }
    }

    private func writeBody(_ type: ApiType, _ facts: [PropertyFacts], to json: inout JSONWriter) {
        json.field("type", "object")
        json.field("title", "\(type.record.label) to write")
        json.object("properties") { json in
            for fact in facts {
                guard let kind = type.input.kinds[fact.property.name] else { continue }
                switch kind {
                case .computed, .inverse: continue
                case .toOne(let target):
                    json.object(fact.property.name) { json in
                        Self.writeReference(target, columns: [:], isNullable: true, to: &json)
                        words(fact, to: &json)
                    }
                case .toMany(let target, let columns):
                    json.object(fact.property.name) { json in
                        json.field("type", "array")
                        json.object("items") { Self.writeReference(target, columns: columns, isNullable: false, to: &$0) }
                        words(fact, to: &json)
                    }
                case .toAny:
                    json.object(fact.property.name) { json in
                        json.strings("type", ["object", "null"])
                        json.object("properties") { $0.object("@id") { $0.field("type", "string") } }
                        words(fact, to: &json)
                    }
                case .value, .members, .list:
                    json.object(fact.property.name) { json in
                        Self.write(fact.property.type, isNullable: fact.property.isNullable, fact, to: &json)
                        words(fact, to: &json)
                    }
                }
            }
        }
    }

    private func writeNew(_ type: ApiType, _ facts: [PropertyFacts], to json: inout JSONWriter) {
        json.field("title", "New \(type.record.label)")
        json.array("allOf") { json in
            json.object { $0.field("$ref", "#/components/schemas/\(type.record.id).write") }
            json.object { json in
                json.object("properties") { json in
                    json.object("id") { json in
                        json.field("type", "string")
                        json.field("format", "uuid")
                        json.field(
                            "description",
                            "Chosen by the client, so that it can send the request again: 409 says it is there. Else the server chooses.")
                    }
                    for fact in facts { writeNested(fact, of: type, to: &json) }
                }
                json.strings(
                    "required", facts.filter { $0.isDemanded && $0.property.name == $0.field?.columns.first?.name }.map(\.property.name))
            }
        }
    }

    /// Links in a new record, which may hold new records too. One level of them is described, so that the description comes to an end.
    private func writeNested(_ fact: PropertyFacts, of type: ApiType, to json: inout JSONWriter) {
        let target: String
        switch type.input.kinds[fact.property.name] {
        case .toOne(let reference), .toMany(let reference, _): target = reference.typeID
        case .inverse(let inverse): target = inverse.typeID
        default: return
        }
        let new = "#/components/schemas/\(target).write"
        let label = model.typesByID[target]?.record.label ?? target
        json.object(fact.property.name) { json in
            json.field("title", fact.label)
            json.field("description", "A new \(label) here is stored with the record; it may have new records in it in its turn.")
            switch type.input.kinds[fact.property.name] {
            case .toOne(let reference):
                json.array("anyOf") { json in
                    json.object { Self.writeReference(reference, columns: [:], isNullable: true, to: &$0) }
                    json.object { $0.field("$ref", new) }
                }
            case .toMany(let reference, let columns):
                json.field("type", "array")
                json.object("items") { json in
                    json.array("anyOf") { json in
                        json.object { Self.writeReference(reference, columns: columns, isNullable: false, to: &$0) }
                        json.object { $0.field("$ref", new) }
                    }
                }
            default:
                json.field("type", "array")
                json.object("items") { $0.field("$ref", new) }
            }
        }
    }

    private func writeLinked(_ shape: String, to json: inout JSONWriter) {
        let typeShape = model.catalog.typeShape(named: shape)
        json.array("allOf") { json in
            json.object { $0.field("$ref", "#/components/schemas/\(typeShape?.recordType ?? shape)") }
            json.object { json in
                json.field("type", "object")
                json.object("properties") { json in
                    json.object(TypeShape.linkMember) { json in
                        json.field("type", "object")
                        json.field("description", "What the link itself holds.")
                        json.object("properties") { json in
                            for member in ApiType.linkMembers(typeShape) {
                                json.object(member.name) { Self.write(member.type, isNullable: member.isNullable, nil, to: &$0) }
                            }
                        }
                    }
                }
            }
        }
    }

    private static func writeReference(
        _ target: InputShape.Reference, columns: [String: PropertyType], isNullable: Bool, to json: inout JSONWriter
    ) {
        if isNullable { json.strings("type", ["object", "null"]) } else { json.field("type", "object") }
        json.object("properties") { json in
            json.object("@id") { json in
                json.field("type", "string")
                json.field("description", "\(target.collection)(id)")
            }
            for (name, type) in target.keys.sorted(by: { $0.key < $1.key }) {
                json.object(name) { write(type, isNullable: false, nil, to: &$0) }
            }
            for (name, type) in columns.sorted(by: { $0.key < $1.key }) where target.keys[name] == nil {
                json.object(name) { write(type, isNullable: true, nil, to: &$0) }
            }
        }
    }

    private func words(_ fact: PropertyFacts, to json: inout JSONWriter) {
        json.field("title", fact.label)
        if let description = fact.description { json.field("description", description) }
        if fact.isComputed { json.field("readOnly", true) }
    }

    // MARK: Types

    static func write(_ type: PropertyType, isNullable: Bool, _ facts: PropertyFacts?, to json: inout JSONWriter) {
        switch type {
        case .boolean: self.type("boolean", isNullable, to: &json)
        case .int64:
            self.type("integer", isNullable, to: &json)
            json.field("format", "int64")
            bounds(facts, to: &json)
        case .decimal:
            self.type("number", isNullable, to: &json)
            json.field("format", "decimal")
            bounds(facts, to: &json)
        case .string:
            self.type("string", isNullable, to: &json)
            if let least = facts?.textRules?.minLength { json.field("minLength", least) }
            if let most = facts?.maxLength { json.field("maxLength", most) }
            if let pattern = facts?.textRules?.pattern { json.field("pattern", pattern.anchored) }
        case .choice(let choice):
            self.type("string", isNullable, to: &json)
            json.array("enum") { json in
                for member in choice.members { json.string(member) }
                if isNullable { json.raw("null") }
            }
            choices(facts, to: &json)
        case .date: text("date", isNullable, to: &json)
        case .timeOfDay: text("time", isNullable, to: &json)
        case .dateTimeOffset: text("date-time", isNullable, to: &json)
        case .duration: text("duration", isNullable, to: &json)
        case .guid: text("uuid", isNullable, to: &json)
        case .untyped: json.field("description", "Any JSON.")
        case .complex(let shape) where ["address", "email", "phone", "file"].contains(shape.name):
            reference("tessera.\(shape.name)", isNullable, to: &json)
        case .complex(let shape):
            self.type("object", isNullable, to: &json)
            json.object("properties") { json in
                for member in shape.properties.values.sorted(by: { $0.name < $1.name }) {
                    json.object(member.name) { write(member.type, isNullable: member.isNullable, nil, to: &$0) }
                }
            }
        case .collection(let item):
            json.field("type", "array")
            json.object("items") { write(item, isNullable: false, facts, to: &$0) }
        case .entity(let name): reference(CSDLModel.typeName(ofShape: name), true, to: &json)
        case .entityCollection(let name):
            json.field("type", "array")
            json.object("items") { $0.field("$ref", "#/components/schemas/\(CSDLModel.typeName(ofShape: name))") }
        case .entityOfSeveral(let names):
            json.array("anyOf") { json in
                for name in names { json.object { $0.field("$ref", "#/components/schemas/\(name)") } }
                json.object { $0.field("type", "null") }
            }
        }
    }

    /// What the choices are called and which category each has.
    private static func choices(_ facts: PropertyFacts?, to json: inout JSONWriter) {
        guard let choices = facts?.choices, !choices.isEmpty else { return }
        json.array("x-choices") { json in
            for choice in choices {
                json.object { json in
                    json.field("value", choice.key)
                    json.field("label", choice.label)
                    if let category = choice.category { json.field("category", category) }
                    if choice.retired { json.field("retired", true) }
                }
            }
        }
    }

    private static func type(_ name: String, _ isNullable: Bool, to json: inout JSONWriter) {
        if isNullable { json.strings("type", [name, "null"]) } else { json.field("type", name) }
    }

    private static func text(_ format: String, _ isNullable: Bool, to json: inout JSONWriter) {
        type("string", isNullable, to: &json)
        json.field("format", format)
    }

    private static func reference(_ name: String, _ isNullable: Bool, to json: inout JSONWriter) {
        guard isNullable else { return json.field("$ref", "#/components/schemas/\(name)") }
        json.array("anyOf") { json in
            json.object { $0.field("$ref", "#/components/schemas/\(name)") }
            json.object { $0.field("type", "null") }
        }
    }

    private static func bounds(_ facts: PropertyFacts?, to json: inout JSONWriter) {
        guard let bounds = facts?.bounds else { return }
        if let lower = bounds.lower {
            json.key("minimum")
            json.raw(lower)
        }
        if let upper = bounds.upper {
            json.key("maximum")
            json.raw(upper)
        }
    }

    // MARK: Shared

    private func writeShared(to json: inout JSONWriter) {
        json.object("tessera.address") { json in
            json.field("type", "object")
            json.object("properties") { json in
                for member in AddressMember.allCases { json.object(member.rawValue) { $0.strings("type", ["string", "null"]) } }
            }
        }
        json.object("tessera.file") { json in
            json.field("type", "object")
            json.object("properties") { json in
                for member in FileMember.allCases {
                    json.object(member.rawValue) { json in
                        Self.write(member.type, isNullable: false, nil, to: &json)
                        if member != .id { json.field("readOnly", true) }
                    }
                }
            }
        }
        OpenAPIFiles.writeSchema(to: &json)
        writeChannel("email", "address", ["opted_out"], nil, to: &json)
        writeChannel("phone", "number", [], "extension", to: &json)
        json.object("removed") { json in
            json.field("type", "object")
            json.field("description", "A record that is no longer in a list whose deltaLink was followed.")
            json.object("properties") { json in
                json.object("@removed") { json in
                    json.field("type", "object")
                    json.object("properties") { json in
                        json.object("reason") { json in
                            json.field("type", "string")
                            json.strings("enum", ["changed", "deleted"])
                        }
                    }
                    json.strings("required", ["reason"])
                }
                json.object("@id") { $0.field("type", "string") }
                json.object("id") { json in
                    json.field("type", "string")
                    json.field("format", "uuid")
                }
            }
            json.strings("required", ["@removed", "@id", "id"])
        }
        json.object("reference") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("@id") { json in
                    json.field("type", "string")
                    json.field("description", "`collection(id)`, or the whole address of the record.")
                }
            }
            json.strings("required", ["@id"])
        }
        writeBulk(to: &json)
        writeSearchHit(to: &json)
        writeBatch(to: &json)
        writeError(to: &json)
    }

    private func writeChannel(_ name: String, _ value: String, _ flags: [String], _ optional: String?, to json: inout JSONWriter) {
        json.object("tessera.\(name)") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object(value) { $0.field("type", "string") }
                json.object("normalised") { json in
                    json.field("type", "string")
                    json.field("readOnly", true)
                }
                for text in ["kind", optional].compactMap({ $0 }) { json.object(text) { $0.strings("type", ["string", "null"]) } }
                for flag in ["is_primary", "invalid"] + flags { json.object(flag) { $0.field("type", "boolean") } }
            }
            json.strings("required", [value])
        }
    }

    private func writeError(to json: inout JSONWriter) {
        json.object("error") { json in
            json.field("type", "object")
            json.object("properties") { $0.object("error") { $0.field("$ref", "#/components/schemas/error_object") } }
            json.strings("required", ["error"])
        }
        json.object("error_object") { json in
            json.field("type", "object")
            json.object("properties") { json in
                for name in ["code", "message", "target"] { json.object(name) { $0.field("type", "string") } }
                json.object("details") { json in
                    json.field("type", "array")
                    json.object("items") { json in
                        json.field("type", "object")
                        json.object("properties") { json in
                            for name in ["code", "message", "target"] { json.object(name) { $0.field("type", "string") } }
                        }
                        json.strings("required", ["code", "message"])
                    }
                }
                json.object("innererror") { json in
                    json.field("type", "object")
                    json.object("properties") { json in
                        for name in ["line", "column", "currentVersion"] { json.object(name) { $0.field("type", "integer") } }
                    }
                }
            }
            json.strings("required", ["code", "message"])
        }
    }
}
