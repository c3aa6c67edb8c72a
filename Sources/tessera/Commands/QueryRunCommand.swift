import ArgumentParser
import QueryLanguage

struct QueryRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Print the records of a list, as a table or as JSON.",
        discussion: """
            Without `select`, the table has the first columns that hold something; `--output json` has all of them.

              tessera query run "people?filter=startswith(last_name,'Sm')&orderby=last_name&select=last_name,primary_email"
              tessera query run organisations --output json --server https://crm.example.org
            """)

    @OptionGroup var source: SourceOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "A collection and query options: people?filter=…")
    var query: String

    @Option(help: "Most records.") var limit = 100

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit takes a number from 1 on") }
    }

    func run() async throws {
        try await reportingFailures {
            let (records, isCut) = try await source.backend().records(query, limit: limit)
            if output.isJSON {
                Console.print("[" + records.map { String(decoding: $0.json, as: UTF8.self) }.joined(separator: ",\n ") + "]")
            } else if records.isEmpty {
                Console.note("no records")
            } else {
                let text = query.split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
                let given = (try? QueryOptions.parse(urlQuery: text))?.ranges.keys.filter { ["select", "apply"].contains($0) } ?? []
                Console.print(RecordTable.text(records, isSelected: !given.isEmpty))
            }
            if isCut { Console.note("and more: --limit shows them") }
        }
    }
}
