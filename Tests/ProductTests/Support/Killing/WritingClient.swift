import Dispatch
import Foundation
import Synchronization

/// Says to other threads that it is enough.
final class Flag: Sendable {
    private let state = Atomic(false)

    var isUp: Bool { state.load(ordering: .relaxed) }

    func raise() { state.store(true, ordering: .relaxed) }
}

/// One client of the API that writes people of its own, one request after the other, and remembers what it was told.
final class WritingClient: Sendable {
    struct State: Sendable {
        var plan: WritePlan
        /// What the server has acknowledged, by last name.
        var people: [String: WrittenPerson] = [:]
        var ids: [String: String] = [:]
        /// A write whose answer never came, or said that nobody knows.
        var inDoubt: Attempt?
        var acknowledged = 0
        var doubted = 0
        var complaints: [String] = []
    }

    let name: String
    private let state: Mutex<State>

    init(_ name: String, seed: UInt64, organisations: [String]) {
        self.name = name
        state = Mutex(State(plan: WritePlan(client: name, seed: seed, organisations: organisations)))
    }

    var now: State { state.withLock { $0 } }

    /// Writes until a request fails or the flag is up; signals once for each acknowledged write, and once more at its end.
    func write(_ http: HTTP, until isEnough: Flag, signalling acknowledged: DispatchSemaphore) {
        while !isEnough.isUp {
            let attempt = state.withLock { $0.plan.next(people: $0.people, ids: $0.ids) }
            do {
                let answer = try http.send(attempt.method, attempt.path, attempt.body, headers: attempt.headers)
                guard note(answer, to: attempt) else { break }
                acknowledged.signal()
            } catch {
                doubt(attempt)
                break
            }
        }
        acknowledged.signal()
    }

    /// Whether the server took the write.
    private func note(_ answer: Answer, to attempt: Attempt) -> Bool {
        switch answer.status {
        case 200..<300:
            state.withLock { $0.take(answer, to: attempt) }
            return true
        case 503:
            // The database went away under it: before, in the middle, or after the commit.
            doubt(attempt)
            return false
        default:
            // Nobody else writes these people, so there is nothing to refuse; a write that was repeated behind the client's back meets itself.
            complain("\(attempt.method) \(attempt.path) \(attempt.body) answered \(answer.status): \(answer.text)")
            doubt(attempt)
            return false
        }
    }

    private func doubt(_ attempt: Attempt) {
        state.withLock {
            $0.inDoubt = attempt
            $0.doubted += 1
        }
    }

    private func complain(_ text: String) { state.withLock { $0.complaints.append("\(name): \(text)") } }

    /// Compares what it was told with what is stored; a write in doubt may have happened, as a whole.
    func compare(with stored: [String: StoredPerson]) -> [String] {
        state.withLock { $0.compare(with: stored) }
    }
}

extension WritingClient.State {
    fileprivate mutating func take(_ answer: Answer, to attempt: Attempt) {
        acknowledged += 1
        guard attempt.items.isEmpty else { return takeItems(answer, of: attempt) }
        for (name, person) in attempt.after {
            people[name] = person
            if let id = answer.id { ids[name] = id }
            if let etag = answer.headers["etag"], let person, etag != "W/\"\(person.version)\"" {
                complaints.append("\(name): \(attempt.method) answered \(etag), expected version \(person.version)")
            }
        }
    }

    private mutating func takeItems(_ answer: Answer, of attempt: Attempt) {
        guard let results = try? answer.items, results.count >= attempt.items.count else {
            complaints.append("\(attempt.path) answered \(answer.text)")
            return
        }
        for (name, result) in zip(attempt.items, results) {
            guard let status = result["status"] as? Int, (200..<300).contains(status) else {
                complaints.append("\(name) of \(attempt.path) answered \(result)")
                continue
            }
            people[name] = attempt.after[name] ?? nil
            if let id = result["id"] as? String { ids[name] = id }
        }
    }

    fileprivate mutating func compare(with stored: [String: StoredPerson]) -> [String] {
        var problems = complaints
        complaints = []
        if let attempt = inDoubt { problems += settle(attempt, by: stored) }
        inDoubt = nil
        for (name, person) in people {
            guard let found = stored[name] else {
                problems.append("\(name) was acknowledged and is lost: \(person)")
                continue
            }
            if found.person != person { problems.append("\(name) was acknowledged as \(person) and is \(found.person)") }
            if let id = ids[name], id != found.id { problems.append("\(name) was acknowledged with id \(id) and has \(found.id)") }
            ids[name] = found.id
        }
        return problems
    }

    /// Finds out what became of the write that nobody knows of.
    private mutating func settle(_ attempt: Attempt, by stored: [String: StoredPerson]) -> [String] {
        var happened: Set<Bool> = []
        var problems: [String] = []
        for (name, after) in attempt.after {
            let found = stored[name]?.person
            if found == after {
                happened.insert(true)
                people[name] = after
                ids[name] = stored[name]?.id
            } else if found == people[name] {
                happened.insert(false)
            } else {
                problems.append(
                    "\(name) is half written by \(attempt.method) \(attempt.path): \(String(describing: found)) is neither "
                        + "\(String(describing: people[name])) nor \(String(describing: after))")
            }
        }
        if attempt.isAllOrNothing, happened.count > 1 {
            problems.append("a part of \(attempt.method) \(attempt.path) \(attempt.body) happened, a part did not")
        }
        return problems
    }
}

extension Answer {
    /// The id of the record that was made: in the body, or in the header where the client wanted no body.
    fileprivate var id: String? {
        if status == 201, let id = try? json["id"] as? String { return id }
        guard let place = headers["odata-entityid"], let open = place.lastIndex(of: "("), place.hasSuffix(")") else { return nil }
        return String(place[place.index(after: open)...].dropLast())
    }
}
