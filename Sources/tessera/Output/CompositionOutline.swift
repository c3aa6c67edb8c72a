import Manifests
import QueryLanguage

/// What a composition contains, module by module, the integrator's own last: what `tessera check` shows.
struct CompositionOutline {
    /// What one module, or all overlays together, bring.
    struct Part {
        let id: String
        /// Nil for overlays.
        let module: ModuleManifest?
        let types: [ComposedType]
        let extensions: [TypeExtension]
        let views: [ViewDeclaration]
        let roles: [RoleDeclaration]
        /// Keys of settings that have a value, a default or where a secret is read from.
        let given: Set<String>

        var settings: [SettingDeclaration] { module?.settings ?? [] }
        var events: [EventDeclaration] { module?.events ?? [] }
        var isEmpty: Bool { module == nil && types.isEmpty && extensions.isEmpty && views.isEmpty && roles.isEmpty }
    }

    let name: String
    let parts: [Part]

    init(_ composition: Composition) {
        func types(of owner: String) -> [ComposedType] { composition.types.filter { $0.name.module == owner } }
        name = composition.deployment.name.value
        let modules = composition.modules.map { module in
            Part(
                id: module.manifest.id.value, module: module.manifest, types: types(of: module.manifest.id.value),
                extensions: module.manifest.extensions, views: module.manifest.views, roles: module.manifest.roles,
                given: Set(module.settings.keys))
        }
        let overlays = composition.overlays
        let own = Part(
            id: Overlay.moduleID, module: nil, types: types(of: Overlay.moduleID), extensions: overlays.flatMap(\.extensions),
            views: overlays.flatMap(\.views), roles: overlays.flatMap(\.roles), given: [])
        parts = own.isEmpty ? modules : modules + [own]
    }
}

// MARK: Text

extension CompositionOutline {
    /// For people: a heading for each part, and below it what there is of it.
    var text: String { parts.isEmpty ? "no modules and nothing of its own" : parts.map(\.text).joined(separator: "\n") }
}

extension CompositionOutline.Part {
    var text: String {
        let heading = module.map { "\(id) \($0.version.value)  \($0.name)" } ?? "\(id)  what the deployment adds itself"
        var lines = [Console.styled(heading, .bold)]
        func add(_ title: String, _ items: [String]) {
            for (index, item) in items.enumerated() {
                let head = index == 0 ? title : ""
                lines.append("  \(head)\(String(repeating: " ", count: 10 - head.count))\(item)")
            }
        }
        add("types", types.map { "\($0.name): \($0.declaration.collection.value), \($0.fields.count.counted("field"))" })
        add("extends", extensions.map { "\($0.target.name)\(Self.listed($0.fields.map(\.key), after: ": "))" })
        add("settings", settings.map { "\($0.key) (\($0.kind.keyword)\(given.contains($0.key) ? "" : ", not set"))" })
        add("views", views.map { "\(id).\($0.key): \($0.type.name)" })
        add("roles", roles.map { "\(id).\($0.key)\(Self.listed($0.grants.map(\.type.name.description), after: ": "))" })
        add("events", events.map { "\(id).\($0.key)\(Self.listed($0.fields.map(\.key), after: ": "))" })
        return lines.joined(separator: "\n")
    }

    private static func listed(_ words: [String], after separator: String) -> String {
        words.isEmpty ? "" : separator + words.joined(separator: ", ")
    }
}

// MARK: JSON

extension CompositionOutline {
    /// For programs. Keys stay; new ones may come.
    var value: Value { .complex(["deployment": .string(name), "modules": .collection(parts.map(\.value))]) }
}

extension CompositionOutline.Part {
    var value: Value {
        .complex([
            "id": .string(id), "version": Self.text(module.map { "\($0.version.value)" }), "name": Self.text(module?.name),
            "description": Self.text(module?.description),
            "requires": .collection((module?.requirements ?? []).map { .string($0.module.value) }),
            "types": .collection(types.map(Self.value)),
            "extends": .collection(
                extensions.map { .complex(["type": .string($0.target.name.description), "fields": Self.values($0.fields)]) }),
            "settings": .collection(
                settings.map {
                    .complex([
                        "key": .string($0.key), "type": .string($0.kind.keyword), "label": .string($0.label),
                        "required": .bool($0.isRequired),
                        "given": .bool(given.contains($0.key)),
                    ])
                }),
            "views": .collection(
                views.map {
                    .complex([
                        "id": .string("\(id).\($0.key)"), "label": .string($0.label), "description": Self.text($0.description),
                        "type": .string($0.type.name.description),
                    ])
                }),
            "roles": .collection(
                roles.map {
                    .complex([
                        "id": .string("\(id).\($0.key)"), "label": .string($0.label), "description": Self.text($0.description),
                        "types": .collection($0.grants.map { .string($0.type.name.description) }),
                    ])
                }),
            "events": .collection(
                events.map {
                    .complex([
                        "id": .string("\(id).\($0.key)"), "label": .string($0.label), "description": Self.text($0.description),
                        "fields": Self.values($0.fields),
                    ])
                }),
        ])
    }

    private static func value(_ type: ComposedType) -> Value {
        .complex([
            "id": .string(type.name.description), "collection": .string(type.declaration.collection.value), "label": .string(type.label),
            "description": text(type.declaration.description), "fields": values(type.fields.map(\.declaration)),
        ])
    }

    private static func values(_ fields: [FieldDeclaration]) -> Value {
        .collection(
            fields.map {
                .complex([
                    "key": .string($0.key), "type": .string($0.kind.keyword), "label": .string($0.label), "required": .bool($0.isRequired),
                ])
            })
    }

    private static func text(_ text: String?) -> Value { text.map { .string($0) } ?? .null }
}

extension SettingKind {
    fileprivate var keyword: String {
        switch self {
        case .text: "text"
        case .integer: "integer"
        case .decimal: "decimal"
        case .boolean: "boolean"
        case .duration: "duration"
        case .choice: "choice"
        case .secret: "secret"
        }
    }
}
