import ArgumentParser
import QueryLanguage

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Lint a deployment and its modules, without a database, and show what is in it.",
        discussion: """
            Reads the deployment file, the manifests of its modules and its overlays, and checks all of it: spelling, types, ranges, links, \
            versions, expressions. Every error names file, line and column, and what was probably meant. Without errors, it lists the modules \
            with their record types, extensions, settings, views, roles and events; as JSON, errors are a list under "errors". Nothing is changed.

              tessera check --deployment manifests/deployments/starter.yaml
              tessera check --deployment mine.yaml --output json
            """)

    @OptionGroup var options: DeploymentFileOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reportingFailures {
            let deployment = try output.load(options.load)
            let outline = CompositionOutline(deployment.composition)
            if output.isJSON {
                Console.print(outline.value.json)
            } else {
                Console.print("\(deployment.path): fine\n\(outline.text)")
            }
        }
    }
}
