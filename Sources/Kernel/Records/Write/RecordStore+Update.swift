package import Catalog
import Permissions
import Postgres
import QueryLanguage

extension RecordStore {
    /// Changes records: only the properties given, only where they differ. Outcomes are in the order of the items.
    ///
    /// An item whose record isn't there fails with `records.not_found`; one whose version isn't the expected one with
    /// `records.version_conflict`, which names the fields changed since. Where no version is expected, rules are judged and the record is
    /// written at one version all the same: a change in between repeats the judgement, the last time with the record held.
    package func update(_ type: RecordType, _ items: [RecordUpdate], options: WriteOptions, access: Access) async throws -> [WriteOutcome] {
        try await honouring(options, count: items.count) { try await $0.updateEach(type, items, options: $1, access: access) }
    }

    private func updateEach(_ type: RecordType, _ items: [RecordUpdate], options: WriteOptions, access: Access) async throws
        -> [WriteOutcome]
    {
        try access.require(.update, on: type)
        let type = whole(type)
        let catalog = self.catalog
        let keys = try await RecordKeys(store: self, type: type, access: access).resolve(items.map(\.key))
        var outcomes = [WriteOutcome?](repeating: nil, count: items.count)
        var open: [Int] = []
        for (index, key) in keys.enumerated() {
            switch key {
            case .success where type.demandsVersion(items[index].expectedVersion, orAny: items[index].takesAnyVersion):
                outcomes[index] = .failed(.preconditionRequired(type))
            case .success: open.append(index)
            case .failure(let error): outcomes[index] = .failed(error)
            }
        }
        // In one order for everybody, so that two who change the same records in several statements don't wait for each other.
        let places = keys.map { try? $0.get() }
        open.sort { left, right in
            guard let one = places[left], let other = places[right], one != other else { return left < right }
            return one < other
        }
        for attempt in 1...Self.judgements where !open.isEmpty {
            let judged = open
            let results =
                if attempt < Self.judgements {
                    try await updateOnce(type, items, keys: keys, judged, catalog: catalog, options: options, access: access)
                } else {
                    try await holding(judged.compactMap { try? keys[$0].get() }, of: type, access: access) {
                        try await $0.updateOnce(type, items, keys: keys, judged, catalog: catalog, options: options, access: access)
                    }
                }
            var again: [Int] = []
            for (index, result) in results {
                if case .changedMeanwhile = result, attempt < Self.judgements {
                    again.append(index)
                } else {
                    outcomes[index] = result.outcome
                }
            }
            open = again
        }
        return outcomes.compactMap { $0 }
    }

    /// How often a record that others keep changing is judged anew.
    private static let judgements = 3

    /// Runs `body` while nobody else changes the records: the last resort of writes that others keep overtaking.
    func holding<R: Sendable>(
        _ ids: [GUID], of type: RecordType, access: Access, _ body: @Sendable (RecordStore) async throws -> R
    ) async throws -> R {
        let condition = AccessGuard.predicate(.update, on: type, alias: "t", access: access)
        let lock: SQL = """
            SELECT t.id FROM \(raw: type.table.sql) t WHERE t.id = ANY(\(bind: ids.map(PostgresUUID.init(guid:)))) AND \(condition) \
            ORDER BY t.id FOR NO KEY UPDATE OF t
            """
        return try await transaction { store in
            _ = try await store.run(lock)
            return try await body(store)
        }
    }

    private enum UpdateResult {
        case done(WriteOutcome)
        /// Between judging and writing, somebody else changed the record.
        case changedMeanwhile(RecordsError)

        var outcome: WriteOutcome {
            switch self {
            case .done(let outcome): outcome
            case .changedMeanwhile(let error): .failed(error)
            }
        }
    }

    private func updateOnce(
        _ type: RecordType, _ items: [RecordUpdate], keys: [Result<GUID, RecordsError>], _ open: [Int], catalog: Catalog,
        options: WriteOptions, access: Access
    ) async throws -> [(Int, UpdateResult)] {
        var drafts = open.compactMap { index -> WriteDraft? in
            guard case .success(let id) = keys[index] else { return nil }
            return WriteDraft(index: index, id: id, expectedVersion: items[index].expectedVersion, isUpdate: true)
        }
        let preparation = WritePreparation(store: self, catalog: catalog, type: type, access: access, options: options)
        try await preparation.updates(items.map(\.input), into: &drafts)
        // Judged at one version, written at that version.
        let judged = Dictionary(uniqueKeysWithValues: drafts.map { ($0.index, $0.expectedVersion == nil && $0.checkedVersion != nil) })
        for index in drafts.indices where drafts[index].expectedVersion == nil {
            drafts[index].expectedVersion = drafts[index].checkedVersion
        }
        let runner = BatchRunner(store: self, catalog: catalog, type: type, access: access, options: options)
        let outcomes = try await runner.run(drafts, first: UpdateLock(of: type, for: access)) { drafts, runner in
            try await self.updateGroups(type, drafts, changeSet: options.changeSet, access: access, runner: runner)
        }
        return zip(drafts, outcomes).map { draft, outcome in
            if case .failed(let error) = outcome, error.code == .versionConflict, judged[draft.index] == true {
                return (draft.index, .changedMeanwhile(error))
            }
            return (draft.index, .done(outcome))
        }
    }

    /// One statement for each set of columns that changes.
    func updateGroups(
        _ type: RecordType, _ drafts: [WriteDraft], changeSet: ChangeSet, access: Access, runner: StatementRunner
    ) async throws -> [WriteOutcome] {
        var groups: [[String]: [WriteDraft]] = [:]
        for draft in drafts { groups[draft.statementKey, default: []].append(draft) }
        var outcomes: [Int: WriteOutcome] = [:]
        // In a fixed order, so that equal batches run equal statements; the rows are locked already.
        for (_, group) in groups.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            guard let first = group.first else { continue }
            let columns = [RecordType.systemColumns, type.fieldColumns].flatMap { $0.filter { first.columns[$0.name] != nil } }
            let lists = type.childTables.filter { first.lists[$0.field] != nil }
            let statement = UpdateStatement(type: type, access: access, changeSet: changeSet, columns: columns, lists: lists)
            let result = try await runner.query(statement.sql(for: group))
            let versions = try VersionRow.rows(of: result)
            for (draft, row) in zip(group, versions) {
                outcomes[draft.index] = try await row.outcome(draft, of: .update, type: type, access: access, runner: runner) {
                    .updated(id: draft.id, version: $0)
                }
            }
        }
        return drafts.compactMap { outcomes[$0.index] }
    }
}

/// What a statement that locks and changes says of one record.
struct VersionRow {
    var before: Int64?
    var after: Int64?

    /// Rows come in the order of the batch.
    static func rows(of result: PostgresResult) throws -> [VersionRow] {
        try result.rows.map { VersionRow(before: try $0.decode(Int64?.self, 1), after: try $0.decode(Int64?.self, 2)) }
    }

    func outcome(
        _ draft: WriteDraft, of action: RecordAction, type: RecordType, access: Access, runner: StatementRunner,
        changed: (Int64) -> WriteOutcome
    ) async throws -> WriteOutcome {
        guard let before else {
            let isForbidden = try await Self.isReadable(draft.id, for: action, type: type, access: access, runner: runner)
            return .failed(isForbidden ? .forbiddenRecord(action, type) : .missing(type))
        }
        if let after { return changed(after) }
        guard let expected = draft.expectedVersion, expected != before else { return .unchanged(id: draft.id, version: before) }
        guard expected > 0 else { return .failed(.neverHad(type, current: before)) }
        let since: SQL = """
            SELECT DISTINCT k FROM tessera.change c, jsonb_object_keys(c.before) k \
            WHERE c.record_id = \(bind: PostgresUUID(guid: draft.id)) AND c.version > \(bind: expected) ORDER BY k
            """
        // Which fields others changed is told of those that are seen.
        let fields = try await runner.query(since).rows.map { try $0.decode(String.self, 0) }.filter { name in
            let field = type.field(name) ?? type.field(ofColumn: name)
            return field.map { access.rights.mask(of: $0.key, on: type.id) == nil } ?? true
        }
        let changes = fields.isEmpty ? "" : " Changed since: \(fields.joined(separator: ", "))."
        return .failed(
            RecordsError(
                .versionConflict,
                "This \(type.label.lowercased()) has version \(before), not \(expected).\(changes) Read it again and repeat your change.",
                details: fields.map {
                    RecordsError.Detail(code: "records.changed_since", target: $0, message: "Changed since version \(expected).")
                },
                currentVersion: before))
    }
}

extension VersionRow {
    /// Whether a record that may not be acted on may be read all the same: only then the refusal may say that it is there.
    private static func isReadable(
        _ id: GUID, for action: RecordAction, type: RecordType, access: Access, runner: StatementRunner
    ) async throws -> Bool {
        guard access.rights.predicate(action, on: type.id) != access.rights.predicate(.read, on: type.id) else { return false }
        // Deleted records are there for those who bring them back or remove them for good.
        let includesDeleted = action == .restore || action == .purge
        let readable = AccessGuard.predicate(.read, on: type, alias: "seen", access: access, includeDeleted: includesDeleted)
        let sql: SQL = "SELECT 1 FROM \(raw: type.table.sql) seen WHERE seen.id = \(bind: PostgresUUID(guid: id)) AND \(readable)"
        return try await !runner.query(sql).isEmpty
    }
}

extension RecordType {
    /// Whether a change must say which version it changes, and doesn't.
    func demandsVersion(_ expectedVersion: Int64?, orAny takesAny: Bool) -> Bool {
        requiresIfMatch && expectedVersion == nil && !takesAny
    }
}

extension RecordsError {
    package static func preconditionRequired(_ type: RecordType) -> RecordsError {
        RecordsError(
            .preconditionRequired,
            "\(type.labelPlural) are changed by naming the version to change: send the ETag that was read in If-Match, or in "
                + "@etag of a bulk request's item.")
    }

    /// What was expected is a version that no record ever had.
    static func neverHad(_ type: RecordType, current version: Int64) -> RecordsError {
        RecordsError(
            .versionConflict,
            "This \(type.label.lowercased()) has version \(version), and never had the one that was asked for: no ETag that was read says that. Read it "
                + "again and repeat your change.", currentVersion: version)
    }

    static func missing(_ type: RecordType) -> RecordsError {
        RecordsError(.notFound, "There is no such \(type.label.lowercased()), or it is deleted.")
    }
}
