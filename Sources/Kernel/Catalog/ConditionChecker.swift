import Manifests
import QueryLanguage

/// Parses and type-checks the conditions of a catalog's types, and collects what is wrong with them.
struct ConditionChecker {
    let catalog: Catalog
    /// Names that the catalog doesn't know and that may be right all the same; nil when it knows all.
    let doubt: NameDoubt?
    private(set) var diagnostics: [Diagnostic] = []

    init(catalog: Catalog, doubt: NameDoubt? = nil) {
        self.catalog = catalog
        self.doubt = doubt
    }

    /// The type with its rules and its fields' conditions in place.
    mutating func complete(_ draft: RecordType, from composed: ComposedType) -> RecordType {
        var type = draft
        for index in type.fields.indices {
            let declaration = composed.fields[index].declaration
            type.fields[index].requiredWhen = declaration.requiredWhen.flatMap { condition($0, of: draft) }
            type.fields[index].readOnlyWhen = declaration.readOnlyWhen.flatMap { condition($0, of: draft) }
            checkSearch(of: type.fields[index])
        }
        type.rules = composed.rules.compactMap { rule in
            condition(rule.declaration.check, of: draft).map {
                Rule(
                    id: rule.declaration.id, condition: $0, message: rule.declaration.message,
                    fields: rule.declaration.fields.map(\.value), owner: rule.owner)
            }
        }
        return type
    }

    /// A link is searched by what names its target, so that has to be searched too.
    private mutating func checkSearch(of field: Field) {
        guard field.search != nil, case .link(let link) = field.type, let target = catalog.type(id: link.target) else { return }
        if let display = target.displayField, target.field(display)?.search != nil || doubt?.covers(display, on: target) == true { return }
        let name = target.displayField.map { "\($0), which names it," } ?? "nothing that names it"
        diagnostics.append(
            Diagnostic(
                code: .contradiction, location: field.location,
                message: "the link can't be searched, since of \(target.id) \(name) isn't searched; give that field 'search' first"))
    }

    private mutating func condition(_ source: ExpressionText, of type: RecordType) -> Condition? {
        guard let shape = catalog.entityShape(named: type.id) else { return nil }
        do {
            let expression = try QueryChecker(schema: catalog).check(Expression.parse(source.text), on: shape, expecting: .boolean)
            return try condition(source, expression, of: type)
        } catch {
            if doubt?.covers(error, in: source.text, on: type) == true { return nil }
            let place = source.location(at: max(0, error.column - 1))
            diagnostics.append(Diagnostic(code: .expression, location: place, message: error.message, suggestion: error.suggestion))
            return nil
        }
    }

    /// A record's rules are asked before it is stored, over its own values and lists: links of others are out of reach.
    private func condition(_ source: ExpressionText, _ expression: TypedExpression, of type: RecordType) throws(QueryError) -> Condition {
        guard let shape = catalog.typeShape(named: type.id) else { throw QueryError(.unknownName, at: 0, "\(type.id) has no shape") }
        let reads = try expression.reads(of: shape, as: "rules", readsLists: true)
        return Condition(text: source.text, expression: expression, reads: reads, mentionsNull: expression.mentionsNull)
    }
}

extension Diagnostic.Code {
    /// An expression that doesn't parse, or whose types don't fit.
    static let expression = Self(rawValue: "manifest.expression")
}
