import Catalog
import Postgres
import QueryLanguage

/// Changes that take over unique values of one another: two records that swap their numbers, a row of them that moves up by one.
///
/// PostgreSQL judges a unique index row by row, in whatever order a statement comes to them. So the records are first set aside, out of the indexes,
/// and come back with their new values: what is refused then is so for a value that nobody gives up.
extension BatchRunner {
    /// How often the records that stay are taken out and the others done anew, before each is judged as it stands.
    private static let rounds = 16

    /// Whether a draft can be in the way of another one of its batch that has to be written first.
    func takesUniqueValue(_ draft: WriteDraft) -> Bool {
        !isRemoval && draft.isUpdate && type.uniqueKeys.contains { $0.columns.contains { draft.columns[$0] != nil } }
    }

    func exchange(_ drafts: [WriteDraft], _ runner: StatementRunner, _ execute: Execute) async throws -> [Int: WriteOutcome] {
        // Of a record that is named twice, the first change would bring it back.
        guard Set(drafts.map(\.id)).count == drafts.count else { return try await halve(drafts, runner, execute) }
        var settled: [Int: WriteOutcome] = [:]
        var open = drafts
        for _ in 1...Self.rounds where !open.isEmpty {
            do {
                let outcomes = try await runner.attempt { try await settingAside(open, $0, execute) }
                return settled.merging(outcomes) { _, new in new }
            } catch let taken as ValueTaken {
                settled.merge(taken.staying) { _, new in new }
                open.removeAll { settled[$0.index] != nil }
            }
        }
        return settled.merging(open.isEmpty ? [:] : try await halve(open, runner, execute)) { _, new in new }
    }

    private func settingAside(_ drafts: [WriteDraft], _ runner: StatementRunner, _ execute: Execute) async throws -> [Int: WriteOutcome] {
        let aside = SetAside(type: type, access: access, ids: drafts.filter(takesUniqueValue).map(\.id))
        _ = try await runner.query(UpdateLock(of: type, for: access).whole(for: drafts))
        _ = try await runner.query(aside.leave)
        let moved = drafts.map { draft in
            var draft = draft
            draft.isSetAside = takesUniqueValue(draft)
            return draft
        }
        var outcomes: [Int: WriteOutcome] = [:]
        for start in stride(from: 0, to: moved.count, by: Self.rowsPerStatement) {
            try Task.checkCancellation()
            let chunk = Array(moved[start..<min(start + Self.rowsPerStatement, moved.count)])
            outcomes.merge(try await halve(chunk, runner, execute)) { _, new in new }
        }
        do {
            _ = try await runner.attempt { try await $0.query(aside.comeBack) }
        } catch  where ConstraintViolation.isNotUnique(error) {
            throw ValueTaken(staying: outcomes.filter { !$0.value.isChange })
        }
        return outcomes
    }
}

/// Some records keep their values, which others have taken: those can't have them.
private struct ValueTaken: Error {
    var staying: [Int: WriteOutcome]
}

/// Records that are taken out of the unique indexes for a moment within a transaction. No other transaction ever sees them so: the indexes hold
/// what isn't deleted, and no record was deleted before the beginning of time.
struct SetAside {
    static let mark = "'-infinity'::timestamptz"

    let type: RecordType
    let access: Access
    let ids: [GUID]

    /// Takes those out that may be changed.
    var leave: SQL {
        """
        UPDATE \(raw: type.table.sql) t SET deleted_at = \(raw: Self.mark) WHERE t.id = ANY(\(bind: keys)) \
        AND \(AccessGuard.predicate(.update, on: type, alias: "t", access: access))
        """
    }

    /// Those that were not written stay what they are.
    var comeBack: SQL {
        "UPDATE \(raw: type.table.sql) t SET deleted_at = NULL WHERE t.id = ANY(\(bind: keys)) AND t.deleted_at = \(raw: Self.mark)"
    }

    private var keys: [PostgresUUID] { ids.map { PostgresUUID(guid: $0) } }
}
