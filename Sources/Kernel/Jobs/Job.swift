package import QueryLanguage
import Records

/// A piece of background work, as it stands.
package struct Job: Sendable, Equatable {
    package enum State: String, Sendable {
        case queued, running, done, failed, cancelled

        package var isFinished: Bool { self == .done || self == .failed || self == .cancelled }
    }

    package struct Progress: Sendable, Equatable {
        package var done: Int
        /// Nil while nobody knows how much there is.
        package var total: Int?
        package var message: String?

        package init(done: Int, total: Int? = nil, message: String? = nil) {
            self.done = done
            self.total = total
            self.message = message
        }
    }

    package struct Failure: Sendable, Equatable {
        package var code: String
        package var message: String
        /// More about it, as an error object of the API has it.
        package var details: Value

        package init(code: String, message: String, details: Value = .null) {
            self.code = code
            self.message = message
            self.details = details
        }
    }

    package var id: GUID
    package var kind: String
    /// What it is called in lists: `create 5,000 people`.
    package var label: String
    package var state: State
    package var principal: GUID
    package var attempts: Int
    package var isCancelAsked: Bool
    package var progress: Progress
    package var createdAt: DateTime
    /// When it was first taken up; one that is given back and waits again has it still.
    package var startedAt: DateTime?
    /// When it was last taken up: after a restart of the server, or an attempt that came to no end, later than `startedAt`.
    package var attemptStartedAt: DateTime?
    package var finishedAt: DateTime?
    /// What a finished job gave, where it was read; kept for `JobQueue.keptDays`.
    package var result: Value?
    package var failure: Failure?
}

extension Job.Failure {
    /// What the store refused.
    init(_ error: RecordsError) {
        let details = error.details.map { detail -> Value in
            .complex([
                "code": .string(detail.code), "message": .string(detail.message), "target": detail.target.map(Value.string) ?? .null,
            ])
        }
        self.init(code: error.code.description, message: error.message, details: details.isEmpty ? .null : .collection(details))
    }
}

// MARK: JSON

extension Job {
    /// As the API and `--output json` show it; without `result` where it has none, or that wasn't read.
    package var value: Value {
        var members: [String: Value] = [
            "id": .guid(id), "kind": .string(kind), "label": .string(label), "state": .string(state.rawValue),
            "principal_id": .guid(principal), "attempts": .integer(Int64(attempts)), "cancel_asked": .bool(isCancelAsked),
            "progress": .complex([
                "done": .integer(Int64(progress.done)), "total": progress.total.map { .integer(Int64($0)) } ?? .null,
                "message": progress.message.map(Value.string) ?? .null,
            ]),
            "created_at": .dateTime(createdAt), "started_at": startedAt.map(Value.dateTime) ?? .null,
            "attempt_started_at": attemptStartedAt.map(Value.dateTime) ?? .null, "finished_at": finishedAt.map(Value.dateTime) ?? .null,
            "error": failure.map { .complex(["code": .string($0.code), "message": .string($0.message), "details": $0.details]) } ?? .null,
        ]
        members["result"] = result
        return .complex(members)
    }

    /// Reads what `value` wrote, after its way through JSON.
    package init?(_ value: Value) {
        guard let id = value["id"]?.asGUID, let kind = value["kind"]?.asText, let label = value["label"]?.asText,
            let state = value["state"]?.asText.flatMap(State.init(rawValue:)), let principal = value["principal_id"]?.asGUID,
            let created = value["created_at"]?.asDateTime
        else { return nil }
        let progress = value["progress"] ?? .null
        let error = value["error"] ?? .null
        let result = value["result"] ?? .null
        self.init(
            id: id, kind: kind, label: label, state: state, principal: principal, attempts: value["attempts"]?.asInt ?? 0,
            isCancelAsked: value["cancel_asked"]?.asBool ?? false,
            progress: Progress(
                done: progress["done"]?.asInt ?? 0, total: progress["total"]?.asInt, message: progress["message"]?.asText),
            createdAt: created, startedAt: value["started_at"]?.asDateTime,
            attemptStartedAt: value["attempt_started_at"]?.asDateTime, finishedAt: value["finished_at"]?.asDateTime,
            result: result.isNull ? nil : result,
            failure: error["code"]?.asText.map {
                Failure(code: $0, message: error["message"]?.asText ?? "", details: error["details"] ?? .null)
            })
    }
}
