import Catalog
import Manifests
import QueryLanguage
package import Records

/// Carries a planned import out: rows in batches through the store, so that everything that holds for a record holds here too.
///
/// Each batch is one transaction with the note that it is in, so that an import that was broken off goes on where it stopped, and no row is in
/// twice. Rows whose link leads to a row further down wait and are tried again at the end. Memory doesn't grow with the file.
package struct Importer: Sendable {
    package struct Options: Sendable {
        /// Make the records that links by key don't find.
        package var createsMissingLinks = false
        /// Do everything but keep nothing.
        package var isRehearsal = false
        /// Rows of one transaction. Batches are counted, so that an unfinished import goes on only with the same number.
        package var batchSize = 1000

        package init() {}
    }

    /// What is known while it runs.
    package struct Progress: Sendable {
        package var rows: Int
        /// Of the file, from 0 to 1.
        package var fraction: Double
    }

    let plan: ImportPlan
    let options: Options
    let access: Access

    package init(plan: ImportPlan, options: Options, access: Access) {
        self.plan = plan
        self.options = options
        self.access = access
    }

    /// What has to be the same for an unfinished import to be taken up again.
    package var settings: String {
        FileDigest.sha256(
            of:
                "\(plan.format.rawValue) \(plan.sheet ?? "")\n\(plan.mapping.yaml)\ncreate_links: \(options.createsMissingLinks)\nbatch: \(options.batchSize)"
        )
    }

    /// Brings the rest of the file in.
    ///
    /// - Parameter progress: called after each batch.
    package func run(file path: String, ledger: ImportLedger, progress: (Progress) async throws -> Void) async throws -> ImportCounts {
        var counts = ledger.counts
        let batches = try await storeAll(path, ledger, &counts, progress)
        try await settle(path, ledger, from: max(batches, (ledger.done.keys.max() ?? -1) + 1), &counts)
        try await ledger.finish(access)
        return counts
    }

    /// Tries the whole file and keeps nothing.
    ///
    /// - Parameter failed: told about every row that would fail: its cells, its line and why.
    package func rehearse(
        file path: String, store: RecordStore, failed: (_ cells: [String], _ line: Int, _ reason: String) throws -> Void,
        progress: (Progress) async throws -> Void
    ) async throws -> ImportCounts {
        var file = RecordFile(try plan.open(path))
        var counts = ImportCounts()
        while true {
            let rows = try next(from: &file)
            for row in try await write(rows, store, ChangeSet(id: .version7()), mayWait: false) {
                counts.note(row.outcome)
                if row.outcome.isFailure { try failed(row.cells, row.line, row.outcome.reason) }
            }
            try await progress(Progress(rows: counts.rows, fraction: file.fraction))
            if rows.count < options.batchSize { return counts }
        }
    }

    /// Stores every batch that isn't in yet; gives the number of batches.
    private func storeAll(
        _ path: String, _ ledger: ImportLedger, _ counts: inout ImportCounts, _ progress: (Progress) async throws -> Void
    ) async throws -> Int {
        var file = RecordFile(try plan.open(path))
        // Two batches are on their way at a time where their order doesn't matter: one is read and checked while the other is stored.
        let width = plan.mapping.match.isEmpty && !options.createsMissingLinks ? 2 : 1
        var batch = 0
        var read = 0
        try await withThrowingTaskGroup(of: ImportCounts.self) { group in
            var isMore = true
            var running = 0
            while isMore || running > 0 {
                while isMore, running < width {
                    guard ledger.done[batch] == nil else {
                        let count = try skip(in: &file)
                        isMore = count == options.batchSize
                        read += count
                        batch += 1
                        continue
                    }
                    let rows = try next(from: &file)
                    isMore = rows.count == options.batchSize
                    guard !rows.isEmpty else { break }
                    read += rows.count
                    running += 1
                    let number = batch
                    group.addTask {
                        try await ledger.batch(number) { store in
                            try await write(rows, store, ChangeSet(id: ledger.changeSet), mayWait: true)
                        }
                    }
                    batch += 1
                }
                guard running > 0, let done = try await group.next() else { break }
                running -= 1
                counts = counts + done
                try await progress(Progress(rows: read - running * options.batchSize, fraction: file.fraction))
            }
        }
        return batch
    }

    /// Tries the waiting rows again for as long as some of them get in; then they fail.
    private func settle(_ path: String, _ ledger: ImportLedger, from first: Int, _ counts: inout ImportCounts) async throws {
        var step = first
        var isLast = false
        while true {
            let waiting = try await ledger.waiting()
            if waiting.isEmpty { return }
            var settled = 0
            var file = RecordFile(try plan.open(path))
            var isMore = true
            while isMore {
                let rows = try next(from: &file, only: waiting)
                isMore = rows.count == options.batchSize
                guard !rows.isEmpty else { break }
                let mayWait = !isLast
                let done = try await ledger.batch(step, again: rows.map(\.number)) { store in
                    try await write(rows, store, ChangeSet(id: ledger.changeSet), mayWait: mayWait)
                }
                step += 1
                settled += done.rows
                counts = counts + done
            }
            if isLast { return }
            isLast = settled == 0
        }
    }

    // MARK: Rows

    /// A file with the number of records read.
    private struct RecordFile {
        let source: any ImportSource
        private(set) var count = 0

        init(_ source: any ImportSource) { self.source = source }

        var fraction: Double { Double(source.position) / Double(max(1, source.size)) }

        mutating func next() throws(ImportError) -> SourceRecord? {
            guard let record = try source.next() else { return nil }
            count += 1
            return record
        }
    }

    private struct Row: Sendable {
        var number: Int
        var cells: [String]
        var line: Int
        var input: Result<RecordInput, RecordsError>
    }

    /// The next rows of the file, a batch at most; with `only`, those with these numbers.
    private func next(from file: inout RecordFile, only wanted: Set<Int>? = nil) throws -> [Row] {
        var rows: [Row] = []
        while rows.count < options.batchSize, let record = try file.next() {
            if rows.isEmpty { try Task.checkCancellation() }
            if let wanted, !wanted.contains(file.count - 1) { continue }
            rows.append(Row(number: file.count - 1, cells: record.cells, line: record.line, input: plan.input(of: record)))
        }
        return rows
    }

    private func skip(in file: inout RecordFile) throws -> Int {
        var count = 0
        while count < options.batchSize, try file.next() != nil { count += 1 }
        return count
    }

    private func write(_ rows: [Row], _ store: RecordStore, _ changeSet: ChangeSet, mayWait: Bool) async throws -> [ImportLedger.Row] {
        var results = rows.map { row in
            let failure: RecordsError? = if case .failure(let error) = row.input { error } else { nil }
            return ImportLedger.Row(
                number: row.number, line: row.line, cells: row.cells, outcome: .failed(failure ?? RecordsError(.internalFault, "")),
                waits: false)
        }
        let inputs = rows.map { try? $0.input.get() }
        let open = rows.indices.filter { inputs[$0] != nil }
        var write = WriteOptions(changeSet: changeSet, createsMissingLinks: options.createsMissingLinks)
        write.isRehearsal = options.isRehearsal
        let outcomes =
            plan.mapping.match.isEmpty
            ? try await store.create(plan.type, inputs.compactMap(\.self), options: write, access: access)
            : try await store.upsert(plan.type, by: plan.mapping.match, inputs.compactMap(\.self), options: write, access: access)
        for (index, outcome) in zip(open, outcomes) {
            results[index].outcome = outcome
            guard case .failed(let error) = outcome, waitsForOwn(error) else { continue }
            if options.isRehearsal, let input = inputs[index], leadsIntoFile(input) {
                results[index].outcome = .created(id: .version7(), version: 1)
            } else {
                results[index].waits = mayWait
            }
        }
        return results
    }

    private func waitsForOwn(_ error: RecordsError) -> Bool {
        !error.details.isEmpty
            && error.details.allSatisfy { detail in
                guard detail.code == "records.link_target_missing", let key = detail.target, let field = plan.type.field(key) else {
                    return false
                }
                switch field.type {
                case .link(let link): return link.target == plan.type.id
                case .links(let links): return links.target == plan.type.id
                default: return false
                }
            }
    }

    /// Whether the rows that a row links to are further down in the file: a rehearsal keeps none that it could find.
    private func leadsIntoFile(_ input: RecordInput) -> Bool {
        plan.type.fields.allSatisfy { field in
            guard case .link(let link) = field.type, link.target == plan.type.id, case .complex(let key)? = input.values[field.key] else {
                return true
            }
            return key.allSatisfy { property, value in value == .null || plan.ownKeys[property]?.contains(value.text) == true }
        }
    }
}
