/// Checks the options of a request, or of one item of `$expand`.
struct OptionsChecker {
    let schema: any QuerySchema
    var shape: EntityShape
    /// Whether the options stand in `$expand`, where `$it` is a record outside.
    let isNested: Bool
    /// What `compute` has named.
    let names = ComputedNames()

    mutating func check(_ options: QueryOptions) throws(QueryError) -> CheckedQuery {
        try refuseUnsupported(options)
        var query = CheckedQuery(shape: shape)
        try apply(options, to: &query)
        if let filter = options.filter {
            var checker = expressionChecker()
            query.filter = joined(query.filter, try checker.checkWhole(filter, expecting: .boolean))
        }
        for item in options.orderBy {
            var checker = expressionChecker()
            let expression = try checker.checkWhole(item.expression, expecting: nil)
            guard expression.type.isSortable else {
                throw QueryError(.typeMismatch, at: item.expression.range.start, "Can't sort by \(expression.type.phrase).")
            }
            query.orderBy.append(CheckedOrderItem(expression: expression, isDescending: item.isDescending))
        }
        if let items = options.select { query.select = try checkSelect(items, computed: &query.computed) }
        if query.apply == nil { query.expand = try checkExpand(options.expand) }
        query.search = options.search
        query.top = options.top
        query.skip = options.skip
        query.skipToken = options.skipToken
        query.deltaToken = options.deltaToken
        query.count = options.count ?? false
        return query
    }

    private func expressionChecker() -> ExpressionChecker {
        ExpressionChecker(schema: schema, record: .entity(shape), isNested: isNested, names: names)
    }

    private func refuseUnsupported(_ options: QueryOptions) throws(QueryError) {
        if options.search != nil, !options.apply.isEmpty, !isNested {
            let start = options.ranges[OptionName.search.rawValue]?.start ?? 0
            throw QueryError(
                .notSupported, at: start, "'$search' together with '$apply' is not supported yet; filter within $apply instead.")
        }
        let unsupported: [(name: OptionName, isGiven: Bool)] = [
            (.search, options.search != nil && isNested),
            (.index, options.index != nil), (.deltatoken, isNested && options.deltaToken != nil), (.levels, options.levels != nil),
            (.schemaversion, options.schemaVersion.map { $0 != "*" } ?? false), (.id, options.id != nil),
        ]
        guard let (name, _) = unsupported.first(where: \.isGiven) else { return }
        throw QueryError(.notSupported, at: options.ranges[name.rawValue]?.start ?? 0, "'$\(name.rawValue)' is not supported yet.")
    }

    // MARK: - $select

    private func checkSelect(
        _ items: [QueryOptions.SelectItem], computed: inout [ComputedProperty]
    ) throws(QueryError) -> CheckedSelect {
        var selected: [CheckedSelect.SelectedProperty] = []
        var isEverything = false
        var wanted: Set<String> = []
        defer { if !isEverything { computed.removeAll { !wanted.contains($0.name) } } }
        for item in items {
            guard let first = item.path.first else { continue }
            if first.name == "*" {
                isEverything = true
                continue
            }
            if item.path.count == 1, computed.contains(where: { $0.name == first.name }) {
                wanted.insert(first.name)
                continue
            }
            try add(try checkSelectItem(item, first: first), to: &selected, at: first.range.start)
        }
        return isEverything ? .everything : .properties(selected)
    }

    private func add(
        _ item: CheckedSelect.SelectedProperty, to selected: inout [CheckedSelect.SelectedProperty], at column: Int
    ) throws(QueryError) {
        guard let index = selected.firstIndex(where: { $0.property.name == item.property.name }) else {
            selected.append(item)
            return
        }
        // `address/city,address` is all of the address.
        if item.members.isEmpty || selected[index].members.isEmpty {
            selected[index].members = []
        } else {
            for member in item.members where !selected[index].members.contains(member) { selected[index].members.append(member) }
        }
    }

    private func checkSelectItem(
        _ item: QueryOptions.SelectItem, first: QueryOptions.PathItem
    ) throws(QueryError) -> CheckedSelect.SelectedProperty {
        let property = try property(first, among: shape.properties, of: shape.name)
        if property.type.isLink {
            // By itself it selects the link, not the record (OData URL Conventions 4.01 section 5.1.4).
            guard item.path.count == 1, item.options == nil, item.parameterNames == nil else {
                throw QueryError(
                    .typeMismatch, at: first.range.start, "'\(first.name)' is a link; say in $expand what is shown of its records.")
            }
            return CheckedSelect.SelectedProperty(property: property)
        }
        if let names = item.parameterNames {
            throw QueryError(
                .notSupported, at: item.range.start, "Functions in $select (\(names.joined(separator: ", "))) are not supported yet.")
        }
        guard case .complex(let complex) = property.type else {
            if item.path.count > 1 {
                throw QueryError(
                    .unknownName, at: item.path[1].range.start, "'\(first.name)' is \(property.type.phrase) and has no members to select.")
            }
            if item.options != nil {
                throw QueryError(.notSupported, at: item.range.start, "Options on '\(first.name)' in $select are not supported yet.")
            }
            return CheckedSelect.SelectedProperty(property: property)
        }
        return CheckedSelect.SelectedProperty(property: property, members: try members(of: complex, in: item))
    }

    private func members(of complex: ComplexShape, in item: QueryOptions.SelectItem) throws(QueryError) -> [Property] {
        if item.path.count > 2 {
            throw QueryError(.unknownName, at: item.path[2].range.start, "'\(item.path[1].name)' has no members to select.")
        }
        if item.path.count == 2 {
            if item.options != nil { throw QueryError(.notSupported, at: item.range.start, "Options here are not supported yet.") }
            if item.path[1].name == "*" { return [] }
            return [try property(item.path[1], among: complex.properties, of: complex.name)]
        }
        guard let options = item.options else { return [] }
        var rest = options
        rest.select = nil
        guard rest == QueryOptions() else {
            throw QueryError(.notSupported, at: item.range.start, "Only 'select' is supported as an option in $select yet.")
        }
        var members: [Property] = []
        for nested in options.select ?? [] {
            guard let first = nested.path.first, nested.path.count == 1, nested.options == nil, nested.parameterNames == nil else {
                throw QueryError(.notSupported, at: nested.range.start, "Only names of members are supported here yet.")
            }
            if first.name == "*" { return [] }
            members.append(try property(first, among: complex.properties, of: complex.name))
        }
        return members
    }

    private func property(
        _ item: QueryOptions.PathItem, among properties: [String: Property], of owner: String
    ) throws(QueryError) -> Property {
        if let property = properties[item.name] { return property }
        if item.name.hasPrefix("@") { throw QueryError(.notSupported, at: item.range.start, "Annotations are not supported yet.") }
        if item.name.utf8.contains(UInt8(ascii: ".")) {
            throw QueryError(.notSupported, at: item.range.start, "Type names and functions ('\(item.name)') are not supported here yet.")
        }
        throw QueryError(
            .unknownName, at: item.range.start, "There is no property '\(item.name)' in \(owner).",
            suggestion: Spelling.closest(to: item.name, in: Array(properties.keys) + names.values.keys))
    }

    // MARK: - $expand

    private func checkExpand(_ items: [QueryOptions.ExpandItem]) throws(QueryError) -> [CheckedExpand] {
        var expanded: [CheckedExpand] = []
        for item in items where item.path.first?.name != "*" {
            let checked = try checkExpandItem(item)
            guard !expanded.contains(where: { $0.link.name == checked.link.name }) else {
                throw QueryError(.duplicateOption, at: item.range.start, "The link '\(checked.link.name)' is expanded twice.")
            }
            expanded.append(checked)
        }
        if let all = items.first(where: { $0.path.first?.name == "*" }) {
            try refuseSuffix(all)
            if let levels = all.options?.levels {
                _ = levels
                throw QueryError(.notSupported, at: all.range.start, "'$levels' is not supported yet.")
            }
            for link in shape.properties.values.filter(\.type.isLink).sorted(by: { $0.ordinal < $1.ordinal }) {
                guard !expanded.contains(where: { $0.link.name == link.name }), let target = target(of: link) else { continue }
                expanded.append(CheckedExpand(link: link, query: CheckedQuery(shape: target)))
            }
        }
        return expanded
    }

    private func checkExpandItem(_ item: QueryOptions.ExpandItem) throws(QueryError) -> CheckedExpand {
        guard let first = item.path.first else { throw QueryError(.syntax, at: item.range.start, "Expected the name of a link.") }
        try refuseSuffix(item)
        if first.name.hasPrefix("@") || first.name == "$value" {
            throw QueryError(.notSupported, at: first.range.start, "'\(first.name)' in $expand is not supported yet.")
        }
        guard let link = shape.properties[first.name], link.type.isLink else {
            if first.name.utf8.contains(UInt8(ascii: ".")) {
                throw QueryError(
                    .notSupported, at: first.range.start,
                    "The type segment '\(first.name)' in $expand is not supported: name the link itself.")
            }
            let links = shape.properties.values.filter(\.type.isLink).map(\.name)
            let message =
                shape.properties[first.name] == nil
                ? "There is no link '\(first.name)' in \(shape.name)." : "'\(first.name)' is no link and is shown without being expanded."
            throw QueryError(.unknownName, at: first.range.start, message, suggestion: Spelling.closest(to: first.name, in: links))
        }
        let target = try target(of: link, in: item)
        guard let options = item.options else { return CheckedExpand(link: link, query: CheckedQuery(shape: target)) }
        if !link.type.isCollection { try refuseListOptions(options, of: first) }
        var nested = OptionsChecker(schema: schema, shape: target, isNested: true)
        return CheckedExpand(link: link, query: try nested.check(options), options: options)
    }

    /// A link to one record shows it or nothing: a condition that means nothing where it stands would show what it was to keep out.
    private func refuseListOptions(_ options: QueryOptions, of link: QueryOptions.PathItem) throws(QueryError) {
        let given: [(name: OptionName, isGiven: Bool)] = [
            (.filter, options.filter != nil), (.orderby, !options.orderBy.isEmpty), (.top, options.top != nil),
            (.skip, options.skip != nil), (.count, options.count != nil), (.search, options.search != nil),
            (.apply, !options.apply.isEmpty),
        ]
        guard let name = given.first(where: \.isGiven)?.name.rawValue else { return }
        throw QueryError(
            .notSupported, at: options.ranges[name]?.start ?? link.range.start,
            "'$\(name)' doesn't go with '\(link.name)', which leads to one record. "
                + "To list by what it leads to, filter the list itself by '\(link.name)/…'.")
    }

    private func refuseSuffix(_ item: QueryOptions.ExpandItem) throws(QueryError) {
        guard let suffix = item.suffix else { return }
        throw QueryError(.notSupported, at: item.range.start, "'/\(suffix.rawValue)' in $expand is not supported yet.")
    }

    /// The type that a link leads to; for a link to one of several the first, as what a query without options is about.
    private func target(of link: Property) -> EntityShape? {
        switch link.type {
        case .entity(let name), .entityCollection(let name): schema.entityShape(named: name)
        case .entityOfSeveral(let names): names.lazy.compactMap { schema.entityShape(named: $0) }.first
        default: nil
        }
    }

    private func target(of link: Property, in item: QueryOptions.ExpandItem) throws(QueryError) -> EntityShape {
        guard item.path.count <= 2 else {
            throw QueryError(
                .notSupported, at: item.path[2].range.start, "Longer paths in $expand are not supported yet; nest them in parentheses.")
        }
        guard item.path.count == 2 else {
            if case .entityOfSeveral(let names) = link.type, item.options != nil {
                let message = "'\(link.name)' leads to several types; name one, as in \(link.name)/\(names.first ?? "type")(…)."
                throw QueryError(.typeMismatch, at: item.range.start, message)
            }
            if let target = target(of: link) { return target }
            throw QueryError(.unknownName, at: item.range.start, "The type that '\(link.name)' leads to isn't part of this deployment.")
        }
        let type = item.path[1]
        guard case .entityOfSeveral(let names) = link.type else {
            throw QueryError(
                .notSupported, at: type.range.start,
                "Expanding '\(type.name)' here is not supported yet; nest it: \(link.name)(expand=…).")
        }
        guard names.contains(type.name), let target = schema.entityShape(named: type.name) else {
            throw QueryError(
                .unknownName, at: type.range.start, "'\(link.name)' doesn't lead to '\(type.name)'.",
                suggestion: Spelling.closest(to: type.name, in: names))
        }
        return target
    }
}
