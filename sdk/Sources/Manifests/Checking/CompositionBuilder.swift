/// What one file brings into a composition.
struct Contribution {
    /// The id of the module, or that of overlays.
    let owner: String
    let isOverlay: Bool
    /// What the file declares and can't be made out, so that what isn't there may just be broken.
    let unknown: UnknownParts
    let types: [RecordTypeDeclaration]
    let extensions: [TypeExtension]
    let views: [ViewDeclaration]
    let roles: [RoleDeclaration]
    let events: [EventDeclaration]

    init(_ manifest: ModuleManifest, unknown: UnknownParts) {
        owner = manifest.id.value
        isOverlay = false
        self.unknown = unknown
        types = manifest.types
        extensions = manifest.extensions
        views = manifest.views
        roles = manifest.roles
        events = manifest.events
    }

    init(_ overlay: Overlay, unknown: UnknownParts) {
        owner = Overlay.moduleID
        isOverlay = true
        self.unknown = unknown
        types = overlay.types
        extensions = overlay.extensions
        views = overlay.views
        roles = overlay.roles
        events = []
    }
}

/// Merges what modules and overlays declare into the final record types and checks everything that needs more than one file.
struct CompositionBuilder {
    private let contributions: [Contribution]
    /// Modules of whom nothing is known; mentions of their types are not judged, since the missing module is reported.
    private let missingModules: Set<String>
    private let unknown: UnknownParts
    private var drafts: [TypeName: TypeDraft] = [:]
    private var order: [TypeName] = []
    private var checker = DeclarationChecker()

    var diagnostics: [Diagnostic] { checker.diagnostics }

    init(contributions: [Contribution], missingModules: Set<String>) {
        self.contributions = contributions
        self.missingModules = missingModules
        unknown = contributions.reduce(into: UnknownParts()) { $0.merge($1.unknown) }
    }

    mutating func build() -> [ComposedType] {
        for contribution in contributions { addTypes(of: contribution) }
        for contribution in contributions { addFields(of: contribution) }
        addInverses()
        for contribution in contributions { addRest(of: contribution) }
        for contribution in contributions { checkMentions(of: contribution) }
        checkInheritance()
        checkKeys()
        return order.compactMap { drafts[$0]?.composed }
    }

    // MARK: Types

    private mutating func addTypes(of contribution: Contribution) {
        for type in contribution.types {
            if let first = drafts[type.name] {
                checker.report(
                    .doubleClaim, type.location, "the record type \(type.name) is declared at \(first.declaration.location) already")
                continue
            }
            checkCollection(type)
            drafts[type.name] = TypeDraft(type, isComplete: unknown.isComplete(type.name), broken: unknown.fields[type.name, default: []])
            order.append(type.name)
        }
    }

    /// Collections claimed twice in one file are found with the file.
    private mutating func checkCollection(_ type: RecordTypeDeclaration) {
        let others = order.compactMap { drafts[$0]?.declaration }
        let other = others.first { $0.collection.value == type.collection.value && $0.location.file != type.location.file }
        guard let other else { return }
        checker.report(
            .doubleClaim, type.collection.location,
            "the collection '\(type.collection.value)' is claimed by \(other.name) already, at \(other.collection.location)")
    }

    // MARK: Extensions

    private mutating func addFields(of contribution: Contribution) {
        for addition in contribution.extensions where addition.target.name.module != contribution.owner {
            guard checkExists(addition.target) else { continue }
            drafts[addition.target.name]?.add(addition.fields, owner: contribution.owner, &checker)
        }
    }

    /// Inverses come after all fields, so that a field keeps its name and the link that comes in is what is reported.
    private mutating func addInverses() {
        for name in order {
            for field in drafts[name]?.fields ?? [] {
                guard let inverse = field.declaration.kind.inverse else { continue }
                drafts[inverse.target.name]?.add(inverse: inverse.name, from: name, &checker)
            }
        }
    }

    private mutating func addRest(of contribution: Contribution) {
        for addition in contribution.extensions {
            drafts[addition.target.name]?.add(addition, owner: contribution.owner, isOverlay: contribution.isOverlay, &checker)
        }
    }

    // MARK: Mentions

    private mutating func checkMentions(of contribution: Contribution) {
        let fields =
            contribution.types.flatMap(\.fields) + contribution.extensions.flatMap(\.fields) + contribution.events.flatMap(\.fields)
        for target in fields.lazy.flatMap(\.kind.targets) where isForeign(target, to: contribution) { _ = checkExists(target) }
        for grant in contribution.roles.lazy.flatMap(\.grants) where isForeign(grant.type, to: contribution) { _ = checkExists(grant.type) }
        for view in contribution.views {
            if isForeign(view.type, to: contribution) { guard checkExists(view.type) else { continue } }
            for column in view.columns { checkColumn(column, of: view.type.name) }
        }
    }

    /// A module's mentions of its own types are checked with its file, an overlay's only here.
    private func isForeign(_ reference: TypeReference, to contribution: Contribution) -> Bool {
        contribution.isOverlay || reference.name.module != contribution.owner
    }

    private mutating func checkExists(_ reference: TypeReference) -> Bool {
        let name = reference.name
        if drafts[name] != nil { return true }
        guard !missingModules.contains(name.module), !unknown.mayBe(name) else { return false }
        let hasModule = contributions.contains { $0.owner == name.module }
        let isOwn = name.module == Overlay.moduleID
        let known = order.map(\.description)
        // An overlay that says `person` most likely means the one that a module has.
        let suggestion = isOwn ? order.first { $0.type == name.type }?.description : nil
        checker.report(
            .unknownReference, reference.location,
            hasModule || isOwn ? "there is no record type \(name)" : "the deployment has no module '\(name.module)'",
            suggestion: suggestion ?? Names.nearest(to: name.description, among: known))
        return false
    }

    private mutating func checkColumn(_ column: Located<String>, of type: TypeName) {
        var here = type
        let steps = column.value.split(separator: "/").map(String.init)
        for (position, step) in steps.enumerated() {
            guard let scope = drafts[here]?.scope, let found = checker.property(Located(step, at: column.location), scope) else { return }
            let isLast = position == steps.count - 1
            switch found {
            case .field(let field):
                guard !isLast else { return }
                if case .address = field.kind { return checkAddress(steps[(position + 1)...], column) }
                guard case .link(let options) = field.kind else {
                    checker.report(
                        .wrongType, column.location, "'\(step)' is of type \(field.kind.keyword); only a link or an address has parts")
                    return
                }
                here = options.target.name
            case .inverse:
                checker.report(.wrongType, column.location, "'\(step)' is many records and can't be a column")
                return
            case .derived, .system:
                if !isLast { checker.report(.wrongType, column.location, "'\(step)' has no parts") }
                return
            case .broken: return
            }
        }
    }

    private mutating func checkAddress(_ rest: ArraySlice<String>, _ column: Located<String>) {
        guard rest.count != 1 || !rest.allSatisfy(Names.addressMembers.contains) else { return }
        let parts = Names.addressMembers.joined(separator: ", ")
        checker.report(
            .unknownReference, column.location, "an address has the parts \(parts)",
            suggestion: rest.first.flatMap { Names.nearest(to: $0, among: Names.addressMembers) })
    }

    /// Whoever follows where rights come from arrives.
    private mutating func checkInheritance() {
        func parent(_ name: TypeName) -> TypeName? {
            guard let draft = drafts[name], let key = draft.declaration.inherits?.value,
                case .link(let options)? = draft.fields.first(where: { $0.key == key })?.declaration.kind
            else { return nil }
            return options.target.name
        }
        for name in order {
            guard let link = drafts[name]?.declaration.inherits else { continue }
            var path = [name]
            while let next = parent(path[path.count - 1]), next != name, !path.contains(next) { path.append(next) }
            // A type that leads into a circle isn't part of it, and one that links to itself was found with its file.
            guard path.count > 1, parent(path[path.count - 1]) == name else { continue }
            let way = (path + [name]).map(\.description).joined(separator: " → ")
            checker.report(.contradiction, link.location, "rights would come from themselves: \(way); leave 'inherits' out of one of them")
        }
    }

    /// Views and roles of several overlays share one namespace.
    private mutating func checkKeys() {
        var views: [String: SourceLocation] = [:]
        var roles: [String: SourceLocation] = [:]
        for overlay in contributions where overlay.isOverlay {
            for view in overlay.views {
                if let first = views.updateValue(view.location, forKey: view.key) {
                    checker.report(.doubleClaim, view.location, "the view '\(view.key)' is declared at \(first) already")
                }
            }
            for role in overlay.roles {
                if let first = roles.updateValue(role.location, forKey: role.key) {
                    checker.report(.doubleClaim, role.location, "the role '\(role.key)' is declared at \(first) already")
                }
            }
        }
    }
}
