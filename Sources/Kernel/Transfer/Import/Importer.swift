import Catalog
import Manifests
import QueryLanguage
package import Records

/// Carries a planned import out: rows in batches through the store, so that everything that holds for a record holds here too.
///
/// Rows whose link leads to a row further down wait and are tried again at the end. Memory doesn't grow with the file, except for such rows.
package struct Importer: Sendable {
    package struct Options: Sendable {
        /// Make the records that links by key don't find.
        package var createsMissingLinks = false
        /// Do everything but keep nothing.
        package var isRehearsal = false

        package init() {}
    }

    package struct Report: Sendable, Equatable {
        package var created = 0
        package var updated = 0
        package var unchanged = 0
        package var failed = 0
        package var rows: Int { created + updated + unchanged + failed }
    }

    /// What is known while it runs.
    package struct Progress: Sendable {
        package var rows: Int
        /// Of the file, from 0 to 1.
        package var fraction: Double
    }

    static let batchSize = 1000
    /// Rows that may wait for a row further down.
    static let mostWaiting = 100_000

    let store: RecordStore
    let plan: ImportPlan
    let options: Options
    let access: Access
    let changeSet: ChangeSet

    package init(store: RecordStore, plan: ImportPlan, options: Options, access: Access, changeSet: ChangeSet) {
        self.store = store
        self.plan = plan
        self.options = options
        self.access = access
        self.changeSet = changeSet
    }

    /// - Parameters:
    ///   - failed: told about every row that fails: its cells, its line and why.
    ///   - progress: called after each batch.
    package func run(
        file path: String, failed: (_ cells: [String], _ line: Int, _ reason: String) throws -> Void,
        progress: (Progress) -> Void
    ) async throws -> Report {
        let file = try plan.open(path)
        var report = Report()
        var waiting: [Row] = []
        // Two batches are on their way at a time where their order doesn't matter: one is read and checked while the other is stored.
        let width = plan.mapping.match.isEmpty && !options.isRehearsal ? 2 : 1
        try await withThrowingTaskGroup(of: [(Row, RowResult)].self) { group in
            var isMore = true
            var running = 0
            while isMore || running > 0 {
                while isMore, running < width {
                    let batch = try next(from: file)
                    isMore = batch.count == Self.batchSize
                    guard !batch.isEmpty else { break }
                    running += 1
                    group.addTask { try await store(batch, mayWait: true) }
                }
                guard running > 0, let results = try await group.next() else { break }
                running -= 1
                for (row, result) in results {
                    if case .waits = result, waiting.count < Self.mostWaiting {
                        waiting.append(row)
                    } else {
                        try note(row, result, &report, failed)
                    }
                }
                progress(Progress(rows: report.rows + waiting.count, fraction: Double(file.position) / Double(max(1, file.size))))
            }
        }
        try await settle(&waiting, &report, failed)
        return report
    }

    // MARK: Rows

    private struct Row: Sendable {
        var cells: [String]
        var line: Int
        var input: Result<RecordInput, RecordsError>
    }

    private enum RowResult: Sendable {
        case done(WriteOutcome)
        /// It links to a record of its own collection that isn't there yet.
        case waits(RecordsError)
    }

    private func next(from file: any ImportSource) throws -> [Row] {
        var batch: [Row] = []
        while batch.count < Self.batchSize, let record = try file.next() {
            try Task.checkCancellation()
            batch.append(Row(cells: record.cells, line: record.line, input: plan.input(of: record)))
        }
        return batch
    }

    private func store(_ batch: [Row], mayWait: Bool) async throws -> [(Row, RowResult)] {
        var results: [RowResult?] = batch.map { row in
            if case .failure(let error) = row.input { .done(.failed(error)) } else { nil }
        }
        let open = results.indices.filter { results[$0] == nil }
        let inputs = open.compactMap { try? batch[$0].input.get() }
        var write = WriteOptions(changeSet: changeSet, createsMissingLinks: options.createsMissingLinks)
        write.isRehearsal = options.isRehearsal
        let outcomes =
            plan.mapping.match.isEmpty
            ? try await store.create(plan.type, inputs, options: write, access: access)
            : try await store.upsert(plan.type, by: plan.mapping.match, inputs, options: write, access: access)
        for (position, (index, outcome)) in zip(open, outcomes).enumerated() {
            if case .failed(let error) = outcome, options.isRehearsal, waitsForOwn(error), leadsIntoFile(inputs[position]) {
                results[index] = .done(.created(id: .version7(), version: 1))
            } else if mayWait, case .failed(let error) = outcome, waitsForOwn(error) {
                results[index] = .waits(error)
            } else {
                results[index] = .done(outcome)
            }
        }
        return zip(batch, results).compactMap { row, result in result.map { (row, $0) } }
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

    /// Tries the waiting rows again for as long as some of them get in.
    private func settle(
        _ waiting: inout [Row], _ report: inout Report, _ failed: (_ cells: [String], _ line: Int, _ reason: String) throws -> Void
    ) async throws {
        while !waiting.isEmpty {
            var rest: [Row] = []
            var isStuck = true
            for start in stride(from: 0, to: waiting.count, by: Self.batchSize) {
                let batch = Array(waiting[start..<min(start + Self.batchSize, waiting.count)])
                for (row, result) in try await store(batch, mayWait: true) {
                    if case .waits = result {
                        rest.append(row)
                    } else {
                        isStuck = false
                        try note(row, result, &report, failed)
                    }
                }
            }
            waiting = rest
            guard isStuck else { continue }
            for start in stride(from: 0, to: rest.count, by: Self.batchSize) {
                let batch = Array(rest[start..<min(start + Self.batchSize, rest.count)])
                for (row, result) in try await store(batch, mayWait: false) { try note(row, result, &report, failed) }
            }
            waiting = []
        }
    }

    private func note(
        _ row: Row, _ result: RowResult, _ report: inout Report, _ failed: (_ cells: [String], _ line: Int, _ reason: String) throws -> Void
    ) throws {
        switch result {
        case .done(.created): report.created += 1
        case .done(.updated): report.updated += 1
        case .done(.failed(let error)), .waits(let error):
            report.failed += 1
            let details = error.details.map(\.message).joined(separator: " ")
            try failed(row.cells, row.line, details.isEmpty ? error.message : details)
        case .done: report.unchanged += 1
        }
    }
}
