/// What came out of one file: the manifest, as far as it could be read, and everything that was found.
public struct Parsed<Manifest: Sendable>: Sendable {
    /// The manifest. After errors it may be there without its broken parts, for further checks only.
    public let manifest: Manifest?
    /// The findings, in the order of the file.
    public let diagnostics: [Diagnostic]

    /// What the file declares and the manifest lacks.
    let unknown: UnknownParts

    /// Whether the manifest is there and free of errors.
    public var isValid: Bool { manifest != nil && !diagnostics.contains { $0.severity == .error } }

    init(manifest: Manifest?, diagnostics: [Diagnostic], unknown: UnknownParts = UnknownParts()) {
        self.manifest = manifest
        self.diagnostics = diagnostics.sorted(by: Diagnostic.inReadingOrder)
        self.unknown = unknown
    }
}

extension ModuleManifest {
    /// Reads a module manifest and checks everything that can be known from the file alone.
    public static func parse(_ source: ManifestSource) -> Parsed<ModuleManifest> {
        var file = CheckedFile(source, as: .module)
        guard let root = file.root else { return Parsed(manifest: nil, diagnostics: file.diagnostics) }
        var builder = DeclarationBuilder(owner: root.text("id") ?? "")
        let parts = ModuleParts(root, &builder)
        file.diagnostics += builder.diagnostics
        guard let id = root.located("id") else { return Parsed(manifest: nil, diagnostics: file.diagnostics) }
        let (version, name) = (file.version(root), root.text("name"))
        let platform = file.range(root.located("platform")) ?? Located(.any, at: source.start)
        let manifest = ModuleManifest(
            // Without these it is no manifest, and what it declares is checked all the same.
            id: id, version: version ?? Located(SemanticVersion(0, 0, 0), at: source.start), name: name ?? "",
            description: root.text("description"), publisher: root.text("publisher"),
            license: root.text("license"), platform: platform, run: run(root.object("run")),
            requirements: root.map("requires").compactMap { entry in
                file.range(entry.text).map { Requirement(module: entry.key, range: $0) }
            },
            settings: parts.settings, types: parts.types, extensions: parts.extensions, views: parts.views, roles: parts.roles,
            events: parts.events, subscriptions: parts.subscriptions, location: source.start)
        var checker = FileChecker(
            owner: id.value, root: root, knownModules: Set(root.map("requires").map(\.key.value)))
        checker.check(manifest)
        return Parsed(
            manifest: version == nil || name == nil ? nil : manifest, diagnostics: file.diagnostics + checker.diagnostics,
            unknown: parts.unknown)
    }

    private static func run(_ object: CheckedObject?) -> RunDeclaration {
        guard let object, object.variant == "library", let library = object.located("library") else { return .data }
        return .library(library)
    }
}

/// The parts that modules and overlays share.
private struct ModuleParts {
    let settings: [SettingDeclaration]
    let types: [RecordTypeDeclaration]
    let extensions: [TypeExtension]
    let views: [ViewDeclaration]
    let roles: [RoleDeclaration]
    let events: [EventDeclaration]
    let subscriptions: [SubscriptionDeclaration]
    let unknown: UnknownParts

    init(_ root: CheckedObject, _ builder: inout DeclarationBuilder) {
        settings = root.shape.declares("settings") ? builder.settings(root.map("settings")) : []
        types = builder.recordTypes(root.map("types"))
        extensions = builder.extensions(root.map("extends"))
        views = builder.views(root.map("views"))
        roles = builder.roles(root.map("roles"))
        events = root.shape.declares("events") ? builder.events(root.map("events")) : []
        subscriptions = builder.subscriptions(root.map("subscriptions"))
        unknown = Self.unknown(in: root, types, extensions, builder)
    }

    private static func unknown(
        in root: CheckedObject, _ types: [RecordTypeDeclaration], _ extensions: [TypeExtension], _ builder: DeclarationBuilder
    ) -> UnknownParts {
        var unknown = UnknownParts(isOpen: root.isLost("extends"))
        if root.isLost("types") { unknown.modules.insert(builder.owner) }
        let broken = Set(root.map("types").map(\.key.value)).subtracting(types.map(\.key))
        unknown.types = Set(broken.map { TypeName(module: builder.owner, type: $0) })
        for type in types {
            unknown.note(root.map("types").first { $0.key.value == type.key }?.object, of: type.name, built: type.fields)
        }
        for entry in root.map("extends") {
            let name = builder.reference(entry.key).name
            unknown.note(entry.object, of: name, built: extensions.first { $0.target.name == name }?.fields ?? [])
        }
        return unknown
    }
}

extension Overlay {
    /// Reads an overlay file: one key, `overlay`.
    public static func parse(_ source: ManifestSource) -> Parsed<Overlay> {
        var file = CheckedFile(source, as: .overlayFile)
        let overlay = file.root?.object("overlay").map { Overlay.build($0, &file) }
        return Parsed(manifest: overlay, diagnostics: file.diagnostics, unknown: file.unknown)
    }

    fileprivate static func build(_ object: CheckedObject, _ file: inout CheckedFile) -> Overlay {
        var builder = DeclarationBuilder(owner: Overlay.moduleID)
        let parts = ModuleParts(object, &builder)
        file.diagnostics += builder.diagnostics
        file.unknown = parts.unknown
        let overlay = Overlay(
            types: parts.types, extensions: parts.extensions, views: parts.views, roles: parts.roles,
            subscriptions: parts.subscriptions, location: object.location)
        var checker = FileChecker(owner: Overlay.moduleID, root: object, knownModules: nil)
        checker.check(overlay)
        file.diagnostics += checker.diagnostics
        return overlay
    }
}

extension DeploymentManifest {
    /// Reads a deployment file. The modules that it names and its overlay files are the ``Composer``'s matter.
    public static func parse(_ source: ManifestSource) -> Parsed<DeploymentManifest> {
        var file = CheckedFile(source, as: .deployment)
        guard let root = file.root else { return Parsed(manifest: nil, diagnostics: file.diagnostics) }
        let overlay = root.object("overlay").map { Overlay.build($0, &file) }
        if root.isLost("overlay") { file.unknown.isOpen = true }
        let manifest = DeploymentManifest(
            // What it names is looked at even where its own name is missing.
            name: root.located("name") ?? Located("unnamed", at: source.start), description: root.text("description"),
            modules: root.map("modules").compactMap { entry in entry.object.map { selection(entry.key, $0, &file) } },
            currency: root.text("currency") ?? "USD", timeZone: root.located("time_zone") ?? Located("UTC", at: source.start),
            limits: root.object("limits").map(Self.limits),
            manifestFolders: root.texts("paths"),
            overlay: overlay, overlayFiles: root.texts("overlays"), location: source.start)
        return Parsed(manifest: manifest, diagnostics: file.diagnostics, unknown: file.unknown)
    }

    private static func limits(_ object: CheckedObject) -> RequestLimits {
        let rates = object.map("rates").compactMap { entry in
            entry.text.flatMap { RequestRate($0.value) }.map { (entry.key.value, $0) }
        }
        return RequestLimits(
            rate: object.text("rate").flatMap { RequestRate($0) }, rates: Dictionary(rates, uniquingKeysWith: { first, _ in first }))
    }

    private static func selection(_ key: Located<String>, _ object: CheckedObject, _ file: inout CheckedFile) -> ModuleSelection {
        let range = file.range(object.located("version")) ?? Located(.any, at: key.location)
        return ModuleSelection(
            requirement: Requirement(module: key, range: range),
            settings: object.map("settings").compactMap { entry in
                guard let value = entry.value, let input = input(value.value.value) else { return nil }
                return SettingInput(key: entry.key, value: Located(input, at: value.location))
            })
    }

    private static func input(_ value: CheckedValue) -> SettingInput.Value? {
        switch value {
        case .text(let text): .scalar(text.scalar.text)
        case .object(let source): source.text("env").map { .environment($0) } ?? source.text("file").map { .file($0) }
        default: nil
        }
    }
}

/// A file read and checked against the shape that it should have.
struct CheckedFile {
    let root: CheckedObject?
    var diagnostics: [Diagnostic]
    var unknown = UnknownParts()

    init(_ source: ManifestSource, as name: ObjectShape.Name) {
        let document = YAMLDocument(source)
        if let node = document.root, let other = Self.otherKind(of: node, than: name) {
            root = nil
            diagnostics = document.diagnostics + [Diagnostic(code: .wrongType, location: node.location, message: other)]
            return
        }
        var checker = ShapeChecker()
        root = document.root.flatMap { checker.object($0, Language.shape(name)) }
        diagnostics = document.diagnostics + checker.diagnostics
    }

    /// The kinds of files, by the key that only they have.
    private static let kinds: [(key: String, name: ObjectShape.Name, title: String)] = [
        ("manifest", .module, "a module manifest"), ("deployment", .deployment, "a deployment file"), ("lock", .lock, "a lock file"),
        ("overlay", .overlayFile, "an overlay file"),
    ]

    /// What to say about a file that is of another kind than is wanted.
    private static func otherKind(of node: YAMLNode, than name: ObjectShape.Name) -> String? {
        guard let wanted = kinds.first(where: { $0.name == name }), node.value(of: wanted.key) == nil,
            let found = kinds.first(where: { node.value(of: $0.key) != nil })
        else { return nil }
        return "this is \(found.title), not \(wanted.title); \(wanted.title) has the key '\(wanted.key)'"
    }

    func version(_ object: CheckedObject) -> Located<SemanticVersion>? {
        guard let text = object.located("version"), let version = SemanticVersion(text.value) else { return nil }
        return Located(version, at: text.location)
    }

    func range(_ text: Located<String>?) -> Located<VersionRange>? {
        guard let text, let range = VersionRange(text.value) else { return nil }
        return Located(range, at: text.location)
    }
}
