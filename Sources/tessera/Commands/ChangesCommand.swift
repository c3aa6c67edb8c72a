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
            """,
        subcommands: [List.self, Show.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List change sets, newest first.")

        @OptionGroup var options: DeploymentOptions
        @OptionGroup var output: OutputOptions
        @Option(help: "How many.") var limit = 20

        func run() async throws {
            try await reportingFailures {
                guard limit > 0 else { throw Failure(.wrongInput, "--limit takes a number from 1 on") }
                let entries = try await withChanges(options) { try await $0.list(limit: limit) }
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
        static let configuration = CommandConfiguration(abstract: "Show a change set and what it did to each record.")

        @OptionGroup var options: DeploymentOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The id that `tessera changes list` shows.") var id: String
        @Option(help: "How many changes.") var limit = 20

        func run() async throws {
            try await reportingFailures {
                guard limit > 0 else { throw Failure(.wrongInput, "--limit takes a number from 1 on") }
                let guid = try changeSetID(id)
                let (entry, page) = try await withChanges(options) { log in
                    guard let entry = try await log.find(guid) else {
                        throw Failure(.wrongInput, "there is no change set \(guid); see `tessera changes list`")
                    }
                    return (entry, try await log.changes(of: guid, limit: limit))
                }
                if output.isJSON {
                    guard case .complex(var members) = entry.value else { return }
                    members["changes"] = .collection(page.changes.map(\.value))
                    Console.print(Value.complex(members).json)
                } else {
                    Console.print(ChangeText.full(entry, page.changes, isCut: page.next != nil))
                }
            }
        }
    }
}

func changeSetID(_ text: String) throws -> GUID {
    guard let id = GUID(text) else { throw Failure(.wrongInput, "'\(text)' is no id; see `tessera changes list`") }
    return id
}

private func withChanges<R: Sendable>(
    _ options: DeploymentOptions, _ body: @escaping @Sendable (ChangeSetLog) async throws -> R
) async throws -> R {
    try await DirectStore.with(options, deployment: try options.load()) { try await body(ChangeSetLog($0, access: .commandLine)) }
}
