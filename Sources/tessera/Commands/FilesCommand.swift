import ArgumentParser
import Files

struct FilesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "files",
        abstract: "Look after the files that people uploaded.",
        discussion: """
            Works beside a running server, which collects by itself every hour.

              tessera files collect
              tessera files check --read
            """,
        subcommands: [Collect.self, Check.self])

    struct Collect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove files that no record has referred to for the grace time (7 days, or TESSERA_FILE_GRACE_DAYS).",
            discussion: """
                What a deleted record refers to stays for as long as the record can be restored.

                  tessera files collect
                """)

        @OptionGroup var options: DeploymentOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let isJSON = output.isJSON
            try await withFiles(options) { files in
                var total = FileSweep()
                try await files.sweepAll { sweep in
                    total.marked += sweep.marked
                    total.collectedFiles += sweep.collectedFiles
                    total.collectedContents += sweep.collectedContents
                    total.abandoned += sweep.abandoned
                }
                guard !isJSON else {
                    return Console.print(
                        "{\"files\": \(total.collectedFiles), \"contents\": \(total.collectedContents), \"unreferred\": \(total.marked), "
                            + "\"uploads\": \(total.abandoned)}")
                }
                Console.print(
                    "\(total.collectedFiles) files removed, \(total.collectedContents) contents with them; "
                        + "\(total.marked) more are referred to by no record since now; \(total.abandoned) uploads that were broken off removed"
                )
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare the store with the database: what is missing, what is damaged.",
            discussion: """
                Exit code 1 when something is wrong.

                  tessera files check
                  tessera files check --read
                  tessera files check --output json
                """)

        @OptionGroup var options: DeploymentOptions
        @OptionGroup var output: OutputOptions
        @Flag(help: "Read every content and compute its digest, instead of looking at sizes only.") var read = false

        func run() async throws {
            let (readsAll, isJSON) = (read, output.isJSON)
            let problems = try await withFiles(options) { files in
                var progress = Progress(label: "contents", total: nil)
                let found = try await files.check(reading: readsAll) { progress.advance(by: $0 - progress.done) }
                progress.finish()
                guard !isJSON else {
                    let problems = found.problems.map { "{\"digest\": \"\($0.digest)\", \"kind\": \"\($0.kind.rawValue)\"}" }
                    Console.print(
                        "{\"contents\": \(found.contents), \"location\": \(JSON.string("\(files.contents.location)")), "
                            + "\"problems\": [\(problems.joined(separator: ", "))]}")
                    return found.problems
                }
                Console.print("\(found.contents) contents at \(files.contents.location), \(found.problems.count) of them wrong")
                for problem in found.problems { Console.print("\(problem)") }
                return found.problems
            }
            if !problems.isEmpty { throw ExitCode.wrongInput }
        }
    }
}

/// Runs a command on the deployment's files.
private func withFiles<R: Sendable>(_ options: DeploymentOptions, _ body: @escaping @Sendable (FileStore) async throws -> R) async throws
    -> R
{
    var result: R?
    try await reportingFailures {
        let deployment = try options.load()
        result = try await DirectStore.with(options, deployment: deployment) { records in
            try await body(FileSettings.open(options, records: records, logger: CommandLog.quiet))
        }
    }
    guard let result else { throw ExitCode.fault }
    return result
}
