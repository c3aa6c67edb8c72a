import ArgumentParser

struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Look into queries: how they parse, and what PostgreSQL makes of them.",
        discussion: """
            The language is that of the API's filters, of rules and of conditions: OData 4.01, docs/query-language.md.

              tessera query parse --expression "end_date ge start_date"
              tessera query explain "people?filter=startswith(last_name,'Sm')&orderby=last_name"
            """,
        subcommands: [QueryParseCommand.self, QueryExplainCommand.self])
}
