import ArgumentParser
import QueryLanguage
import Records

struct ChangesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "changes",
        abstract: "List what was written together, and show what it changed.",
        discussion: """
            Every import, bulk write and undo is a change set: named, counted, and taken back with `tessera undo ID`.

              tessera changes list
              tessera changes show 0197a3f2-5c1e-7d42-9b1a-3f0c8d2e4a61
              tessera changes list --server https://crm.example.org
            """,
        subcommands: [List.self, Show.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List change sets, newest first.",
            discussion: """
                  tessera changes list --limit 5
                """)

        @OptionGroup var source: SourceOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var bound: LimitOptions

        func run() async throws {
            try await reportingFailures {
                let entries = try await source.backend().changeSets(limit: bound.limit)
                if output.isJSON {
                    Console.print(Value.collection(entries.map(\.value)).json)
                } else if entries.isEmpty {
                    Console.print("no change sets yet")
                } else {
                    for entry in entries { Console.print(ChangeText.line(entry)) }
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a change set and what it did to each record.",
            discussion: """
                  tessera changes show 0197a3f2-5c1e-7d42-9b1a-3f0c8d2e4a61
                """)

        @OptionGroup var source: SourceOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The id that `tessera changes list` shows.") var id: String
        @OptionGroup var bound: LimitOptions

        func run() async throws {
            try await reportingFailures {
                let id = try GUID(id, of: "changes")
                guard let (entry, changes, isCut) = try await source.backend().changeSet(id, changes: bound.limit) else {
                    throw Failure(.wrongInput, "there is no change set \(id); see `tessera changes list`")
                }
                if output.isJSON {
                    guard case .complex(var members) = entry.value else { return }
                    members["changes"] = .collection(changes.map(\.value))
                    Console.print(Value.complex(members).json)
                } else {
                    Console.print(ChangeText.full(entry, changes, isCut: isCut))
                }
            }
        }
    }
}

/// How many entries a list shows.
struct LimitOptions: ParsableArguments {
    @Option(help: "How many.") var limit = 20

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit takes a number from 1 on") }
    }
}

extension GUID {
    /// - Parameter command: what lists these ids.
    init(_ text: String, of command: String) throws {
        guard let id = GUID(text) else { throw Failure(.wrongInput, "'\(text)' is no id; see `tessera \(command) list`") }
        self = id
    }
}
