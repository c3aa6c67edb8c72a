import Events
import Records

extension DoctorReport {
    /// Whether whatever follows the event log can do so.
    mutating func checkEvents(_ records: RecordStore) async {
        await check("events", mend: "the server's log says more; docs/events.md says what to do") {
            let status = try await EventStatus.read(records)
            let bad = status.followers.filter { ["halted", "lost"].contains($0.state) || $0.attempts > 0 || $0.parked > 0 }
            guard bad.isEmpty else {
                let lines = bad.map { "\($0.id) \($0.wrong): \($0.error ?? "")" }
                throw Failure(.wrongInput, lines.joined(separator: "\n"))
            }
            return ("\(Int(status.head).grouped) in the log, \(Int(status.backlog).grouped) on the way", ())
        }
    }
}

extension EventStatus.Follower {
    /// What is wrong with it, behind its name.
    fileprivate var wrong: String {
        if ["halted", "lost"].contains(state) { return "is \(state)" }
        return attempts > 0 ? "fails" : "has parked \(parked == 1 ? "1 event" : "\(Int(parked).grouped) events")"
    }
}
