import Catalog

extension SchemaPlan: CustomStringConvertible {
    /// A table for people: one line for each statement with its lock, whether it rewrites or reads a table, and what becomes of values.
    package var description: String {
        var parts: [String] = [headline]
        if !steps.isEmpty { parts.append(table) }
        if steps.contains(where: { $0.summary.count > Self.longestSummary }) {
            parts.append("Long statements are cut here; --sql prints each in full.")
        }
        if !rightsChanges.isEmpty {
            parts.append((["What roles may do changes:"] + rightsChanges.map { "  \($0)" }).joined(separator: "\n"))
        }
        if !subscriptionChanges.isEmpty {
            parts.append((["Subscriptions:"] + subscriptionChanges.map { "  \($0)" }).joined(separator: "\n"))
        }
        if !roleProblems.isEmpty {
            let title = "Roles made over the API don't fit. What is wrong in them gives nothing until an administrator changes them:"
            parts.append(([title] + roleProblems.map { "  \($0)" }).joined(separator: "\n"))
        }
        if !heldChoices.isEmpty {
            parts.append(
                (["Choices that are no longer declared and that records have, which keep them; no other record can get them:"]
                    + heldChoices.map {
                        "  \($0.field): \($0.choice), held by \($0.records == 1 ? "1 record" : "\(Figure.grouped($0.records)) records")"
                    }
                    + ["Declared again with `retired: true`, they keep their labels."]).joined(separator: "\n"))
        }
        if !problems.isEmpty {
            parts.append((["In the way:"] + problems.flatMap { problem in problem.lines.map { "  \($0)" } }).joined(separator: "\n"))
        }
        return parts.joined(separator: "\n\n")
    }

    /// Every statement in full, in order, as it is sent.
    package var script: String {
        var phase: PlanStep.Phase?
        var text = ""
        for step in steps {
            if step.phase != phase { text += "\(text.isEmpty ? "" : "\n")-- \(step.phase.explanation)\n" }
            phase = step.phase
            text += "\(step.sql);\n"
        }
        return text
    }

    private var headline: String {
        if isEmpty { return "The database matches the manifests. Nothing to do." }
        if steps.isEmpty, problems.isEmpty { return "The tables match the manifests." }
        let count = steps.count == 1 ? "1 statement" : "\(steps.count) statements"
        if !problems.isEmpty {
            let reasons = problems.count == 1 ? "1 thing is" : "\(problems.count) things are"
            return "This plan can't be applied: \(reasons) in the way."
        }
        let rewrites = steps.count(where: \.rewrites)
        let warning = rewrites == 0 ? "" : rewrites == 1 ? " 1 of them rewrites a table." : " \(rewrites) of them rewrite a table."
        return "\(count) to bring the database to the manifests. No stored values are lost.\(warning)"
    }

    private var table: String {
        let header = ["statement", "lock", "table is", "values"]
        var lines: [String] = []
        var widths = header.map(\.count)
        let rows = steps.map { step in
            (step.phase, [Self.shortened(step.summary), step.lockText, step.work, step.effect.isEmpty ? "kept" : step.effect])
        }
        for (_, row) in rows { widths = zip(widths, row).map { max($0, $1.count) } }
        lines.append(Self.line(header, widths))
        var phase: PlanStep.Phase?
        for (rowPhase, row) in rows {
            if rowPhase != phase {
                lines.append("\(rowPhase.explanation):")
                phase = rowPhase
            }
            lines.append(Self.line(row, widths))
        }
        return lines.joined(separator: "\n")
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = " "
        for (cell, width) in zip(cells, widths) { line += " \(cell)\(String(repeating: " ", count: max(0, width - cell.count))) " }
        while line.last == " " { line.removeLast() }
        return line
    }

    private static let longestSummary = 110

    private static func shortened(_ text: String) -> String {
        text.count <= longestSummary ? text : "\(text.prefix(longestSummary - 3))..."
    }
}

extension PlanStep.Phase {
    /// What holds for the steps of a phase together.
    package var explanation: String {
        switch self {
        case .system: "Tessera's own tables, in one transaction"
        case .transaction: "All or nothing, in one transaction"
        case .concurrent: "One by one, beside readers and writers"
        case .finish: "One by one, each in a moment"
        }
    }
}

extension PlanStep {
    var lockText: String {
        guard let first = locks.first else { return "-" }
        let others = locks.dropFirst().filter { $0.mode == first.mode }.map(\.table.description)
        let rest = locks.dropFirst().filter { $0.mode != first.mode }.map(\.description)
        return (["\(([first.description] + others).joined(separator: ", "))"] + rest).joined(separator: "; ")
    }

    var work: String { rewrites ? "rewritten" : scans ? "read" : "-" }
}
