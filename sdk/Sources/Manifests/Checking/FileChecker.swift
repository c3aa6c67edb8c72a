/// Checks what one file says about its own record types, before other files are known.
struct FileChecker {
    private let owner: String
    /// The keys of the types in the file and of their fields, those with errors included.
    private let declared: [String: [String]]
    /// The modules whose types may be mentioned; nil when any may (overlays).
    private let knownModules: Set<String>?
    /// The types among them whose fields can't be made out.
    private let lost: Set<String>
    /// Whether the file may have more types.
    private let isOpen: Bool
    private var checker = DeclarationChecker()

    var diagnostics: [Diagnostic] { checker.diagnostics }

    init(owner: String, root: CheckedObject, knownModules: Set<String>?) {
        self.owner = owner
        declared = Dictionary(
            root.map("types").map { ($0.key.value, $0.object?.map("fields").map(\.key.value) ?? []) },
            uniquingKeysWith: { first, _ in first })
        lost = Set(root.map("types").filter { $0.object?.isLost("fields") ?? true }.map(\.key.value))
        isOpen = root.isLost("types")
        self.knownModules = knownModules
    }

    mutating func check(_ manifest: ModuleManifest) {
        if Names.isReservedModule(owner) {
            checker.report(.reservedName, manifest.id.location, "no module can have the id '\(owner)'; choose another")
        }
        if let own = manifest.requirements.first(where: { $0.module.value == owner }) {
            checker.report(.contradiction, own.module.location, "a module can't require itself")
        }
        check(manifest.types)
        check(manifest.extensions)
        check(manifest.views, manifest.roles)
        for subscription in manifest.subscriptions { check(subscription.handler, run: manifest.run) }
        for field in manifest.events.lazy.flatMap(\.fields) { checkTargets(field.kind) }
    }

    mutating func check(_ overlay: Overlay) {
        check(overlay.types)
        check(overlay.extensions)
        check(overlay.views, overlay.roles)
        for subscription in overlay.subscriptions { check(subscription.handler, run: .data) }
    }

    /// A handler is one of the module's own code, or of a module that it requires.
    private mutating func check(_ handler: HandlerReference, run: RunDeclaration) {
        guard handler.module == owner else {
            guard let knownModules, !knownModules.contains(handler.module) else { return }
            checker.report(
                .unknownReference, handler.location, "the module '\(handler.module)' is not among those in 'requires'",
                suggestion: Names.nearest(to: handler.module, among: knownModules.sorted()))
            return
        }
        guard case .data = run else { return }
        let whose = knownModules == nil ? "an overlay" : "a module without code"
        checker.report(
            .unknownReference, handler.location,
            "\(whose) has no handlers; name one of a module's code, as 'handler: module.\(handler.name)'")
    }

    private mutating func check(_ types: [RecordTypeDeclaration]) {
        var collections: [String: Located<String>] = [:]
        for type in types {
            let name = type.collection.value
            if Names.reservedCollections.contains(name) {
                checker.report(.reservedName, type.collection.location, "the API has '\(name)' of its own; choose another collection")
            }
            if let first = collections[type.collection.value] {
                checker.report(
                    .doubleClaim, type.collection.location,
                    "the collection '\(type.collection.value)' is claimed on line \(first.location.line) already")
            } else {
                collections[type.collection.value] = type.collection
            }
            check(type)
        }
    }

    private mutating func check(_ type: RecordTypeDeclaration) {
        let scope = scope(of: type)
        if let display = type.display { checker.checkDisplay(display, scope) }
        if let link = type.inherits { checker.checkInherits(link, scope) }
        checker.checkIndexes(type.indexes, scope)
        checker.checkUnique(type.unique, scope)
        var ruleIDs: [String: SourceLocation] = [:]
        checker.checkRules(type.rules, scope, taken: &ruleIDs)
        for field in type.fields {
            checker.checkPrimary(of: field, scope)
            checkTargets(field.kind)
            checkAcyclic(field.kind, of: type.name)
        }
    }

    /// The names of a type of this file, from this file alone. Inverses are left to the composition.
    private mutating func scope(of type: RecordTypeDeclaration) -> TypeScope {
        let broken = Set(declared[type.key] ?? []).subtracting(type.fields.map(\.key))
        var scope = TypeScope(name: type.name, isComplete: !lost.contains(type.key), broken: broken)
        for field in type.fields { checker.claim(field, in: &scope) }
        return scope
    }

    private mutating func check(_ extensions: [TypeExtension]) {
        for addition in extensions {
            if addition.target.name.module == owner {
                checker.report(
                    .contradiction, addition.location,
                    "\(addition.target.name) is declared by the same owner; add to its declaration instead")
            } else {
                checkModule(of: addition.target)
            }
            for field in addition.fields {
                checkTargets(field.kind)
                checkAcyclic(field.kind, of: addition.target.name)
            }
        }
    }

    /// Only links among records of one type lead from one to the next.
    private mutating func checkAcyclic(_ kind: FieldKind, of type: TypeName) {
        guard case .link(let options) = kind, options.isAcyclic, options.target.name != type else { return }
        checker.report(
            .contradiction, options.target.location,
            "only a link to \(type) itself can be 'acyclic'; link to it, or leave 'acyclic' out")
    }

    private mutating func check(_ views: [ViewDeclaration], _ roles: [RoleDeclaration]) {
        for view in views { checkReference(view.type) }
        for grant in roles.lazy.flatMap(\.grants) { checkReference(grant.type) }
    }

    private mutating func checkTargets(_ kind: FieldKind) {
        for target in kind.targets { checkReference(target) }
    }

    /// A module names its own types and those of modules that it requires. An overlay may name any type, so the composition checks it.
    private mutating func checkReference(_ reference: TypeReference) {
        guard knownModules != nil else { return }
        guard reference.name.module == owner else { return checkModule(of: reference) }
        guard declared[reference.name.type] == nil, !isOpen else { return }
        checker.report(
            .unknownReference, reference.location, "the file has no record type '\(reference.name.type)'",
            suggestion: Names.nearest(to: reference.name.type, among: declared.keys.sorted()))
    }

    private mutating func checkModule(of reference: TypeReference) {
        guard let knownModules, !knownModules.contains(reference.name.module) else { return }
        checker.report(
            .unknownReference, reference.location, "the module '\(reference.name.module)' is not among those in 'requires'",
            suggestion: Names.nearest(to: reference.name.module, among: knownModules.sorted()))
    }
}
