import QueryLanguage

extension Catalog {
    /// The catalog as somebody sees it who may not see everything: without fields that they never see, and without what would tell of them.
    ///
    /// - Parameters:
    ///   - hidden: keys of fields that are left out, by type. Links into a type that are left out are left out at its end too.
    ///   - unsearched: keys of fields that stay, and that no search or key finds records by: they are seen on some records only.
    package func masked(hiding hidden: [String: Set<String>], notSearching unsearched: [String: Set<String>]) -> Catalog {
        guard hidden.contains(where: { !$0.value.isEmpty }) || unsearched.contains(where: { !$0.value.isEmpty }) else { return self }
        let masked = types.map { $0.masked(hiding: hidden[$0.id] ?? [], notSearching: unsearched[$0.id] ?? []) }
        let catalog = Catalog(
            deployment: deployment, currency: currency, timeZone: timeZone, modules: modules, types: masked, views: [], roles: roles,
            demands: demands, subscriptions: subscriptions)
        return Catalog(
            deployment: deployment, currency: currency, timeZone: timeZone, modules: modules, types: masked,
            views: views.compactMap { catalog.masked($0) }, roles: roles, demands: demands, subscriptions: subscriptions)
    }

    /// The view as far as its columns are there; nil when its condition or order isn't.
    private func masked(_ view: View) -> View? {
        guard let shape = entityShape(named: view.type) else { return nil }
        let checker = QueryChecker(schema: self)
        do {
            if let filter = view.filter { _ = try checker.check(Expression.parse(filter), on: shape, expecting: .boolean) }
            if let order = view.order { _ = try checker.check(QueryOptions.parseOrderBy(order), on: shape) }
        } catch {
            return nil
        }
        var view = view
        view.columns = view.columns.filter { column in
            shape.properties[column.split(separator: "/").first.map(String.init) ?? column] != nil
        }
        return view
    }
}

extension RecordType {
    fileprivate func masked(hiding hidden: Set<String>, notSearching unsearched: Set<String>) -> RecordType {
        guard !hidden.isEmpty || !unsearched.isEmpty else { return self }
        var type = self
        type.fields = fields.filter { !hidden.contains($0.key) }
        for index in type.fields.indices where unsearched.contains(type.fields[index].key) {
            type.fields[index].search = nil
            type.fields[index].unique = false
        }
        if let display = displayField, hidden.contains(display) { type.displayField = nil }
        let veiled = hidden.union(unsearched)
        func isSeen(_ names: [String]) -> Bool {
            names.allSatisfy { name in
                !fields.contains { veiled.contains($0.key) && ($0.key == name || $0.columns.contains { $0.name == name }) }
            }
        }
        type.uniques = uniques.filter { isSeen($0.fields) }
        type.indexes = indexes.filter { isSeen($0.fields) }
        type.rules = rules.filter { $0.condition.reads.isDisjoint(with: hidden) }
        for index in type.fields.indices {
            if let condition = type.fields[index].requiredWhen, !condition.reads.isDisjoint(with: hidden) {
                type.fields[index].requiredWhen = nil
            }
            if let condition = type.fields[index].readOnlyWhen, !condition.reads.isDisjoint(with: hidden) {
                type.fields[index].readOnlyWhen = nil
            }
        }
        return type
    }
}
