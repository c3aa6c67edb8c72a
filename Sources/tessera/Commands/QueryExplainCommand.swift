import ArgumentParser
import Catalog
import QueryLanguage
import Records

struct QueryExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Print the SQL of a list, its parameters and PostgreSQL's plan for it.",
        discussion: """
            The statement is planned, not run.

              tessera query explain "people?filter=startswith(last_name,'Sm')&orderby=last_name"
            """)

    @OptionGroup var options: DeploymentOptions

    @OptionGroup var output: OutputOptions

    @Argument(help: "A collection and query options: people?filter=…")
    var query: String

    func run() async throws {
        try await reportingFailures {
            let deployment = try options.load()
            let explained = try await DirectStore.with(options, deployment: deployment) { store in
                let request = try ListQuery(query, store: store)
                return try await store.explain(ListRequest(type: request.type, query: request.query), access: .commandLine)
            }
            guard !output.isJSON else {
                let parameters = explained.parameters.map { Value.string($0) }
                let members: [String: Value] = [
                    "sql": .string(explained.sql), "parameters": .collection(parameters), "plan": .string(explained.plan),
                ]
                return Console.print(Value.complex(members).json)
            }
            Console.print(Console.styled("SQL", .bold) + "\n\(explained.sql)\n")
            Console.print(Console.styled("Parameters", .bold))
            for (position, value) in explained.parameters.enumerated() { Console.print("$\(position + 1)  \(value)") }
            Console.print("\n" + Console.styled("Plan", .bold) + "\n\(explained.plan)")
        }
    }
}
