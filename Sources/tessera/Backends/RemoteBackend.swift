import Events
import Jobs
import NIOHTTP1
import QueryLanguage
import Records

/// Answers of a running server, over its API.
struct RemoteBackend: Backend {
    let client: RemoteClient

    private func list<R>(_ path: String, limit: Int, _ read: (Value) -> R?) async throws -> (items: [R], isCut: Bool) {
        var items: [R] = []
        var token: String?
        repeat {
            let place = token.map { "&$skiptoken=\($0)" } ?? ""
            let page = try await client.send(.GET, "\(path)?$top=\(limit - items.count)\(place)").value()
            let read = (page["value"]?.items ?? []).compactMap(read)
            items += read
            token = read.isEmpty ? nil : Self.skipToken(page)
        } while token != nil && items.count < limit
        return (items, token != nil)
    }

    /// Percent-encoded, as the link to the next page has it.
    private static func skipToken(_ page: Value) -> String? {
        page["@nextLink"]?.asText?.split(separator: "skiptoken=").dropFirst().last.map(String.init)
    }

    /// Nil where there is no such thing.
    func found(_ path: String) async throws -> Value? {
        do {
            return try await client.send(.GET, path).value()
        } catch let failure as Failure where ["records.not_found", "jobs.not_found"].contains(failure.reason) {
            return nil
        }
    }

    private func known<R>(_ value: R?) throws -> R {
        guard let value else { throw RemoteFailure.unknownAnswer(client.address) }
        return value
    }

    // MARK: Change sets

    func changeSets(limit: Int) async throws -> [ChangeSetEntry] {
        try await list("/change_sets", limit: limit, ChangeSetEntry.init).items
    }

    func changeSet(_ id: GUID, changes limit: Int) async throws -> (entry: ChangeSetEntry, changes: [RecordChange], isCut: Bool)? {
        guard let value = try await found("/change_sets(\(id))") else { return nil }
        let (changes, isCut) = try await list("/change_sets(\(id))/changes", limit: limit, RecordChange.init)
        return (try known(ChangeSetEntry(value)), changes, isCut)
    }

    func undo(_ id: GUID, isRehearsal: Bool, progress: @escaping @Sendable (Int) -> Void) async throws -> UndoReport {
        let path = "/change_sets(\(id))/undo\(isRehearsal ? "?dry_run=true" : "")"
        let accepted = try await client.send(.POST, path, [("prefer", "respond-async")])
        let job = try await finished(try self.job(of: accepted)) { progress($0.progress.done) }
        return try known(job.result.flatMap(UndoReport.init))
    }

    // MARK: Jobs

    func jobs(limit: Int) async throws -> [Job] { try await list("/jobs", limit: limit, Job.init).items }

    func job(_ id: GUID) async throws -> Job? {
        guard var job = try await found("/jobs(\(id))/status").map({ try known(Job($0)) }) else { return nil }
        // What came of it is answered apart, as the request would have been.
        guard job.state == .done, case .complex(let members)? = try await found("/jobs(\(id))") else { return job }
        job.result = .complex(members.filter { $0.key != "@context" })
        return job
    }

    func cancel(_ id: GUID) async throws -> Bool {
        do {
            _ = try await client.send(.POST, "/jobs(\(id))/cancel")
            return true
        } catch let failure as Failure where failure.reason == "jobs.finished" {
            return false
        }
    }

    func watch(_ id: GUID, progress: @escaping @Sendable (Job) -> Void) async throws -> Job? {
        var pause = Duration.milliseconds(50)
        var lost: ContinuousClock.Instant?
        while true {
            do {
                guard let job = try await job(id) else { return nil }
                if job.state.isFinished { return job }
                progress(job)
                lost = nil
            } catch let failure as Failure where failure.code == .unreachable {
                // A server that starts anew goes on with the job.
                let since = lost ?? .now
                if lost == nil { Console.note("\(failure.description)\nwaiting for it to come back") }
                guard ContinuousClock.now - since < .seconds(120) else { throw failure }
                lost = since
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 1.5, .milliseconds(1_000))
        }
    }

    /// The job that a request became.
    func job(of answer: RemoteClient.Answer) throws -> GUID {
        try known(answer.headers.first(name: "location")?.split(separator: "(").last.flatMap { GUID(String($0.dropLast())) })
    }

    /// A job that came to a good end; a failure for every other.
    func finished(_ id: GUID, progress: @escaping @Sendable (Job) -> Void) async throws -> Job {
        guard let job = try await watch(id, progress: progress) else {
            throw Failure(.wrongInput, "\(client.address) knows the job \(id) no longer")
        }
        switch job.state {
        case .done: return job
        case .cancelled: throw Failure(.wrongInput, "the job \(id) was cancelled; what it had done by then stays")
        default:
            let failure = job.failure ?? Job.Failure(code: JobError.Code.fault.description, message: "The work failed.")
            throw Failure(failure.code == JobError.Code.fault.description ? .fault : .wrongInput, "\(failure.message) (\(failure.code))")
        }
    }

    // MARK: Events

    func eventStatus() async throws -> EventStatus { try known(EventStatus(try await client.send(.GET, "/events/status").value())) }

    func events(from position: Int64?, topic: TopicPattern?, limit: Int) async throws -> (events: [Event], next: Int64) {
        // The API goes forwards alone, so that the newest are looked for from the end.
        guard let position else { return try await newestEvents(topic, limit) }
        let condition = topic.map { "&topic=\(Self.escaped($0.description))" } ?? ""
        let answer = try await client.send(.GET, "/events?from=\(position)\(condition)&$top=\(min(limit, ReadLimits.largestPageSize))")
        let events = try answer.value().items.map { try known(Event(cloudEvent: $0)) }
        let link = answer.headers.first(name: "link")?.split(separator: "from=").dropFirst().first?.prefix { $0.isASCII && $0.isNumber }
        return (events, try known(link.flatMap { Int64($0) }))
    }

    func followEvents(from position: Int64, topic: TopicPattern?, _ show: @escaping @Sendable ([Event]) -> Void) async throws {
        try await EventFollowing.run(from: position) { place in
            let page = try await events(from: place, topic: topic, limit: EventFollowing.page)
            show(page.events)
            return page.next
        }
    }

    func eventsAside(of subscription: String?, state: String?, limit: Int) async throws -> [Delivery] {
        let conditions = [("subscription", subscription), ("state", state)].compactMap { name, value in
            value.map { "&\(name)=\(Self.escaped($0))" }
        }
        let answer = try await client.send(
            .GET, "/events/aside?$top=\(min(limit, ReadLimits.largestPageSize))\(conditions.joined())")
        return try (answer.value()["value"]?.items ?? []).map { try known(Delivery($0)) }
    }

    func order(_ order: SubscriptionOrder) async throws -> Int64 {
        Int64(try known(try await client.send(.POST, "/events/orders", json: order.value).value()["events"]?.asInt))
    }

    private func newestEvents(_ topic: TopicPattern?, _ limit: Int) async throws -> (events: [Event], next: Int64) {
        let status = try await eventStatus()
        var events: [Event] = []
        var end = status.head
        while events.count < limit, end >= status.first {
            let start = max(status.first, end - Int64(ReadLimits.largestPageSize) + 1)
            let page = try await self.events(from: start, topic: topic, limit: Int(end - start) + 1).events
            events = page.filter { $0.position <= end } + events
            end = start - 1
        }
        return (events.suffix(limit), status.head + 1)
    }

    func history(_ collection: String, _ id: GUID, limit: Int) async throws -> (entries: [HistoryEntry], isCut: Bool)? {
        do {
            let (entries, isCut) = try await list("/\(Self.escaped(collection))(\(id))/history", limit: limit, HistoryEntry.init)
            return (entries, isCut)
        } catch let failure as Failure where failure.reason == "records.not_found" {
            return nil
        }
    }

    // MARK: Records

    func records(_ query: String, limit: Int) async throws -> (records: [ShownRecord], isCut: Bool) {
        let path = "/" + Self.escaped(query) + (query.contains("?") ? "&" : "?")
        var records: [ShownRecord] = []
        var token: String?
        repeat {
            let answer = try await client.send(
                .GET, token.map { "\(path)$skiptoken=\($0)" } ?? String(path.dropLast()),
                [
                    ("accept", "application/json;metadata=none"),
                    ("prefer", "maxpagesize=\(min(limit - records.count, ReadLimits.largestPageSize))"),
                ])
            let (items, next) = try ShownRecord.page(in: answer.body)
            records += items
            token = next?.split(separator: "skiptoken=").dropFirst().last.map(String.init)
        } while token != nil && records.count < limit
        return (records, token != nil)
    }

    func export(
        _ query: String, format: String, display: ProgressDisplay, write: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws {
        let collection = String(query.prefix { $0 != "?" })
        display.begin(collection, total: nil, unit: "bytes")
        var count = 0
        try await client.stream("/\(Self.escaped(query))\(query.contains("?") ? "&" : "?")$format=\(format)") { bytes in
            try write(bytes)
            count += bytes.count
            display.show(count)
        }
        display.finish(count)
    }

    /// What a person types, as a URL has it; escapes stay what they are.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            if byte > 0x20, byte < 0x7F, !"\"<>#{}|\\^`".utf8.contains(byte) {
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return escaped
    }
}
