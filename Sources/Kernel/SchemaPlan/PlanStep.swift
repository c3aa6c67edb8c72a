package import Catalog

/// One statement of a plan, with what it does to those who work at the same time.
package struct PlanStep: Sendable, Hashable {
    /// When a step runs, in this order.
    package enum Phase: Int, Sendable, Hashable, Comparable, CaseIterable {
        /// In the transaction that brings up Tessera's own tables and functions.
        case system
        /// In the one transaction that changes tables, ledger and schema state together.
        case transaction
        /// By itself, beside readers and writers: building indexes, filling columns, reading tables through.
        case concurrent
        /// By itself, in a moment, relying on what was read through before.
        case finish

        package static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    /// Exactly what is sent, but for `note`; two statements are separated by `;` and a line break.
    package var sql: String
    package var phase: Phase
    /// One line for people.
    package var summary: String
    /// Locks on tables that were there before, strongest first.
    package var locks: [TableLock]
    /// Every row is written anew, while the lock is held.
    package var rewrites: Bool
    /// Every row is read.
    package var scans: Bool
    /// Waits for locks as long as it takes. Only for a step behind whose wait nobody queues, and that would lose its work, or leave half an index
    /// behind, if it gave up; every other one waits for moments and tries again.
    package var isPatient: Bool
    /// What becomes of stored values and of what is sure about them. Empty when nothing does.
    package var effect: String
    /// What Tessera remembers of it, sent with it: both are done or neither.
    package var note: String?

    package init(
        _ phase: Phase, _ sql: String, summary: String? = nil, locks: [TableLock] = [], rewrites: Bool = false, scans: Bool = false,
        isPatient: Bool = false, effect: String = "", note: String? = nil
    ) {
        self.phase = phase
        self.sql = sql
        self.summary = summary ?? Self.line(of: sql)
        self.locks = locks
        self.rewrites = rewrites
        self.scans = scans
        self.isPatient = isPatient
        self.effect = effect
        self.note = note
    }

    /// The statement in one line, without the quotes around names.
    static func line(of sql: String) -> String {
        var line = ""
        for part in sql.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            if !line.isEmpty { line += " " }
            line += part.filter { $0 != "\"" }
        }
        return line
    }
}

/// A lock that a statement holds on a table until its transaction ends (PostgreSQL manual, 13.3.1).
package struct TableLock: Sendable, Hashable, CustomStringConvertible {
    package enum Mode: String, Sendable, Hashable {
        /// Taken by whoever locks rows; conflicts with ACCESS EXCLUSIVE only.
        case rowShare = "ROW SHARE"
        /// Taken by every write.
        case rowExclusive = "ROW EXCLUSIVE"
        /// Readers and writers go on; other changes of the table wait.
        case shareUpdateExclusive = "SHARE UPDATE EXCLUSIVE"
        /// Writers wait.
        case share = "SHARE"
        /// Writers wait, and other changes of the table.
        case shareRowExclusive = "SHARE ROW EXCLUSIVE"
        /// Everybody waits.
        case accessExclusive = "ACCESS EXCLUSIVE"
    }

    package var mode: Mode
    package var table: TableName

    package init(_ mode: Mode, _ table: TableName) {
        self.mode = mode
        self.table = table
    }

    package var description: String { "\(mode.rawValue) on \(table)" }
}
