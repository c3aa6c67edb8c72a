import Postgres
package import QueryLanguage
package import Records

/// Where an import is: which batches are in, which rows failed and which wait. All of it is written in the transactions of the batches, so that
/// an import that was broken off anywhere goes on exactly where it stopped.
package struct ImportLedger: Sendable {
    /// What makes two runs the same import.
    package struct Key: Sendable, Hashable {
        /// Where the file came from: its path, or the name it was uploaded under.
        package var source: String
        package var collection: String
        /// SHA-256 of the file.
        package var digest: String
        /// SHA-256 of the mapping and the options.
        package var settings: String

        package init(source: String, collection: String, digest: String, settings: String) {
            self.source = source
            self.collection = collection
            self.digest = digest
            self.settings = settings
        }
    }

    /// Whether automation acts on what comes in: recorded in the change set, so that an import goes on as it began.
    package struct Automation: Sendable {
        /// What was asked for, if anything was.
        package var asked: Bool?
        /// What a new import does where nothing was.
        package var otherwise: Bool

        package init(asked: Bool?, otherwise: Bool) {
            self.asked = asked
            self.otherwise = otherwise
        }
    }

    package let id: GUID
    package let changeSet: GUID
    /// Batches that were in already when it was opened.
    let done: [Int: ImportCounts]
    /// What came of it, where it had been finished already when its job took it up again.
    let finished: ImportCounts?
    let store: RecordStore
    /// Whoever asked for it.
    let principal: GUID

    private var steps: WorkSteps { WorkSteps(store, work: id, of: principal) }

    /// What earlier runs have brought in.
    package var counts: ImportCounts { finished ?? done.values.reduce(ImportCounts(), +) }
    package var isResumed: Bool { !done.isEmpty }

    // MARK: Opening

    /// Takes an unfinished import up again, or begins a new one.
    ///
    /// - Parameters:
    ///   - isRestart: leaves an unfinished one as it is and begins anew; not the one that the same job began.
    ///   - job: the job that carries it out. It gets the import that it had before, be it finished or not, so that a job that is taken up
    ///     again at any moment brings nothing in twice.
    /// - Throws: `import.changed` when the unfinished import of this file was of other contents, or with another mapping or other options, or when
    ///   automation was asked to do something else.
    package static func open(
        _ key: Key, label: String, automation: Automation, isRestart: Bool, job: GUID? = nil, store: RecordStore, access: Access
    ) async throws -> ImportLedger {
        func begin() async throws -> ImportLedger {
            try await openOnce(key, label: label, automation: automation, isRestart: isRestart, job: job, store: store, access: access)
        }
        do {
            return try await begin()
        } catch let error as RecordsError where (error.cause as? PostgresError)?.constraint == "import_running" {
            // The same import was begun in the same moment: this one joins it.
            return try await begin()
        }
    }

    private static func openOnce(
        _ key: Key, label: String, automation: Automation, isRestart: Bool, job: GUID?, store: RecordStore, access: Access
    ) async throws -> ImportLedger {
        let (id, changeSet, counts) = try await store.transaction { store -> (GUID, GUID, PostgresJSON?) in
            if let job, let own = try await taken(by: job, store) { return own }
            if let known = try await unfinished(key, store, access) {
                let standing = try await ChangeSetLog(store, access: access).find(known.changeSet)
                if let standing, standing.state == .running, !isRestart {
                    try require(known, key, automation, standing)
                    try await take(known.id, by: job, store)
                    return (known.id, known.changeSet, nil)
                }
                try await end(known.id, "abandoned", store)
                try await ChangeSetLog(store, access: access).finish(known.changeSet)
            }
            let changeSet = ChangeSet(id: .version7(), label: label, isOpen: true, runsAutomation: automation.asked ?? automation.otherwise)
            try await ChangeSetLog(store, access: access).begin(changeSet)
            let id = GUID.version7()
            _ = try await store.run(
                """
                INSERT INTO tessera.import (id, source, digest, collection, settings, change_set, principal_id) VALUES \
                (\(bind: PostgresUUID(guid: id)), \(bind: key.source), \(bind: key.digest), \(bind: key.collection), \(bind: key.settings), \
                \(bind: PostgresUUID(guid: changeSet.id)), \(bind: PostgresUUID(guid: access.principal)))
                """)
            try await take(id, by: job, store)
            return (id, changeSet.id, nil)
        }
        let done = try await WorkSteps(store, work: id, of: access.principal).done().mapValues { try ImportCounts($0) }
        return ImportLedger(
            id: id, changeSet: changeSet, done: done, finished: try counts.map { try ImportCounts($0) }, store: store,
            principal: access.principal)
    }

    /// The import that a job has taken up before, and its counts when it is finished.
    private static func taken(by job: GUID, _ store: RecordStore) async throws -> (GUID, GUID, PostgresJSON?)? {
        let sql: SQL = "SELECT id, change_set, counts, state FROM tessera.import WHERE job = \(bind: PostgresUUID(guid: job)) FOR UPDATE"
        guard let row = try await store.run(sql).first else { return nil }
        let changeSet = GUID(postgres: try row.decode(PostgresUUID.self, 1))
        guard try row.decode(String.self, 3) != "abandoned" else { throw ended(changeSet) }
        return (GUID(postgres: try row.decode(PostgresUUID.self, 0)), changeSet, try row.decode(PostgresJSON?.self, 2))
    }

    private static func take(_ id: GUID, by job: GUID?, _ store: RecordStore) async throws {
        guard let job else { return }
        _ = try await store.run(
            "UPDATE tessera.import SET job = \(bind: PostgresUUID(guid: job)) WHERE id = \(bind: PostgresUUID(guid: id))")
    }

    private struct Unfinished {
        var id: GUID
        var changeSet: GUID
        var digest: String
        var settings: String
        var begun: String
    }

    private static func unfinished(_ key: Key, _ store: RecordStore, _ access: Access) async throws -> Unfinished? {
        let sql: SQL = """
            SELECT id, change_set, digest, settings, to_char(created_at, 'YYYY-MM-DD HH24:MI') FROM tessera.import WHERE state = 'running' \
            AND principal_id = \(bind: PostgresUUID(guid: access.principal)) AND collection = \(bind: key.collection) \
            AND source = \(bind: key.source) FOR UPDATE
            """
        return try await store.run(sql).first.map { row in
            Unfinished(
                id: GUID(postgres: try row.decode(PostgresUUID.self, 0)), changeSet: GUID(postgres: try row.decode(PostgresUUID.self, 1)),
                digest: try row.decode(String.self, 2), settings: try row.decode(String.self, 3), begun: try row.decode(String.self, 4))
        }
    }

    private static func require(_ known: Unfinished, _ key: Key, _ automation: Automation, _ entry: ChangeSetEntry) throws {
        let what: String
        if known.digest != key.digest {
            what = "the file has changed since its import of \(known.begun) UTC was broken off"
        } else if known.settings != key.settings {
            what = "the import of \(known.begun) UTC that was broken off had another mapping or other options"
        } else if let asked = automation.asked, asked != entry.runsAutomation {
            what =
                "the import of \(known.begun) UTC that was broken off began with automation \(entry.runsAutomation ? "on" : "off"), "
                + "and goes on so when `--automation` (`automation` over the API) is left out"
        } else {
            return
        }
        throw ImportError(
            .changed,
            "\(what); `--restart` (`restart` over the API) begins anew and leaves what is in, which undoing change set \(known.changeSet) takes back"
        )
    }

    // MARK: Batches

    /// One row of a file, and what became of it.
    struct Row: Sendable {
        var number: Int
        var source: SourceRecord
        var outcome: WriteOutcome
        var waits: Bool
    }

    /// Carries a batch out unless it is in already, keeps which of its rows failed or wait, and gives its counts.
    func batch(_ number: Int, _ body: (RecordStore) async throws -> [Row]) async throws -> ImportCounts {
        try await step(number) { store in try await body(store) }
    }

    /// The same with rows that waited before. Whoever runs the same import at this moment may have tried some of them again: those are left out.
    func batch(_ number: Int, again rows: [Int], _ body: (RecordStore, Set<Int>) async throws -> [Row]) async throws -> ImportCounts {
        try await step(number) { store in
            let taken = try await store.run(
                """
                DELETE FROM tessera.import_row WHERE import = \(bind: PostgresUUID(guid: id)) AND waits \
                AND number = ANY(\(bind: rows.map(Int64.init))) RETURNING number
                """)
            return try await body(store, Set(try taken.rows.map { Int(try $0.decode(Int64.self, 0)) }))
        }
    }

    private func step(_ number: Int, _ body: (RecordStore) async throws -> [Row]) async throws -> ImportCounts {
        let json = try await steps.once(number) { store in
            try await requireRunning(store)
            var counts = ImportCounts()
            var kept: [Row] = []
            for row in try await body(store) {
                if !row.waits { counts.note(row.outcome) }
                if row.outcome.isFailure { kept.append(row) }
            }
            try await keep(kept, store)
            return PostgresJSON(counts.value.json)
        }
        return try ImportCounts(json)
    }

    /// Undoing or restarting an import ends its change set; whoever still works on it stops here.
    private func requireRunning(_ store: RecordStore) async throws {
        guard try await !ChangeSetLog.isOpen(changeSet, in: store) else { return }
        throw Self.ended(changeSet)
    }

    private static func ended(_ changeSet: GUID) -> ImportError {
        ImportError(.ended, "the import was ended meanwhile: its change set \(changeSet) was undone, or it was begun anew")
    }

    private func keep(_ rows: [Row], _ store: RecordStore) async throws {
        for row in rows {
            _ = try await store.run(
                """
                INSERT INTO tessera.import_row (import, number, line, cells, reason, waits) VALUES (\(bind: PostgresUUID(guid: id)), \
                \(bind: Int64(row.number)), \(bind: Int64(row.source.line)), \(bind: row.source.cells), \(bind: row.outcome.reason), \(bind: row.waits))
                """)
        }
    }

    /// The change set under which something came in; nil where nothing did.
    package func changeSet(for access: Access) async throws -> GUID? {
        try await ChangeSetLog(store, access: access).find(changeSet)?.id
    }

    // MARK: Rows

    /// The numbers of the rows that wait.
    func waiting() async throws -> Set<Int> {
        let sql: SQL = "SELECT number FROM tessera.import_row WHERE import = \(bind: PostgresUUID(guid: id)) AND waits"
        return Set(try await store.run(sql).rows.map { Int(try $0.decode(Int64.self, 0)) })
    }

    /// The rows that failed, in the order of the file, with their cells as `SourceRecord.cells` has them.
    package func failedRows(_ body: (_ cells: [String?], _ line: Int, _ reason: String) async throws -> Void) async throws {
        try await Self.failedRows(of: id, store: store, body)
    }

    package static func failedRows(
        of id: GUID, store: RecordStore, _ body: (_ cells: [String?], _ line: Int, _ reason: String) async throws -> Void
    ) async throws {
        var place: Int64 = -1
        while true {
            let sql: SQL = """
                SELECT number, cells, line, reason FROM tessera.import_row WHERE import = \(bind: PostgresUUID(guid: id)) AND NOT waits \
                AND number > \(bind: place) ORDER BY number LIMIT 1000
                """
            let rows = try await store.run(sql).rows
            for row in rows {
                try await body(try row.decode([String?].self, 1), Int(try row.decode(Int64.self, 2)), try row.decode(String.self, 3))
                place = try row.decode(Int64.self, 0)
            }
            if rows.count < 1000 { return }
        }
    }

    // MARK: The end

    /// Days after an import has ended that its failed rows are kept in the database.
    package static let keptDays = 30

    /// Removes the failed rows of imports that ended long ago. That they ended is kept: a job that is taken up again late has to know.
    package static func forgetOld(_ store: RecordStore) async throws {
        _ = try await store.run(
            """
            DELETE FROM tessera.import_row r USING tessera.import i WHERE r.import = i.id \
            AND i.finished_at < now() - make_interval(days => \(raw: String(keptDays)))
            """)
    }

    /// Says that all of it is in, in one transaction, unless somebody has who ran the same import. The counts are those of all batches, whoever
    /// carried them out.
    func finish(_ access: Access) async throws -> ImportCounts {
        try await store.transaction { store in
            let lock: SQL = "SELECT 1 FROM tessera.import WHERE id = \(bind: PostgresUUID(guid: id)) AND state = 'running' FOR UPDATE"
            guard try await !store.run(lock).isEmpty else {
                guard let counts = try await outcome(store) else { throw Self.ended(changeSet) }
                return counts
            }
            let counts = try await WorkSteps(store, work: id, of: principal).done().values.reduce(ImportCounts()) {
                try $0 + ImportCounts($1)
            }
            let json = PostgresJSON(counts.value.json)
            _ = try await store.run("UPDATE tessera.import SET counts = \(bind: json) WHERE id = \(bind: PostgresUUID(guid: id))")
            try await Self.end(id, "done", store)
            try await ChangeSetLog(store, access: access).finish(changeSet)
            try await WorkSteps(store, work: id, of: principal).forget()
            return counts
        }
    }

    /// What came of it, once it is finished, by whomever.
    func outcome() async throws -> ImportCounts? { try await outcome(store) }

    private func outcome(_ store: RecordStore) async throws -> ImportCounts? {
        let sql: SQL = "SELECT counts FROM tessera.import WHERE id = \(bind: PostgresUUID(guid: id)) AND state = 'done'"
        return try await store.run(sql).first?.decode(PostgresJSON?.self, 0).map { try ImportCounts($0) }
    }

    private static func end(_ id: GUID, _ state: String, _ store: RecordStore) async throws {
        _ = try await store.run(
            "UPDATE tessera.import SET state = \(bind: state), finished_at = now() WHERE id = \(bind: PostgresUUID(guid: id)) AND state = 'running'"
        )
    }
}

extension WriteOutcome {
    /// Why a row failed; empty for those that didn't.
    var reason: String {
        guard case .failed(let error) = self else { return "" }
        return error.reasons
    }
}
