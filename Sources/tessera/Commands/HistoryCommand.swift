import ArgumentParser
import Events
import QueryLanguage

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show who changed what of a record, and when.",
        discussion: """
            Newest first: each write with who made it, by which way, and the properties that it changed.

              tessera history people 0197a3f2-5c1e-7d42-9b1a-3f0c8d2e4a61
            """)

    @OptionGroup var source: SourceOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The collection: people.") var collection: String
    @Argument(help: "The record's id.") var id: String
    @OptionGroup var bound: LimitOptions

    func run() async throws {
        try await reportingFailures {
            guard let record = GUID(id) else { throw Failure(.wrongInput, "'\(id)' is no id of a record") }
            guard let (entries, isCut) = try await source.backend().history(collection, record, limit: bound.limit) else {
                throw Failure(.wrongInput, "there is no record \(record) in \(collection)")
            }
            if output.isJSON {
                Console.print(Value.collection(entries.map(\.value)).json)
            } else {
                for entry in entries { Console.print(EventText.entry(entry)) }
                if isCut { Console.print("and more: --limit shows them") }
            }
        }
    }
}
