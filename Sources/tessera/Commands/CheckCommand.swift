import ArgumentParser
import Manifests
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

    /// Programs read errors where they read everything else.
    private func load() throws -> Deployment {
        do {
            return try options.load()
        } catch let failure as Failure where output.isJSON && !failure.findings.isEmpty {
            Console.print(Value.complex(["errors": .collection(failure.findings.map(Self.value))]).json)
            throw failure.code
        }
    }

    private static func value(_ finding: Diagnostic) -> Value {
        .complex([
            "code": .string(finding.code.rawValue), "file": .string(finding.location.file), "line": .integer(Int64(finding.location.line)),
            "column": .integer(Int64(finding.location.column)), "key_path": .string(finding.keyPath), "message": .string(finding.message),
            "suggestion": finding.suggestion.map { .string($0) } ?? .null,
        ])
    }

    func run() async throws {
        try await reportingFailures {
            let deployment = try load()
            let outline = CompositionOutline(deployment.composition)
            if output.isJSON {
                Console.print(outline.value.json)
            } else {
                Console.print("\(deployment.path): fine\n\(outline.text)")
            }
        }
    }
}
