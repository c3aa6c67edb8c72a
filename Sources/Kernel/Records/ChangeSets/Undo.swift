import Catalog
import Permissions
import Postgres
package import QueryLanguage

/// Takes a change set back where nothing newer stands on it: what it made is deleted, what it changed gets its before-values, what it deleted
/// is restored. Everything else stays as it is and is told with the reason.
///
/// The undo is a change set itself, from the first record that it puts back. It works in batches, each in one transaction; broken off, it goes on where
/// it stopped when it is run again, since it sees by the changes which records are back already.
package struct Undo: Sendable {
    static let batchSize = 500
    /// Of records that are tried together in the end, across batches.
    private static let circleSize = 10_000

    let store: RecordStore
    let changeSet: GUID
    let access: Access

    package init(_ store: RecordStore, of changeSet: GUID, access: Access) {
        self.store = store
        self.changeSet = changeSet
        // It changes many records with one request.
        self.access = access.changingMany
    }

    /// - Parameters:
    ///   - progress: called after each batch with the number of records that were looked at.
    ///   - renewing: what its caller may do by the time of each batch; left out, it stays as it is.
    /// - Throws: `records.not_found` when there is no such change set of the caller's, `records.forbidden` when they are deactivated on the way.
    package func run(
        progress: @Sendable (_ records: Int) async throws -> Void = { _ in },
        renewing renew: (@Sendable () async throws -> Access)? = nil
    ) async throws -> UndoReport {
        let log = ChangeSetLog(store, access: access)
        guard let entry = try await log.find(changeSet, toChange: true) else {
            throw RecordsError(.notFound, "There is no change set \(changeSet), or it was a single write; see `tessera changes list`.")
        }
        if entry.state == .undone, let last = try await lastUndo() { return last }
        // Whatever still writes under it finds it ended and stops.
        if entry.state == .running { try await log.finish(changeSet) }
        var report = UndoReport(changeSet: changeSet, undo: nil)
        // Records that wait for others of the same change set (a link target still to be restored, a unique value still taken) are tried again for as
        // long as others come back, from the other end each time: what waits in a row comes to its turn at once that way.
        var isNewestFirst = true
        while true {
            let before = report.undone
            var pass = Pass(entry: entry, undo: report.undo)
            try await run(&pass, newestFirst: isNewestFirst, renew, progress)
            report = UndoReport(
                changeSet: changeSet, undo: pass.undo, undone: pass.undone, alreadyUndone: pass.already, refused: pass.refusals.refused,
                refusedCount: pass.refusals.refusedCount)
            guard pass.waits else { break }
            isNewestFirst.toggle()
            // Whoever runs the same undo at this moment may have cleared something away, too.
            if pass.changed > 0 || pass.undone > before { continue }
            guard try await closeCircles(of: pass, &report, renew) else { break }
        }
        return try await finish(entry, report)
    }

    /// Tries what waits for unique values together, since records of several batches may wait for one another.
    ///
    /// - Returns: whether any of it came back.
    private func closeCircles(
        of pass: Pass, _ report: inout UndoReport, _ renew: (@Sendable () async throws -> Access)?
    ) async throws -> Bool {
        guard pass.seen > Self.batchSize else { return false }
        var circles = Pass(entry: pass.entry, undo: pass.undo)
        for (typeID, ids) in pass.notUnique.sorted(by: { $0.key < $1.key }) {
            guard ids.count > 1, ids.count <= Self.circleSize, let type = store.catalog.type(id: typeID) else { continue }
            let now = Undo(store, of: changeSet, access: try await renew?() ?? access)
            try await now.undo(ids, type, &circles)
        }
        report.undo = circles.undo
        return circles.changed > 0
    }

    /// What `run` would do, found out by doing it in a transaction that is rolled back.
    package func rehearse() async throws -> UndoReport {
        do {
            return try await store.transaction { store in
                var report = try await Undo(store, of: changeSet, access: access).run()
                report.undo = nil
                throw RehearsedUndo(report: report)
            }
        } catch let rehearsal as RehearsedUndo {
            return rehearsal.report
        }
    }

    // MARK: Batches

    private struct Pass {
        let entry: ChangeSetEntry
        /// Its change set; nil for as long as there is nothing in it.
        var undo: GUID?
        var undone = 0
        /// Those of them that another undo had put back.
        var already = 0
        var changed = 0
        var seen = 0
        var refusals = UndoReport(changeSet: GUID(high: 0, low: 0), undo: nil)
        /// Records were refused for what the same undo may have cleared away meanwhile.
        var waits = false
        /// By type, those whose unique values others have.
        var notUnique: [String: [GUID]] = [:]

        mutating func refuse(_ type: String, _ id: GUID, _ code: String, _ reason: String, isNamed: Bool = true) {
            refusals.add(UndoRefusal(recordType: type, record: id, code: code, reason: reason), isNamed: isNamed)
            if Self.passing.contains(code) { waits = true }
            if code == RecordsError.Code.notUnique.description { notUnique[type, default: []].append(id) }
        }

        private static let passing: Set<String> = [
            "undo.linked", RecordsError.Code.notUnique.description, RecordsError.Code.invalid.description,
            RecordsError.Code.linkTargetMissing.description, RecordsError.Code.versionConflict.description,
        ]
    }

    /// The newest records first, to begin with: what a change set made to take another record's place is gone before that one comes back.
    private func run(
        _ pass: inout Pass, newestFirst: Bool, _ renew: (@Sendable () async throws -> Access)?, _ progress: (Int) async throws -> Void
    ) async throws {
        var place: GUID?
        while true {
            try Task.checkCancellation()
            let (beyond, direction): (SQL, SQL) = newestFirst ? ("<", "DESC") : (">", "ASC")
            let rest: SQL = place.map { " AND record_id \(beyond) \(bind: PostgresUUID(guid: $0))" } ?? ""
            let sql: SQL = """
                SELECT DISTINCT ON (record_id) record_id, record_type FROM tessera.change \
                WHERE change_set = \(bind: PostgresUUID(guid: changeSet))\(rest) ORDER BY record_id \(direction) \
                LIMIT \(bind: Int64(Self.batchSize))
                """
            let rows = try await store.run(sql).rows.map { row in
                (id: GUID(postgres: try row.decode(PostgresUUID.self, 0)), type: try row.decode(String.self, 1))
            }
            guard let last = rows.last else { return }
            for (typeID, records) in Dictionary(grouping: rows, by: \.type).sorted(by: { $0.key < $1.key }) {
                guard let type = store.catalog.type(id: typeID) else {
                    for record in records {
                        pass.refuse(
                            typeID, record.id, "undo.type_gone", "This deployment has no \(typeID) any more.",
                            isNamed: access.rights.isUnlimited)
                    }
                    continue
                }
                let now = Undo(store, of: changeSet, access: try await renew?() ?? access)
                try await now.undo(records.map(\.id), type, &pass)
            }
            pass.seen += rows.count
            try await progress(pass.seen)
            place = last.id
        }
    }

    private func undo(_ ids: [GUID], _ type: RecordType, _ pass: inout Pass) async throws {
        var refused: [GUID: RecordsError] = [:]
        while true {
            let (known, exceptions) = (pass, refused)
            do {
                pass = try await store.transaction { store in
                    try await takeTurn(in: store)
                    var pass = known
                    let work = Undo(store, of: changeSet, access: access)
                    let running = try await work.running()
                    let undo = running ?? .version7()
                    let batch = UndoBatch(store: store, changeSet: changeSet, undo: undo, type: type, access: access)
                    let result = try await batch.run(ids, label: known.entry.label, family: try await work.family(), except: exceptions)
                    if running == nil, result.changed > 0 { try await work.begin(undo, known.entry) }
                    if running != nil || result.changed > 0 { pass.undo = undo }
                    for refusal in result.refused {
                        let isNamed = access.rights.isUnlimited || refusal.code != UndoPlan.gone
                        pass.refuse(type.id, refusal.id, refusal.code, refusal.reason, isNamed: isNamed)
                    }
                    pass.changed += result.changed
                    pass.undone += result.changed + result.unchanged
                    pass.already += result.already
                    try await store.requireActive(access.principal)
                    return pass
                }
                return
            } catch let half as UndoBatch.HalfUndone {
                // Records that could be taken back in part only are left out altogether.
                refused.merge(half.refused) { first, _ in first }
            }
        }
    }

    // MARK: The undo's own change set

    /// That of a run that was broken off, or of one that is at it now.
    private func running() async throws -> GUID? {
        let sql: SQL = "SELECT id FROM tessera.change_set WHERE undoes = \(bind: PostgresUUID(guid: changeSet)) AND state = 'running'"
        return try await store.run(sql).first.map { GUID(postgres: try $0.decode(PostgresUUID.self, 0)) }
    }

    /// Puts it into the list, in the transaction of its first changes: an undo that takes nothing back leaves no empty change set.
    private func begin(_ id: GUID, _ entry: ChangeSetEntry) async throws {
        let undo = ChangeSet(id: id, label: "undo \(entry.label)", isOpen: true, runsAutomation: entry.runsAutomation, undoes: changeSet)
        try await ChangeSetLog(store, access: access).begin(undo)
    }

    /// What the undo that took everything back has left.
    private func lastUndo() async throws -> UndoReport? {
        let (id, undo) = (PostgresUUID(guid: changeSet), "SELECT id FROM tessera.change_set WHERE undoes =" as SQL)
        let sql: SQL = """
            SELECT (\(undo) \(bind: id) AND state = 'done' ORDER BY id DESC LIMIT 1), \
            (SELECT count(DISTINCT record_id) FROM tessera.change WHERE change_set = \(bind: id))
            """
        guard let row = try await store.run(sql).first, let last = try row.decode(PostgresUUID?.self, 0) else { return nil }
        let count = Int(try row.decode(Int64.self, 1))
        return UndoReport(changeSet: changeSet, undo: GUID(postgres: last), undone: count, alreadyUndone: count)
    }

    /// Runs of the same undo take turns with their batches, so that each sees what the others have put back.
    private func takeTurn(in store: RecordStore) async throws {
        let name = "tessera.undo \(changeSet)"
        _ = try await store.run("SELECT pg_advisory_xact_lock(hashtextextended(\(bind: name), 0))")
    }

    /// - Returns: the report, or that of another run that meanwhile put everything back.
    private func finish(_ entry: ChangeSetEntry, _ report: UndoReport) async throws -> UndoReport {
        try await store.transaction { store in
            try await takeTurn(in: store)
            let work = Undo(store, of: changeSet, access: access)
            let log = ChangeSetLog(store, access: access)
            if report.refusedCount > 0, try await log.find(changeSet)?.state == .undone {
                if let undo = report.undo { try await log.finish(undo) }
                return try await work.lastUndo() ?? report
            }
            let refused = PostgresJSON(Value.collection(report.refused.map(\.value)).json)
            let state: ChangeSetEntry.State = report.refusedCount == 0 ? .undone : report.undone > 0 ? .partlyUndone : .done
            if let undo = report.undo {
                _ = try await store.run(
                    """
                    UPDATE tessera.change_set SET refused = \(bind: refused), refused_count = \(bind: Int64(report.refusedCount)) \
                    WHERE id = \(bind: PostgresUUID(guid: undo))
                    """)
                try await log.finish(undo)
            }
            try await work.set(state, of: changeSet)
            // An undo that is undone leaves what it had taken back standing again.
            if let original = entry.undoes, state != .done { try await work.set(state == .undone ? .done : .partlyUndone, of: original) }
            return report
        }
    }

    private func set(_ state: ChangeSetEntry.State, of id: GUID) async throws {
        _ = try await store.run(
            "UPDATE tessera.change_set SET state = \(bind: state.rawValue) WHERE id = \(bind: PostgresUUID(guid: id))")
    }

    /// The change sets that undo this one, undo those, and so on, with the number of steps.
    private func family() async throws -> [GUID: Int] {
        let sql: SQL = """
            WITH RECURSIVE family AS (SELECT id, 1 AS depth FROM tessera.change_set WHERE undoes = \(bind: PostgresUUID(guid: changeSet)) \
            UNION ALL SELECT s.id, f.depth + 1 FROM tessera.change_set s JOIN family f ON s.undoes = f.id) SELECT id, depth FROM family
            """
        var family: [GUID: Int] = [:]
        for row in try await store.run(sql).rows {
            family[GUID(postgres: try row.decode(PostgresUUID.self, 0))] = Int(try row.decode(Int32.self, 1))
        }
        return family
    }
}

private struct RehearsedUndo: Error {
    var report: UndoReport
}
