package import Logging
import TesseraKit

/// Loads the modules of a deployment that have a library, and asks each what it does.
package struct ModuleLoader: Sendable {
    private let folders: LibraryFolders
    private let logger: Logger

    package init(folders: LibraryFolders, logger: Logger) {
        self.folders = folders
        self.logger = logger
    }

    /// Loads all modules or none.
    ///
    /// - Parameters:
    ///   - modules: each after those that it depends on; their hooks run in this order.
    ///   - types: the deployment's record types by full id.
    /// - Throws: `ModuleHostError` with the findings of all modules.
    package func load(
        _ modules: [ModuleToLoad], deployment: DeploymentFacts, types: [String: TypeClaims]
    ) throws(ModuleHostError) -> LoadedModules {
        var started: [StartedModule] = []
        var findings: [ModuleHostError.Finding] = []
        for module in modules {
            do throws(ModuleHostError) {
                let next = try start(module, deployment: deployment)
                try check(next.registry, of: module, types: types, after: started)
                started.append(next)
            } catch {
                findings += error.findings
            }
        }
        guard findings.isEmpty else { throw ModuleHostError(findings: findings) }
        return LoadedModules(started, types: types)
    }

    private func start(_ module: ModuleToLoad, deployment: DeploymentFacts) throws(ModuleHostError) -> StartedModule {
        let library = try ModuleLibrary(module, in: folders)
        let foundID = library.type.moduleID
        guard foundID == module.id else {
            throw ModuleHostError(
                .wrongModule, module: module.id,
                "\(library.path) holds the module '\(foundID)'. Name the right library under `run:` in the manifest of '\(module.id)'.")
        }
        let context = ModuleContext(
            deploymentName: deployment.name, currency: deployment.currency, timeZone: deployment.timeZone,
            settings: ModuleSettings(module.settings), logger: ModuleLogger(logger, module: module.id))
        var registry = ModuleRegistry(moduleID: module.id)
        let instance: any TesseraModule
        do {
            instance = try library.type.init(context: context)
        } catch {
            throw ModuleHostError(
                Self.isAboutSettings(error) ? .settings : .startFailed, module: module.id, "It doesn't start: \(Self.reason(error))")
        }
        do {
            try instance.register(into: &registry)
        } catch {
            throw ModuleHostError(.registerFailed, module: module.id, "It can't register what it does: \(Self.reason(error))")
        }
        logger.debug("module loaded", metadata: ["module": "\(module.id)", "library": "\(library.path)"])
        return StartedModule(id: module.id, path: library.path, registry: registry)
    }

    /// Holds what a module registered against what its manifest declares.
    private func check(
        _ registry: ModuleRegistry, of module: ModuleToLoad, types: [String: TypeClaims], after started: [StartedModule]
    ) throws(ModuleHostError) {
        var findings: [ModuleHostError.Finding] = []
        for hook in registry.beforeWriteHooks {
            let objections =
                types[hook.recordType]?.objections(to: hook, of: module)
                ?? ["It hooks into '\(hook.recordType)', and the deployment has no such record type."]
            findings += objections.map { ModuleHostError.Finding(.undeclared, module: module.id, $0) }
        }
        findings += Self.objections(to: registry.eventReactions, of: module).map { .init(.undeclared, module: module.id, $0) }
        if registry.phoneNormalizer != nil, let other = started.first(where: { $0.registry.phoneNormalizer != nil }) {
            findings.append(
                ModuleHostError.Finding(
                    .serviceTaken, module: module.id,
                    "It brings a phone normaliser, and so does '\(other.id)'. A deployment has one: leave one of the modules out."))
        }
        guard findings.isEmpty else { throw ModuleHostError(findings: findings) }
    }

    /// Each subscription has its handler, and each handler its name for itself.
    private static func objections(to reactions: [EventReaction], of module: ModuleToLoad) -> [String] {
        let names = reactions.map(\.name)
        let twice = Set(names.filter { name in names.count { $0 == name } > 1 }).sorted()
        let has = names.isEmpty ? "It registers none." : "It registers \(Set(names).sorted().joined(separator: ", "))."
        return twice.map { "It registers the handler '\($0)' of events twice; give one of them another name." }
            + module.handlers.sorted { $0.key < $1.key }.filter { !names.contains($0.key) }.map { name, subscription in
                "The subscription '\(subscription)' names its handler '\(name)', which the code doesn't register with onEvents. \(has)"
            }
    }

    private static func isAboutSettings(_ error: any Error) -> Bool {
        guard let code = (error as? ModuleError)?.code else { return false }
        return [.settingMissing, .settingKind, .settingInvalid].contains(code)
    }

    /// A module's own error says what is wrong; of any other, only the type is known to hold no data.
    static func reason(_ error: any Error) -> String {
        if let error = error as? ModuleError { return error.description }
        return "it threw \(type(of: error)). A ModuleError would say why."
    }
}

/// A module that has registered.
struct StartedModule: Sendable {
    let id: String
    let path: String
    let registry: ModuleRegistry
}
