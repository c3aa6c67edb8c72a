import Records

/// Writes an entity model as JSON (OData CSDL JSON 4.01).
enum CSDLJSONWriter {
    static func document(_ model: CSDLModel) -> [UInt8] {
        var json = JSONWriter(reserving: 16_384)
        json.object { json in
            json.field("$Version", model.version == .v4_0 ? "4.0" : "4.01")
            json.field("$EntityContainer", "\(CSDLModel.ownNamespace).api")
            for namespace in model.namespaces {
                json.object(namespace.name) { json in
                    for type in namespace.types { write(type, to: &json) }
                    writeActions(namespace.actions, to: &json)
                    if namespace.name == CSDLModel.ownNamespace {
                        for term in model.terms { write(term, to: &json) }
                        writeContainer(model, to: &json)
                    }
                }
            }
        }
        return json.bytes
    }

    private static func write(_ type: CSDLModel.StructuredType, to json: inout JSONWriter) {
        json.object(type.name) { json in
            json.field("$Kind", type.isEntity ? "EntityType" : "ComplexType")
            if let base = type.base { json.field("$BaseType", base) }
            if type.isOpen { json.field("$OpenType", true) }
            if type.isEntity, type.base == nil { json.strings("$Key", ["id"]) }
            for property in type.properties {
                json.object(property.name) { json in
                    write(property, to: &json)
                    write(property.annotations, to: &json)
                }
            }
            for navigation in type.navigations {
                json.object(navigation.name) { json in
                    json.field("$Kind", "NavigationProperty")
                    if navigation.isCollection { json.field("$Collection", true) } else { json.field("$Nullable", true) }
                    json.field("$Type", navigation.type)
                    if let partner = navigation.partner { json.field("$Partner", partner) }
                    write(navigation.annotations, to: &json)
                }
            }
            write(type.annotations, to: &json)
        }
    }

    /// What a property and a parameter have in common.
    private static func write(_ property: CSDLModel.Property, to json: inout JSONWriter) {
        if property.isCollection { json.field("$Collection", true) }
        if property.type != "Edm.String" { json.field("$Type", property.type) }
        if property.isNullable { json.field("$Nullable", true) }
        if let length = property.maxLength { json.field("$MaxLength", length) }
        if let precision = property.precision { json.field("$Precision", precision) }
        if let scale = property.scale { json.field("$Scale", scale) }
    }

    private static func writeActions(_ actions: [CSDLModel.Action], to json: inout JSONWriter) {
        var names: [String] = []
        for action in actions where !names.contains(action.name) { names.append(action.name) }
        for name in names {
            json.array(name) { json in
                for action in actions where action.name == name {
                    json.object { json in
                        json.field("$Kind", "Action")
                        json.field("$IsBound", true)
                        json.array("$Parameter") { json in
                            json.object { json in
                                json.field("$Name", action.isOnCollection ? "records" : "record")
                                if action.isOnCollection { json.field("$Collection", true) }
                                json.field("$Type", action.type)
                            }
                            for parameter in action.parameters {
                                json.object { json in
                                    json.field("$Name", parameter.name)
                                    write(parameter, to: &json)
                                }
                            }
                        }
                        if let type = action.returnType {
                            json.object("$ReturnType") { json in
                                if action.returnsCollection { json.field("$Collection", true) }
                                json.field("$Type", type)
                            }
                        }
                    }
                }
            }
        }
    }

    private static func write(_ term: CSDLModel.Term, to json: inout JSONWriter) {
        json.object(term.name) { json in
            json.field("$Kind", "Term")
            if term.type != "Edm.String" { json.field("$Type", term.type) }
            write(term.annotations, to: &json)
        }
    }

    private static func writeContainer(_ model: CSDLModel, to json: inout JSONWriter) {
        json.object("api") { json in
            json.field("$Kind", "EntityContainer")
            for set in model.entitySets {
                json.object(set.name) { json in
                    json.field("$Collection", true)
                    json.field("$Type", set.type)
                    if !set.bindings.isEmpty {
                        json.object("$NavigationPropertyBinding") { json in
                            for binding in set.bindings { json.field(binding.path, binding.target) }
                        }
                    }
                    write(set.annotations, to: &json)
                }
            }
        }
    }

    private static func write(_ annotations: [CSDLModel.Annotation], to json: inout JSONWriter) {
        for annotation in annotations {
            json.key("@\(annotation.term)")
            write(annotation.value, isMember: false, to: &json)
        }
    }

    private static func write(_ value: CSDLModel.AnnotationValue, isMember: Bool, to json: inout JSONWriter) {
        switch value {
        case .flag(let flag): json.raw(flag ? "true" : "false")
        case .text(let text): json.string(text)
        case .number(let number): json.raw(number)
        // A property path stands as text, a path to a value as an object.
        case .path(let path): if isMember { json.string(path) } else { json.object { $0.field("$Path", path) } }
        case .paths(let paths): json.array { json in for path in paths { json.string(path) } }
        case .texts(let texts): json.array { json in for text in texts { json.string(text) } }
        case .member(let member, _): json.string(member)
        case .record(let members): write(members, to: &json)
        case .records(let records): json.array { json in for record in records { write(record, to: &json) } }
        }
    }

    private static func write(_ members: [(String, CSDLModel.AnnotationValue)], to json: inout JSONWriter) {
        json.object { json in
            for (member, value) in members {
                json.key(member)
                write(value, isMember: true, to: &json)
            }
        }
    }
}
