import Manifests
import QueryLanguage

/// Parses and type-checks the views of a composition, and collects what is wrong with them.
struct ViewChecker {
    let catalog: Catalog
    /// Names that the catalog doesn't know and that may be right all the same; nil when it knows all.
    let doubt: NameDoubt?
    private(set) var diagnostics: [Diagnostic] = []

    init(catalog: Catalog, doubt: NameDoubt? = nil) {
        self.catalog = catalog
        self.doubt = doubt
    }

    mutating func views(of composition: Composition) -> [View] {
        var views: [View] = []
        for module in composition.modules {
            for view in module.manifest.views { views.append(check(view, owner: module.manifest.id.value)) }
        }
        for overlay in composition.overlays {
            for view in overlay.views { views.append(check(view, owner: Overlay.moduleID)) }
        }
        return views
    }

    private mutating func check(_ declaration: ViewDeclaration, owner: String) -> View {
        let type = declaration.type.name.description
        if let shape = catalog.entityShape(named: type) {
            let checker = QueryChecker(schema: catalog)
            note(declaration.filter, of: type) { text throws(QueryError) in
                _ = try checker.check(Expression.parse(text), on: shape, expecting: .boolean)
            }
            note(declaration.order, of: type) { text throws(QueryError) in _ = try checker.check(QueryOptions.parseOrderBy(text), on: shape)
            }
        }
        return View(
            id: "\(owner).\(declaration.key)", label: declaration.label, description: declaration.description, type: type,
            columns: declaration.columns.map(\.value), filter: declaration.filter?.text, order: declaration.order?.text)
    }

    private mutating func note(_ source: ExpressionText?, of type: String, _ check: (String) throws(QueryError) -> Void) {
        guard let source else { return }
        do {
            try check(source.text)
        } catch {
            if let type = catalog.type(id: type), doubt?.covers(error, in: source.text, on: type) == true { return }
            let place = source.location(at: max(0, error.column - 1))
            diagnostics.append(Diagnostic(code: .expression, location: place, message: error.message, suggestion: error.suggestion))
        }
    }
}
