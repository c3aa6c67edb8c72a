import ArgumentParser
import QueryLanguage

struct QueryParseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parse",
        abstract: "Print the syntax tree of query options or of one expression as JSON.",
        discussion: """
            Needs no deployment. A text that begins with - follows --. Exit code 1 and `column N: …` for what the grammar refuses.

              tessera query parse "filter=startswith(last_name,'Sm')&top=50"
              tessera query parse --expression "end_date ge start_date"
            """)

    @Flag(help: "Take the text as one expression, as in rules and filters.")
    var expression = false

    @Argument(help: "The query options, as after the question mark of a URL, or the expression.")
    var text: String

    func run() async throws {
        try await reportingFailures {
            do {
                Console.print(
                    expression ? try Expression.parse(text).jsonDescription() : try QueryOptions.parse(urlQuery: text).jsonDescription())
            } catch let error as QueryError {
                throw Failure(.wrongInput, "column \(error.column): \(error.fullMessage)")
            }
        }
    }
}
