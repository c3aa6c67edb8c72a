import ArgumentParser

struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Run queries, and look into them: how they parse, and what PostgreSQL makes of them.",
        discussion: """
            The language is that of the API's filters, of rules and of conditions: OData 4.01, docs/query-language.md.

              tessera query run "people?filter=startswith(last_name,'Sm')"
              tessera query parse --expression "end_date ge start_date"
              tessera query explain "people?filter=startswith(last_name,'Sm')&orderby=last_name"
            """,
        subcommands: [QueryRunCommand.self, QueryParseCommand.self, QueryExplainCommand.self])
}
