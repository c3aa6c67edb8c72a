package import Catalog
package import Permissions
import Synchronization

/// The catalog as principals see it, made once for each policy. Bounded: with very many policies some are made again.
package final class CatalogViews: Sendable {
    private static let capacity = 256
    private let known = Mutex<(generation: Int, views: [Int: Catalog])>((0, [:]))

    package init() {}

    /// - Parameter generation: rises whenever another catalog comes in force.
    package func view(of catalog: Catalog, generation: Int, rights: Rights) -> Catalog {
        guard !rights.isUnlimited else { return catalog }
        if let view = known.withLock({ $0.generation == generation ? $0.views[rights.number] : nil }) { return view }
        let view = rights.visible(catalog)
        known.withLock { known in
            if known.generation != generation || known.views.count >= Self.capacity { known = (generation, [:]) }
            known.views[rights.number] = view
        }
        return view
    }
}
