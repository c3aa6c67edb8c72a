/// Checks declarations against the names that they use: fields of the type, parts of fields, system fields.
struct DeclarationChecker {
    private(set) var diagnostics: [Diagnostic] = []

    mutating func report(_ code: Diagnostic.Code, _ location: SourceLocation, _ message: String, suggestion: String? = nil) {
        diagnostics.append(Diagnostic(code: code, location: location, message: message, suggestion: suggestion))
    }

    // MARK: Names of fields

    /// Adds a field and its parts to a scope and reports names that are reserved or taken.
    mutating func claim(_ field: FieldDeclaration, in scope: inout TypeScope) {
        if Names.systemFields.contains(field.key) {
            report(.reservedName, field.location, "'\(field.key)' is a field that every record has; choose another key")
            return
        }
        if Names.recordActions.contains(field.key) {
            report(.reservedName, field.location, "the API has '\(field.key)' of its own for every record; choose another key")
            return
        }
        guard isUsable(field.key, field.location) else { return }
        if let taken = scope.add(field.key, .field(field)) {
            report(
                .doubleClaim, field.location,
                "\(scope.name) has '\(field.key)' already: it is \(taken.owner)")
            return
        }
        for name in field.derivedNames {
            guard let taken = scope.add(name, .derived(field)) else { continue }
            report(
                .doubleClaim, field.location,
                "the field brings '\(name)' with it, which is \(taken.owner)" + (isChannel(field) ? "; a type has one such field" : ""))
        }
        if case .links(let options) = field.kind { checkColumns(options.columns) }
    }

    private func isChannel(_ field: FieldDeclaration) -> Bool {
        switch field.kind {
        case .emails, .phones: true
        default: false
        }
    }

    private mutating func isUsable(_ key: String, _ location: SourceLocation) -> Bool {
        // What is no key at all is said as that.
        guard Names.isKey(key), Names.expressionWords.contains(key) else { return true }
        report(.reservedName, location, "'\(key)' is a word of the expression language; choose another key")
        return false
    }

    private mutating func checkColumns(_ columns: [FieldDeclaration]) {
        for column in columns {
            if Names.linkFields.contains(column.key) {
                report(.reservedName, column.location, "'\(column.key)' is a field that every link has; choose another key")
            } else {
                _ = isUsable(column.key, column.location)
            }
        }
    }

    /// Adds the inverse of a link to the scope of the type that is linked to.
    mutating func claim(inverse: Located<String>, of type: TypeName, in scope: inout TypeScope) {
        guard isUsable(inverse.value, inverse.location) else { return }
        guard let taken = scope.add(inverse.value, .inverse(type)) else { return }
        report(.doubleClaim, inverse.location, "\(scope.name) has '\(inverse.value)' already: it is \(taken.owner)")
    }

    // MARK: Uses of fields

    mutating func checkDisplay(_ display: Located<String>, _ scope: TypeScope) {
        switch property(display, scope) {
        case .field(let field) where !field.kind.isDisplayable:
            report(
                .wrongType, display.location,
                "the field '\(field.key)' is of type \(field.kind.keyword), which doesn't name a record; "
                    + "use text, url, choice, integer, date or auto_number"
            )
        case .inverse: report(.wrongType, display.location, "'\(display.value)' is many records, not a name")
        default: break
        }
    }

    /// Rights come from one record, which is always there.
    mutating func checkInherits(_ link: Located<String>, _ scope: TypeScope) {
        guard let found = property(link, scope) else { return }
        guard case .field(let field) = found, case .link(let options) = field.kind else {
            report(.wrongType, link.location, "'\(link.value)' must be a field of type link: rights come from one record of one type")
            return
        }
        guard field.isRequired else {
            report(.contradiction, link.location, "rights come from the record that '\(field.key)' leads to, so it has to be 'required'")
            return
        }
        guard options.target.name != scope.name else {
            report(.contradiction, link.location, "rights can't come from records of the same type; link to another type")
            return
        }
    }

    mutating func checkIndexes(_ indexes: [IndexDeclaration], _ scope: TypeScope) {
        for field in indexes.lazy.flatMap(\.fields) {
            switch property(field, scope) {
            case .field(let found) where !found.kind.isIndexable:
                report(.wrongType, field.location, "a field of type \(found.kind.keyword) can't be in an index")
            case .inverse: report(.wrongType, field.location, "'\(field.value)' is many records and can't be in an index")
            case .derived(let found) where isChannel(found):
                report(.wrongType, field.location, "'\(field.value)' has an index of its own; leave it out")
            default: break
            }
        }
    }

    mutating func checkUnique(_ unique: [UniqueDeclaration], _ scope: TypeScope) {
        for field in unique.lazy.flatMap(\.fields) {
            switch property(field, scope) {
            case .field(let found) where !found.kind.isComparable:
                report(.wrongType, field.location, "a field of type \(found.kind.keyword) can't be part of a unique combination")
            case .inverse: report(.wrongType, field.location, "'\(field.value)' is many records and can't be part of a unique combination")
            case .derived(let found) where isChannel(found):
                report(.wrongType, field.location, "'\(field.value)' is a part of a list and can't be part of a unique combination")
            default: break
            }
        }
    }

    mutating func checkRules(_ rules: [RuleDeclaration], _ scope: TypeScope, taken: inout [String: SourceLocation]) {
        for rule in rules {
            if let first = taken[rule.id] {
                report(.doubleClaim, rule.location, "\(scope.name) has a rule '\(rule.id)' already, at \(first)")
            } else {
                taken[rule.id] = rule.location
            }
            for field in rule.fields { _ = property(field, scope) }
        }
    }

    mutating func checkPrimary(of field: FieldDeclaration, _ scope: TypeScope) {
        guard case .links(let options) = field.kind, let primary = options.primary else { return }
        guard let found = property(primary, scope) else { return }
        guard case .field(let link) = found, case .link(let single) = link.kind else {
            report(.wrongType, primary.location, "'\(primary.value)' must be a field of type link")
            return
        }
        guard single.target.name == options.target.name else {
            report(
                .contradiction, primary.location,
                "'\(primary.value)' links to \(single.target.name), but '\(field.key)' to \(options.target.name)")
            return
        }
    }

    /// Finds a name and reports it when the type has none such. What is broken is reported already, and not found.
    mutating func property(_ name: Located<String>, _ scope: TypeScope) -> TypeScope.Property? {
        if let found = scope.property(name.value) {
            if case .broken = found { return nil }
            return found
        }
        if scope.isComplete {
            report(
                .unknownReference, name.location, "\(scope.name) has no field '\(name.value)'",
                suggestion: Names.nearest(to: name.value, among: scope.names))
        }
        return nil
    }
}
