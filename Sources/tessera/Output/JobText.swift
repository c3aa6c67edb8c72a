import Jobs
import QueryLanguage
import Records

/// Jobs as people read them.
enum JobText {
    static func line(_ job: Job) -> String {
        "\(job.id)  \(job.state.rawValue)  \(job.label)  (\(progress(job.progress)))"
    }

    static func full(_ job: Job) -> String {
        var lines = [
            job.label, "  id        \(job.id)", "  kind      \(job.kind)", "  state     \(job.state.rawValue)",
            "  progress  \(progress(job.progress))", "  queued    \(job.createdAt)",
        ]
        if let started = job.startedAt { lines.append("  begun     \(started)") }
        if let again = job.attemptStartedAt, again != job.startedAt { lines.append("  again     \(again)") }
        if let finished = job.finishedAt { lines.append("  finished  \(finished)") }
        if let failure = job.failure { lines.append("  failed    \(failure.message) (\(failure.code))") }
        if case .complex(let members)? = job.result {
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                if case .collection = value { continue }
                // Of what has an id and a name, the id.
                lines.append("  \(name)  \((value["id"] ?? value).text)")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func progress(_ progress: Job.Progress) -> String {
        let count = progress.total.map { "\(progress.done.grouped) of \($0.grouped)" } ?? progress.done.grouped
        return progress.message.map { "\(count), \($0)" } ?? count
    }
}
