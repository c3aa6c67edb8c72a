import QueryLanguage
import Records

/// Change sets as people read them.
enum ChangeText {
    static func line(_ entry: ChangeSetEntry) -> String {
        "\(entry.id)  \(minute(entry.createdAt))  \(padded(entry.state.rawValue, 13))  \(entry.label)  (\(counts(entry)))"
    }

    static func full(_ entry: ChangeSetEntry, _ changes: [RecordChange], isCut: Bool) -> String {
        var lines = [
            "\(entry.label)", "  id          \(entry.id)", "  state       \(entry.state.rawValue)",
            "  by          \(entry.principalName), \(entry.channel)", "  begun       \(entry.createdAt)",
        ]
        if let finished = entry.finishedAt { lines.append("  finished    \(finished)") }
        if !entry.runsAutomation { lines.append("  automation  off") }
        if let undoes = entry.undoes { lines.append("  undoes      \(undoes)") }
        for count in entry.counts { lines.append("  \(count.recordType)  \(words(count))") }
        lines += self.lines(changes)
        if isCut { lines.append("  and more: --limit shows them") }
        lines += refusals(entry.refused, entry.refusedCount)
        return lines.joined(separator: "\n")
    }

    /// The first changes, each with what its record held before and after.
    static func lines(_ changes: [RecordChange]) -> [String] {
        changes.flatMap { change -> [String] in
            let names = Set(change.before.keys).union(change.after.keys).sorted()
            return ["  \(change.action)  \(change.recordType) \(change.record)"]
                + names.map { "    \($0): \(value(change.before[$0])) → \(value(change.after[$0]))" }
        }
    }

    static func report(_ report: UndoReport, isDry: Bool) -> String {
        let verb = isDry ? "would be put back" : "put back"
        let (now, before) = (report.undone - report.alreadyUndone, report.alreadyUndone)
        var parts = ["\(now.counted("record")) \(verb)", "\(report.refusedCount.grouped) left as they are"]
        if before > 0 { parts.insert("\(before.grouped) \(before == 1 ? "was" : "were") put back already", at: 1) }
        var lines = [parts.joined(separator: ", ")]
        lines += refusals(report.refused, report.refusedCount)
        if let undo = report.undo { lines.append("the undo is change set \(undo)") }
        return lines.joined(separator: "\n")
    }

    private static func refusals(_ refused: [UndoRefusal], _ count: Int) -> [String] {
        let shown = refused.prefix(20).map { "  left: \($0.recordType) \($0.record): \($0.reason)" }
        return count > shown.count ? shown + ["  and \((count - shown.count).grouped) more"] : Array(shown)
    }

    private static func counts(_ entry: ChangeSetEntry) -> String {
        entry.counts.isEmpty ? "nothing" : entry.counts.map { "\($0.recordType): \(words($0))" }.joined(separator: "; ")
    }

    private static func words(_ count: ChangeSetEntry.Count) -> String {
        let parts = [
            (count.created, "created"), (count.updated, "updated"), (count.deleted, "deleted"), (count.restored, "restored"),
            (count.purged, "purged"),
        ]
        return parts.filter { $0.0 > 0 }.map { "\($0.0.grouped) \($0.1)" }.joined(separator: ", ")
    }

    private static func value(_ value: Value?) -> String {
        guard let value else { return "–" }
        let text = value.json
        return text.count > 60 ? "\(text.prefix(59))…" : text
    }

    /// `2026-11-27 17:17`
    private static func minute(_ moment: DateTime) -> String {
        String("\(moment)".prefix(16)).replacing("T", with: " ")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
