import ArgumentParser
import Jobs
import QueryLanguage

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List, watch and cancel background work.",
        discussion: """
            Imports over the API, and what a request asks to do in the background (Prefer: respond-async), are jobs. They survive a restart of \
            the server and go on where they stopped. Their results are kept for \(JobQueue.keptDays) days.

              tessera jobs list
              tessera jobs watch 0197a3f2-5c1e-7d42-9b1a-3f0c8d2e4a61
            """,
        subcommands: [List.self, Show.self, Watch.self, Cancel.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List jobs, newest first.",
            discussion: """
                  tessera jobs list --limit 5
                """)

        @OptionGroup var source: SourceOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var bound: LimitOptions

        func run() async throws {
            try await reportingFailures {
                let jobs = try await source.backend().jobs(limit: bound.limit)
                if output.isJSON {
                    Console.print(Value.collection(jobs.map(\.value)).json)
                } else {
                    for job in jobs { Console.print(JobText.line(job)) }
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a job with its result.",
            discussion: """
                  tessera jobs show 0197a3f2-5c1e-7d42-9b1a-3f0c8d2e4a61
                """)

        @OptionGroup var named: NamedJob

        func run() async throws {
            try await reportingFailures { named.print(try await named.found { try await $0.job($1) }) }
        }
    }

    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show how far a job is until it ends; exit code 2 when that isn't a good end.",
            discussion: """
                  tessera jobs watch 0197a3f2-5c1e-7d42-9b1a-3f0c8d2e4a61
                """)

        @OptionGroup var named: NamedJob

        func run() async throws {
            try await reportingFailures {
                let job = try await named.found { backend, id in
                    try await backend.watch(id) { Console.progress(JobText.line($0)) }
                }
                Console.progress("")
                named.print(job)
                if job.state != .done { throw ExitCode.partly }
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask a job to stop; what it has done stays done.",
            discussion: """
                  tessera jobs cancel 0197a3f2-5c1e-7d42-9b1a-3f0c8d2e4a61
                """)

        @OptionGroup var named: NamedJob

        func run() async throws {
            try await reportingFailures {
                let stops = try await named.found { backend, id in
                    try await backend.job(id) == nil ? nil : try await backend.cancel(id)
                }
                guard stops else { throw Failure(.wrongInput, "this job has finished already") }
                Console.print("asked to stop")
            }
        }
    }
}

/// The job that a command is about.
struct NamedJob: ParsableArguments {
    @OptionGroup var source: SourceOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The id that `tessera jobs list` shows.") var id: String

    /// What `ask` finds out about it.
    func found<R>(_ ask: (any Backend, GUID) async throws -> R?) async throws -> R {
        let id = try GUID(id, of: "jobs")
        guard let result = try await ask(source.backend(), id) else {
            throw Failure(.wrongInput, "there is no job \(id); see `tessera jobs list`")
        }
        return result
    }

    func print(_ job: Job) { Console.print(output.isJSON ? job.value.json : JobText.full(job)) }
}
