package import Catalog
package import Manifests
import TesseraKit

/// What the modules of a deployment are started with: settings, secrets read, and what they are told about the deployment. A module sees it once, so that
/// a server compares what it started with to what its files say now. Never shown, since secrets are among it.
package struct ModuleInputs: Sendable {
    private let facts: DeploymentFacts
    /// By module; nil where a secret can't be read.
    private let settings: [String: [String: FieldValue]?]

    package init(_ composition: Composition, catalog: Catalog) {
        facts = DeploymentFacts(name: catalog.deployment, currency: catalog.currency, timeZone: catalog.timeZone)
        let modules = composition.modules.filter { if case .library = $0.manifest.run { true } else { false } }
        settings = Dictionary(
            modules.map { ($0.manifest.id.value, try? $0.readSettings()) }, uniquingKeysWith: { first, _ in first })
    }

    /// What is another now, to be named to people: "settings of contacts". Empty when modules would be started as they were.
    package func changes(since started: ModuleInputs) -> [String] {
        guard !settings.isEmpty else { return [] }
        let facts = facts == started.facts ? [] : ["name, currency or time zone of the deployment"]
        return settings.keys.filter { settings[$0] != started.settings[$0] }.sorted().map { "settings of \($0)" } + facts
    }
}
