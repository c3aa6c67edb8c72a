package import Catalog
package import QueryLanguage

/// A catalog as queries are checked against it, with the phone numbers of its modules: what is compared was normalised by the same code that
/// normalises what is stored.
package struct DeploymentSchema: QuerySchema {
    private let catalog: Catalog
    private let hooks: any WriteHooks

    package init(catalog: Catalog, hooks: any WriteHooks) {
        self.catalog = catalog
        self.hooks = hooks
    }

    package func entityShape(named name: String) -> EntityShape? { catalog.entityShape(named: name) }

    package func normalisedPhone(_ number: String) -> String? { try? hooks.normalisePhones([number]).first?.normalised }
}
