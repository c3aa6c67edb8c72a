import Manifests

struct ConditionChecker {
    let catalog: Catalog; var diagnostics: [Diagnostic] = []
    init(catalog: Catalog) { self.catalog = catalog }
    mutating func complete(_ draft: RecordType, from composed: ComposedType) -> RecordType { draft }
}
