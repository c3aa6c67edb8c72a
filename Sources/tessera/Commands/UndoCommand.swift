import ArgumentParser
import QueryLanguage
import Records

struct UndoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Take a change set back, where nothing newer stands on it.",
        discussion: """
            Records that it made are deleted (and can be restored), those that it changed get their former values, those that it deleted come
            back. A record that was changed since, or can't be put back, is left as it is and listed with the reason. The undo is a change
            set itself, so it can be undone. Stopped, it goes on where it was when it is run again.

              tessera undo 0197a3f2-5c1e-7d42-9b1a-3f0c8d2e4a61 --dry-run
            """)

    @OptionGroup var source: SourceOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The id that `tessera changes list` shows.")
    var id: String

    @Flag(help: "Say what would be taken back, keep nothing.")
    var dryRun = false

    func run() async throws {
        try await reportingFailures {
            let report = try await source.backend().undo(try GUID(id, of: "changes"), isRehearsal: dryRun) {
                Console.progress("undo  \($0.grouped) records")
            }
            Console.progress("")
            Console.print(output.isJSON ? report.value.json : ChangeText.report(report, isDry: dryRun))
            if report.refusedCount > 0 { throw ExitCode.partly }
        }
    }
}
