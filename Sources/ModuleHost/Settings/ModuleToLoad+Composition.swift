package import Catalog
package import Manifests
package import TesseraKit

extension ModuleLoader {
    /// Loads the modules of a composed deployment that have a library.
    package func load(_ composition: Composition, catalog: Catalog) throws(ModuleHostError) -> LoadedModules {
        var modules: [ModuleToLoad] = []
        var findings: [ModuleHostError.Finding] = []
        for resolved in composition.modules {
            do throws(ModuleHostError) {
                guard var module = try ModuleToLoad(resolved) else { continue }
                for subscription in catalog.subscriptions where subscription.handler.module == module.id {
                    module.handlers[subscription.handler.name] = subscription.id
                }
                modules.append(module)
            } catch {
                findings += error.findings
            }
        }
        guard findings.isEmpty else { throw ModuleHostError(findings: findings) }
        let deployment = DeploymentFacts(name: catalog.deployment, currency: catalog.currency, timeZone: catalog.timeZone)
        let types = Dictionary(catalog.types.map { ($0.id, TypeClaims($0)) }, uniquingKeysWith: { first, _ in first })
        return try load(modules, deployment: deployment, types: types)
    }
}

extension ModuleToLoad {
    /// What a deployment says about a module; nil for a module without code. Reads the secrets among its settings, which must be there
    /// for a module without code as well.
    package init?(_ resolved: ResolvedModule) throws(ModuleHostError) {
        let settings = try resolved.readSettings()
        guard case .library(let library) = resolved.manifest.run else { return nil }
        self.init(
            id: resolved.manifest.id.value, library: library.value,
            extends: Set(resolved.manifest.extensions.map(\.target.name.description)), settings: settings)
    }
}

extension ResolvedModule {
    /// The values of the module's settings, secrets read from where the deployment says.
    ///
    /// - Throws: `ModuleHostError` with every setting that can't be read, and what to do about it.
    package func readSettings() throws(ModuleHostError) -> [String: FieldValue] {
        let id = manifest.id.value
        var settings: [String: FieldValue] = [:]
        var findings: [ModuleHostError.Finding] = []
        for (key, value) in self.settings.sorted(by: { $0.key < $1.key }) {
            if let value = FieldValue(setting: value) {
                settings[key] = value
            } else {
                findings.append(ModuleHostError.Finding(.settings, module: id, Self.unreadable(key, value)))
            }
        }
        guard findings.isEmpty else { throw ModuleHostError(findings: findings) }
        return settings
    }

    private static func unreadable(_ key: String, _ value: SettingValue) -> String {
        switch value {
        case .secret(.environment(let name)):
            "The setting '\(key)' is read from the environment, and \(name) isn't set. Set it, or name another one."
        case .secret(.file(let path)):
            "The setting '\(key)' is read from the file '\(path)', which isn't there, can't be read, or is no UTF-8 text of at most "
                + "\(SecretSource.longestFile) bytes."
        default: "The setting '\(key)' is too large for its kind."
        }
    }
}

extension FieldValue {
    /// A setting's value, secrets read; nil when that isn't possible.
    fileprivate init?(setting: SettingValue) {
        switch setting {
        case .text(let text), .choice(let text): self = .text(text)
        case .integer(let integer): self = .integer(integer)
        case .boolean(let boolean): self = .boolean(boolean)
        case .duration(let duration): self = .duration(TimeSpan(microseconds: duration.microseconds))
        case .decimal(let literal):
            guard let decimal = ExactDecimal(literal.description) else { return nil }
            self = .decimal(decimal)
        case .secret(let source):
            guard let secret = source.read() else { return nil }
            self = .text(secret)
        }
    }
}
