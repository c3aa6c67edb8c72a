import Events
import QueryLanguage

/// Events and history as people read them.
enum EventText {
    static func status(_ status: EventStatus) -> String {
        let kept = status.first > status.head ? "none kept" : "kept from \(Int(status.first).grouped) on"
        var lines = ["head    \(Int(status.head).grouped), \(kept)", "outbox  \(Int(status.backlog).grouped) waiting"]
        for follower in status.followers {
            lines.append("\(follower.id)  \(follower.state)  at \(Int(follower.position).grouped)  lag \(Int(follower.lag).grouped)")
            let aside = [
                ("parked", follower.parked), ("waiting", follower.waiting), ("held", follower.held), ("skipped", follower.skipped),
            ]
            let told = aside.filter { $0.1 > 0 }.map { "\($0.0) \(Int($0.1).grouped)" }
            if !told.isEmpty { lines.append("  " + told.joined(separator: ", ")) }
            if follower.attempts > 0 {
                let next = follower.retryAt.map { ", next try \($0)" } ?? ""
                lines.append("  failing: \(follower.attempts) attempts at \(Int(follower.position + 1).grouped)\(next)")
            }
            if let error = follower.error { lines.append("  last error  \(follower.failedAt.map { "\($0)  " } ?? "")\(error)") }
            if follower.holds > 0 { lines.append("  holds back  \(Int(follower.holds).grouped) events that are kept for it alone") }
        }
        return lines.joined(separator: "\n")
    }

    static func line(_ event: Event) -> String {
        let changed = event.changed.joined(separator: ", ")
        return "\(event.position)  \(event.at)  \(event.topic)  \(event.record)  version \(event.version)  \(event.channel)"
            + (changed.isEmpty ? "" : "  \(changed)")
    }

    static func aside(_ delivery: Delivery) -> String {
        let tries = delivery.attempts == 1 ? "1 attempt" : "\(delivery.attempts) attempts"
        let due = delivery.dueAt.map { ", due \($0)" } ?? ""
        let failed = delivery.failedAt.map { "\($0)  " } ?? ""
        return "\(delivery.subscription)  \(delivery.state), \(tries)\(due)\n  \(line(delivery.event))"
            + (delivery.error.map { "\n  \(failed)\($0)" } ?? "")
    }

    static func entry(_ entry: HistoryEntry) -> String {
        let who = entry.principalName ?? "\(entry.principal)"
        let lines = ["\(entry.version)  \(entry.at)  \(entry.action)  by \(who), \(entry.channel)"]
        return (lines + entry.changes.map { "  \($0.property): \(shown($0.from)) → \(shown($0.to))" }).joined(separator: "\n")
    }

    private static func shown(_ value: Value) -> String {
        guard !value.isNull else { return "–" }
        let text = value.json
        return text.count > 60 ? "\(text.prefix(59))…" : text
    }
}
