import ArgumentParser
import Catalog

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Lint a deployment and its modules, without a database.",
        discussion: """
            Reads the deployment file, the manifests of its modules and its overlays, and checks all of it: spelling, types, ranges, links, \
            versions, expressions. Every error names file, line and column, and what was probably meant. Nothing is changed.

              tessera check --deployment manifests/deployments/starter.yaml
            """)

    @OptionGroup var options: DeploymentOptions

    func run() async throws {
        try await reportingFailures {
            let deployment = try options.load()
            let catalog = deployment.catalog
            let modules = catalog.modules.map { "\($0.id) \($0.version)" }.joined(separator: ", ")
            Console.print("\(deployment.path): fine")
            Console.print("  modules      \(modules.isEmpty ? "none" : modules)")
            let collections = catalog.types.map { "\($0.collection) (\($0.fields.count) fields)" }.joined(separator: ", ")
            Console.print("  collections  \(collections.isEmpty ? "none" : collections)")
        }
    }
}
