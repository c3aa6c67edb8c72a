import Records

/// Writes an entity model as XML (OData CSDL XML 4.01).
struct CSDLXMLWriter {
    private var bytes = Array("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".utf8)
    private var depth = 0

    static func document(_ model: CSDLModel) -> [UInt8] {
        var writer = CSDLXMLWriter()
        writer.write(model)
        return writer.bytes
    }

    private static let vocabularies = [
        ("Core", "Org.OData.Core.V1"), ("Validation", "Org.OData.Validation.V1"), ("Measures", "Org.OData.Measures.V1"),
        ("Aggregation", "Org.OData.Aggregation.V1"),
    ]

    private mutating func write(_ model: CSDLModel) {
        let version = model.version == .v4_0 ? "4.0" : "4.01"
        element("edmx:Edmx", [("xmlns:edmx", "http://docs.oasis-open.org/odata/ns/edmx"), ("Version", version)]) { xml in
            for (alias, namespace) in Self.vocabularies {
                let address = "https://oasis-tcs.github.io/odata-vocabularies/vocabularies/\(namespace).xml"
                xml.element("edmx:Reference", [("Uri", address)]) {
                    $0.empty("edmx:Include", [("Namespace", namespace), ("Alias", alias)])
                }
            }
            xml.element("edmx:DataServices") { xml in
                for namespace in model.namespaces {
                    let attributes = [("xmlns", "http://docs.oasis-open.org/odata/ns/edm"), ("Namespace", namespace.name)]
                    xml.element("Schema", attributes) { xml in
                        for type in namespace.types { xml.write(type) }
                        for action in namespace.actions { xml.write(action) }
                        if namespace.name == CSDLModel.ownNamespace {
                            for term in model.terms { xml.write(term) }
                            xml.writeContainer(model)
                        }
                    }
                }
            }
        }
    }

    private mutating func write(_ type: CSDLModel.StructuredType) {
        var attributes = [("Name", type.name)]
        if let base = type.base { attributes.append(("BaseType", base)) }
        if type.isOpen { attributes.append(("OpenType", "true")) }
        element(type.isEntity ? "EntityType" : "ComplexType", attributes) { xml in
            if type.isEntity, type.base == nil { xml.element("Key") { $0.empty("PropertyRef", [("Name", "id")]) } }
            for property in type.properties { xml.write(property, as: "Property") }
            for navigation in type.navigations {
                var attributes = [
                    ("Name", navigation.name), ("Type", navigation.isCollection ? "Collection(\(navigation.type))" : navigation.type),
                ]
                if let partner = navigation.partner { attributes.append(("Partner", partner)) }
                xml.element("NavigationProperty", attributes) { $0.write(navigation.annotations) }
            }
            xml.write(type.annotations)
        }
    }

    private mutating func write(_ property: CSDLModel.Property, as name: String) {
        var attributes = [("Name", property.name), ("Type", property.isCollection ? "Collection(\(property.type))" : property.type)]
        if !property.isNullable { attributes.append(("Nullable", "false")) }
        if let length = property.maxLength { attributes.append(("MaxLength", String(length))) }
        if let precision = property.precision { attributes.append(("Precision", String(precision))) }
        if let scale = property.scale { attributes.append(("Scale", String(scale))) }
        element(name, attributes) { $0.write(property.annotations) }
    }

    private mutating func write(_ action: CSDLModel.Action) {
        element("Action", [("Name", action.name), ("IsBound", "true")]) { xml in
            let bound = action.isOnCollection ? "Collection(\(action.type))" : action.type
            xml.empty("Parameter", [("Name", action.isOnCollection ? "records" : "record"), ("Type", bound), ("Nullable", "false")])
            for parameter in action.parameters { xml.write(parameter, as: "Parameter") }
            if let type = action.returnType {
                xml.empty("ReturnType", [("Type", action.returnsCollection ? "Collection(\(type))" : type), ("Nullable", "false")])
            }
        }
    }

    private mutating func write(_ term: CSDLModel.Term) {
        element("Term", [("Name", term.name), ("Type", term.type)]) { $0.write(term.annotations) }
    }

    private mutating func writeContainer(_ model: CSDLModel) {
        element("EntityContainer", [("Name", "api")]) { xml in
            for set in model.entitySets {
                xml.element("EntitySet", [("Name", set.name), ("EntityType", set.type)]) { xml in
                    for binding in set.bindings {
                        xml.empty("NavigationPropertyBinding", [("Path", binding.path), ("Target", binding.target)])
                    }
                    xml.write(set.annotations)
                }
            }
        }
    }

    // MARK: Annotations

    private mutating func write(_ annotations: [CSDLModel.Annotation]) {
        for annotation in annotations { write(annotation.value, in: "Annotation", [("Term", annotation.term)]) }
    }

    private mutating func write(_ value: CSDLModel.AnnotationValue, in name: String, _ attributes: [(String, String)]) {
        switch value {
        case .flag(let flag): empty(name, attributes + [("Bool", flag ? "true" : "false")])
        case .text(let text): empty(name, attributes + [("String", text)])
        case .number(let number): empty(name, attributes + [(number.contains(".") ? "Decimal" : "Int", number)])
        case .path(let path): empty(name, attributes + [(name == "Annotation" ? "Path" : "PropertyPath", path)])
        case .paths(let paths):
            element(name, attributes) { xml in
                xml.element("Collection") { xml in
                    for path in paths { xml.line("<PropertyPath>\(Self.escaped(path))</PropertyPath>") }
                }
            }
        case .texts(let texts):
            element(name, attributes) { xml in
                xml.element("Collection") { xml in
                    for text in texts { xml.line("<String>\(Self.escaped(text))</String>") }
                }
            }
        case .member(let member, let type): empty(name, attributes + [("EnumMember", "\(type)/\(member)")])
        case .record(let members): element(name, attributes) { $0.writeRecord(members) }
        case .records(let records):
            element(name, attributes) { xml in
                xml.element("Collection") { xml in
                    for record in records { xml.writeRecord(record) }
                }
            }
        }
    }

    private mutating func writeRecord(_ members: [(String, CSDLModel.AnnotationValue)]) {
        element("Record") { xml in
            for (member, value) in members {
                if member.hasPrefix("@") {
                    xml.write(value, in: "Annotation", [("Term", String(member.dropFirst()))])
                } else {
                    xml.write(value, in: "PropertyValue", [("Property", member)])
                }
            }
        }
    }

    // MARK: Elements

    private mutating func element(
        _ name: String, _ attributes: [(String, String)] = [], _ body: (inout CSDLXMLWriter) -> Void
    ) {
        let before = bytes.count
        line("<\(name)\(Self.list(attributes))>")
        let opened = bytes.count
        depth += 1
        body(&self)
        depth -= 1
        guard bytes.count == opened else { return line("</\(name)>") }
        bytes.removeLast(opened - before)
        empty(name, attributes)
    }

    private mutating func empty(_ name: String, _ attributes: [(String, String)]) {
        line("<\(name)\(Self.list(attributes))/>")
    }

    private mutating func line(_ content: String) {
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
        bytes.append(contentsOf: content.utf8)
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func list(_ attributes: [(String, String)]) -> String {
        attributes.map { " \($0)=\"\(escaped($1))\"" }.joined()
    }

    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\n", "\r", "\t": escaped += " "
            case "\u{0}"..<"\u{20}": continue
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
