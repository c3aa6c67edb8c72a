import ArgumentParser
import SchemaPlan

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what the database needs to match the manifests.",
        discussion: """
            Every statement, the lock it takes, whether it rewrites a table, and what would be lost. Nothing is changed. Exit code 0 when \
            there is nothing to do or the plan can be applied, 1 when something stands in its way. As JSON, errors of manifests are a list \
            under "errors", as `tessera check` has them.

              tessera plan --deployment mine.yaml
              tessera plan --deployment mine.yaml --output json
              tessera plan --deployment mine.yaml --sql > review.sql
            """)

    @OptionGroup var options: DeploymentOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Print every statement in full, as it is sent, in place of the table.")
    var sql = false

    func run() async throws {
        try await reportingFailures {
            let deployment = try output.load(options.load)
            let plan = try await Database.with(options, logger: CommandLog.quiet) { database in
                try await SchemaPlan.make(for: deployment.catalog, on: database.client)
            }
            Console.print(output.isJSON ? plan.json : sql && plan.problems.isEmpty ? plan.script : plan.description)
            guard plan.problems.isEmpty else { throw ExitCode.wrongInput }
        }
    }
}
