import Catalog
import QueryLanguage
import Records

/// Operations on single properties and links of a record.
extension OpenAPIOperations {
    func writeProperty(_ type: ApiType, _ property: Property, to json: inout JSONWriter) {
        let path = "/\(type.collection)({id})/\(property.name)"
        let id = "\(type.collection)_\(property.name)"
        switch property.type {
        case .entity: writeLink(type, property, path, id, isOfOneType: true, to: &json)
        case .entityOfSeveral: writeLink(type, property, path, id, isOfOneType: false, to: &json)
        case .entityCollection(let name): writeLinks(type, property, shape: name, path, id, to: &json)
        case .complex(let shape): writeStructure(type, property, shape, path, id, to: &json)
        case .collection:
            writeValue(type, property, path, id, to: &json)
            json.object("\(path)/$count") { json in
                parameters(["id"], to: &json)
                count("count_\(id)", type.collection, "Count \(property.name)", ["include_deleted"], to: &json)
            }
        default:
            writeValue(type, property, path, id, to: &json)
            if case .untyped = property.type { return }
            json.object("\(path)/$value") { json in
                parameters(["id"], to: &json)
                raw("get_\(id)_value", type, "Read \(property.name) as text", to: &json)
            }
        }
    }

    // MARK: Values

    private func writeValue(_ type: ApiType, _ property: Property, _ path: String, _ id: String, to json: inout JSONWriter) {
        json.object(path) { json in
            parameters(["id"], to: &json)
            read(
                "get_\(id)", type.collection, "Read \(property.name) alone", ["include_deleted"], empty: "It has no value.",
                headers: [.version], to: &json
            ) { json in
                json.field("type", "object")
                json.object("properties") { json in
                    json.object("value") { OpenAPISchemas.write(property.type, isNullable: property.isNullable, nil, to: &$0) }
                }
            }
        }
    }

    /// A value of several members, which is answered as it is, and each of them alone.
    private func writeStructure(
        _ type: ApiType, _ property: Property, _ shape: ComplexShape, _ path: String, _ id: String, to json: inout JSONWriter
    ) {
        json.object(path) { json in
            parameters(["id"], to: &json)
            read(
                "get_\(id)", type.collection, "Read \(property.name) alone", ["include_deleted"], empty: "It has no value.",
                headers: [.version], to: &json
            ) { OpenAPISchemas.write(property.type, isNullable: false, nil, to: &$0) }
        }
        guard !property.type.isFile else { return }
        let members = shape.properties.values.sorted { $0.ordinal < $1.ordinal }.map(\.name)
        json.object("\(path)/{member}") { json in
            member(of: members, to: &json)
            read(
                "get_\(id)_member", type.collection, "Read a member of \(property.name) alone", ["include_deleted"],
                empty: "It has no value.", headers: [.version], to: &json
            ) { $0.field("type", "object") }
        }
        json.object("\(path)/{member}/$value") { json in
            member(of: members, to: &json)
            raw("get_\(id)_member_value", type, "Read a member of \(property.name) as text", to: &json)
        }
    }

    private func member(of members: [String], to json: inout JSONWriter) {
        json.array("parameters") { json in
            json.object { $0.field("$ref", "#/components/parameters/id") }
            json.object { json in
                json.field("name", "member")
                json.field("in", "path")
                json.field("required", true)
                json.object("schema") { json in
                    json.field("type", "string")
                    json.strings("enum", members)
                }
            }
        }
    }

    private func raw(_ id: String, _ type: ApiType, _ summary: String, to json: inout JSONWriter) {
        read(
            id, type.collection, summary, ["include_deleted"], contentType: "text/plain", empty: "It has no value.", to: &json
        ) { $0.field("type", "string") }
    }

    // MARK: Links

    private func writeLink(
        _ type: ApiType, _ property: Property, _ path: String, _ id: String, isOfOneType: Bool, to json: inout JSONWriter
    ) {
        json.object(path) { json in
            parameters(["id"], to: &json)
            read(
                "get_\(id)", type.collection, "Follow \(property.name)",
                isOfOneType ? OpenAPIParameters.linkedRecord : ["select", "expand", "odata_max_version"],
                empty: "It leads nowhere.", headers: isOfOneType ? [.version] : [],
                errors: OpenAPIErrors.reading + (isOfOneType ? [412] : []), to: &json
            ) { OpenAPISchemas.write(property.type, isNullable: true, nil, to: &$0) }
        }
        json.object("\(path)/$ref") { json in
            parameters(["id"], to: &json)
            read(
                "get_\(id)_ref", type.collection, "Where \(property.name) leads", ["odata_max_version"], empty: "It leads nowhere.",
                to: &json
            ) { $0.field("$ref", "#/components/schemas/reference") }
            guard isOfOneType else { return }
            reference("put", "link_\(id)", type, "Set \(property.name)", to: &json)
            unlink("unlink_\(id)", type, "Clear \(property.name)", ["if_match"], to: &json)
        }
    }

    private func writeLinks(
        _ type: ApiType, _ property: Property, shape: String, _ path: String, _ id: String, to json: inout JSONWriter
    ) {
        json.object(path) { json in
            parameters(["id"], to: &json)
            list("list_\(id)", type.collection, "Follow \(property.name)", CSDLModel.typeName(ofShape: shape), to: &json)
        }
        json.object("\(path)/$count") { json in
            parameters(["id"], to: &json)
            count(
                "count_\(id)", type.collection, "Count \(property.name)", ["filter", "count_mode", "include_deleted"], to: &json)
        }
        json.object("\(path)/$ref") { json in
            parameters(["id"], to: &json)
            read("list_\(id)_ref", type.collection, "Where \(property.name) lead", OpenAPIParameters.references, to: &json) {
                page(of: "reference", isTracked: false, to: &$0)
            }
            reference("post", "link_\(id)", type, "Add to \(property.name)", to: &json)
            unlink("unlink_one_of_\(id)", type, "Take the one that $id names out of \(property.name)", ["linked", "if_match"], to: &json)
        }
        json.object("\(path)({target})/$ref") { json in
            parameters(["id", "target"], to: &json)
            unlink("unlink_\(id)", type, "Take out of \(property.name)", ["if_match"], to: &json)
        }
    }

    private func reference(_ method: String, _ id: String, _ type: ApiType, _ summary: String, to json: inout JSONWriter) {
        json.object(method) { json in
            head(id, type.collection, summary, to: &json)
            parameters(["if_match", "change_set", "idempotency_key"], to: &json)
            body("reference", to: &json)
            json.object("responses") { json in
                emptyAnswer("Linked.", [.changeSet], to: &json)
                OpenAPIErrors.references(OpenAPIErrors.writing, to: &json)
            }
        }
    }

    private func unlink(_ id: String, _ type: ApiType, _ summary: String, _ names: [String], to json: inout JSONWriter) {
        json.object("delete") { json in
            head(id, type.collection, summary, to: &json)
            parameters(names + ["change_set", "idempotency_key"], to: &json)
            json.object("responses") { json in
                emptyAnswer("Not linked any more.", [.changeSet], to: &json)
                OpenAPIErrors.references(OpenAPIErrors.writing, to: &json)
            }
        }
    }
}
