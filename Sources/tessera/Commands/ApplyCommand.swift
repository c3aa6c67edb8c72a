import ArgumentParser
import Manifests
import QueryLanguage
import Records
import SchemaPlan

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Bring the database to the manifests.",
        discussion: """
            Carries out what `tessera plan` shows: alone, in transactions that wait briefly for locks and try again, indexes on large tables \
            concurrently. Interrupted, it goes on where it stopped. Nothing is dropped: what the manifests no longer have is retired. A \
            running server takes up the result by itself; what modules are set to waits for its next start, as its log says. What was applied is locked in a file beside the deployment. Links that may have no \
            loop and have one from before are told and stay as they are. As JSON, errors of manifests are a list under "errors", as \
            `tessera check` has them.

              tessera apply --deployment mine.yaml
            """)

    @OptionGroup var options: DeploymentOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reportingFailures {
            let deployment = try output.load(options.load)
            let (report, loops) = try await Database.with(options, logger: CommandLog.quiet, initialises: true) { database in
                let report = try await SchemaApplier(client: database.client, logger: CommandLog.quiet).apply(
                    deployment.catalog, progress: ApplyProgress.show)
                return (report, try await LinkLoops.find(deployment.catalog, on: database.client))
            }
            options.writeLock(of: deployment)
            for found in loops { Console.note("warning: \(found)") }
            if output.isJSON {
                let found = Value.collection(loops.map(\.value)).json
                Console.print("{\"steps\":\(report.steps),\"digest\":\"\(report.digest)\",\"loops\":\(found)}")
            } else {
                Console.print(report.steps == 0 ? "nothing to do" : report.steps == 1 ? "1 step done" : "\(report.steps) steps done")
            }
        }
    }
}

/// What `apply` says while it works.
enum ApplyProgress {
    @Sendable static func show(_ event: ApplyEvent) async {
        switch event {
        case .waitingForOtherApply: Console.note("another apply is running; waiting for it")
        case .starting(let step, let number, let total): Console.progress("\(number)/\(total)  \(step.summary)")
        case .finished, .committed: Console.progress("")
        case .working(let step, let number, let total, let elapsed, let state):
            let seconds = Int(elapsed.components.seconds)
            let percent = state.percent.map { " \($0) %" } ?? ""
            let parts = [
                state.phase.map { "\($0)\(percent)" }, state.holders.isEmpty ? nil : "waits for \(state.holders.joined(separator: "; "))",
            ]
            let line = "\(number)/\(total)  \(step.summary)  \(([("\(seconds) s")] + parts.compactMap(\.self)).joined(separator: ", "))"
            if Console.isInteractive {
                Console.progress(line)
            } else if seconds & (seconds - 1) == 0 {
                // Ever more rarely, since each is a line of its own: after 1, 2, 4, 8 s.
                Console.note(line)
            }
        case .retrying(let attempt, let total, let pause, let holders):
            Console.progress("")
            let who = holders.isEmpty ? "" : ", held by \(holders.joined(separator: "; "))"
            Console.note("a lock isn't to be had\(who); attempt \(attempt) of \(total) after \(pause)")
        }
    }
}
