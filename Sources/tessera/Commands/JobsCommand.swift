import ArgumentParser
import Jobs
import QueryLanguage

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List, watch and cancel background work.",
        discussion: """
            What a request asks to do in the background (Prefer: respond-async) is a job. Jobs survive a restart of the server and go on where
            they stopped. Their results are kept for \(JobQueue.keptDays) days.

              tessera jobs list
              tessera jobs watch 0197a3f2-5c1e-7d42-9b1a-3f0c8d2e4a61
            """,
        subcommands: [List.self, Show.self, Watch.self, Cancel.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List jobs, newest first.")

        @OptionGroup var options: DeploymentOptions
        @OptionGroup var output: OutputOptions
        @Option(help: "How many.") var limit = 20

        func run() async throws {
            try await reportingFailures {
                guard limit > 0 else { throw Failure(.wrongInput, "--limit takes a number from 1 on") }
                let jobs = try await withJobs(options) { try await $0.list(limit: limit) }
                if output.isJSON {
                    Console.print(Value.collection(jobs.map(\.value)).json)
                } else {
                    for job in jobs { Console.print(JobText.line(job)) }
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a job with its result.")

        @OptionGroup var options: DeploymentOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The id that `tessera jobs list` shows.") var id: String

        func run() async throws {
            try await reportingFailures {
                let guid = try jobID(id)
                let job = try await withJobs(options) { try await found(guid, in: $0) }
                Console.print(output.isJSON ? job.value.json : JobText.full(job))
            }
        }
    }

    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show how far a job is until it ends.")

        @OptionGroup var options: DeploymentOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The id that `tessera jobs list` shows.") var id: String

        func run() async throws {
            try await reportingFailures {
                let guid = try jobID(id)
                let job = try await withJobs(options) { jobs in
                    var job = try await found(guid, in: jobs)
                    while !job.state.isFinished {
                        Console.progress(JobText.line(job))
                        try await Task.sleep(for: .milliseconds(500))
                        job = try await found(guid, in: jobs)
                    }
                    return job
                }
                Console.progress("")
                Console.print(output.isJSON ? job.value.json : JobText.full(job))
                if job.state != .done { throw ExitCode.partly }
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ask a job to stop; what it has done stays done.")

        @OptionGroup var options: DeploymentOptions
        @Argument(help: "The id that `tessera jobs list` shows.") var id: String

        func run() async throws {
            try await reportingFailures {
                let guid = try jobID(id)
                let stops = try await withJobs(options) { jobs in
                    _ = try await found(guid, in: jobs)
                    return try await jobs.cancel(guid)
                }
                guard stops else { throw Failure(.wrongInput, "this job has finished already") }
                Console.print("asked to stop")
            }
        }
    }
}

private func jobID(_ text: String) throws -> GUID {
    guard let id = GUID(text) else { throw Failure(.wrongInput, "'\(text)' is no id; see `tessera jobs list`") }
    return id
}

private func found(_ id: GUID, in jobs: JobQueue) async throws -> Job {
    guard let job = try await jobs.find(id) else { throw Failure(.wrongInput, "there is no job \(id); see `tessera jobs list`") }
    return job
}

private func withJobs<R: Sendable>(
    _ options: DeploymentOptions, _ body: @escaping @Sendable (JobQueue) async throws -> R
) async throws -> R {
    let deployment = try options.load()
    return try await Database.with(options, logger: CommandLog.quiet) { database in
        try await deployment.requireSchema(on: database.client)
        return try await body(JobQueue(client: database.client))
    }
}
