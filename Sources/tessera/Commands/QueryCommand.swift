import ArgumentParser

struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Look into queries: how they parse, and what PostgreSQL makes of them.",
        subcommands: [QueryParseCommand.self, QueryExplainCommand.self])
}
