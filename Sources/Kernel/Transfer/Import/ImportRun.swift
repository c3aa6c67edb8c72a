import Catalog
import Manifests
import QueryLanguage
import Records

/// One run of an import over its file: what isn't in yet, then the rows that waited for others.
struct ImportRun: Sendable {
    let importer: Importer
    let path: String
    let ledger: ImportLedger
    let isRehearsal: Bool

    private var plan: ImportPlan { importer.plan }

    func run(_ progress: (Importer.Progress) async throws -> Void) async throws -> ImportCounts {
        if let counts = ledger.finished { return counts }
        do {
            var growth = try await TableGrowth(of: grownTypes, store: ledger.store)
            let batches = try await storeAll(&growth, progress)
            try await settle(from: max(batches, (ledger.done.keys.max() ?? -1) + 1))
            try await growth.end()
        } catch let error as ImportError where error.code == .ended {
            // Somebody who ran the same import came to its end first.
            guard let counts = try await ledger.outcome() else { throw error }
            return counts
        }
        return try await ledger.finish(importer.access)
    }

    /// The types that get records.
    private var grownTypes: [RecordType] {
        guard importer.options.createsMissingLinks else { return [plan.type] }
        let linked = plan.type.fields.compactMap { field -> RecordType? in
            switch field.type {
            case .link(let link): ledger.store.catalog.type(id: link.target)
            case .links(let links): ledger.store.catalog.type(id: links.target)
            default: nil
            }
        }
        return [plan.type] + linked.filter { $0.id != plan.type.id }
    }

    /// Stores every batch that isn't in yet; gives the number of batches.
    private func storeAll(
        _ growth: inout TableGrowth, _ progress: (Importer.Progress) async throws -> Void
    ) async throws -> Int {
        var batches = try ImportBatches(plan, path, size: importer.options.batchSize)
        let width = ordersBatches ? 1 : 2
        var number = 0
        var stored = 0
        // The next batch is read while those before it are stored.
        var ahead: [ImportBatches.Row] = []
        try await withThrowingTaskGroup(of: (rows: Int, counts: ImportCounts).self) { group in
            var running = 0
            while true {
                while ahead.isEmpty, !batches.isAtEnd {
                    if ledger.done[number] == nil {
                        ahead = try batches.next()
                    } else {
                        stored += try batches.skip()
                        number += 1
                    }
                }
                if !ahead.isEmpty, running < width {
                    let (rows, batch) = (ahead, number)
                    group.addTask {
                        let access = try await importer.currentAccess()
                        let counts = try await ledger.batch(batch) { store in try await write(rows, store, access, mayWait: true) }
                        return (rows.count, counts)
                    }
                    ahead = []
                    running += 1
                    number += 1
                    continue
                }
                guard running > 0, let done = try await group.next() else { break }
                running -= 1
                stored += done.rows
                try await growth.note(done.counts.created)
                try await progress(Importer.Progress(rows: stored, fraction: batches.fraction))
            }
        }
        return number
    }

    /// Whether batches are stored in the order of the file, one after the other; else two are on their way at a time.
    ///
    /// Order matters where a row finds what another has made, where only the first of two rows can have a value, where numbers are given out,
    /// and within one transaction.
    private var ordersBatches: Bool {
        if isRehearsal || !plan.mapping.match.isEmpty || importer.options.createsMissingLinks { return true }
        let isNumbered = plan.type.fields.contains(where: \.isNumbered)
        return isNumbered || plan.fills(key: "id") || plan.type.uniqueKeys.contains { $0.fields.contains(where: plan.fills) }
    }

    /// Tries the waiting rows again for as long as some of them get in; then they fail.
    private func settle(from first: Int) async throws {
        var step = first
        var isLast = false
        while true {
            let waiting = try await ledger.waiting()
            if waiting.isEmpty { return }
            var settled = 0
            var batches = try ImportBatches(plan, path, size: importer.options.batchSize)
            while !batches.isAtEnd {
                let rows = try batches.next(only: waiting)
                guard !rows.isEmpty else { break }
                let mayWait = !isLast
                let access = try await importer.currentAccess()
                let done = try await ledger.batch(step, again: rows.map(\.number)) { store, taken in
                    try await write(rows.filter { taken.contains($0.number) }, store, access, mayWait: mayWait)
                }
                step += 1
                settled += done.rows
            }
            if isLast { return }
            isLast = settled == 0
        }
    }

    // MARK: Rows

    private func write(
        _ rows: [ImportBatches.Row], _ store: RecordStore, _ access: Access, mayWait: Bool
    ) async throws -> [ImportLedger.Row] {
        var records = rows.map(\.record)
        try await ImportedFiles(type: plan.type, files: importer.files, store: store, access: access, isRehearsal: isRehearsal)
            .keep(&records)
        try await LocalTimes.settle(&records, store)
        var results: [ImportLedger.Row] = []
        var inputs: [RecordInput] = []
        for (row, record) in zip(rows, records) {
            let outcome: WriteOutcome
            switch record {
            case .success(let record):
                inputs.append(record.input)
                outcome = .failed(RecordsError(.internalFault, ""))
            case .failure(let unread): outcome = .failed(unread.error)
            }
            results.append(ImportLedger.Row(number: row.number, source: row.source, outcome: outcome, waits: false))
        }
        let open = records.indices.filter { if case .success = records[$0] { true } else { false } }
        for (index, outcome) in zip(open, try await write(inputs, store, access, awaitsOwn: mayWait)) {
            results[index].outcome = outcome
            if case .failed(let error) = outcome { results[index].waits = mayWait && waitsForOwn(error) }
        }
        return results
    }

    /// - Parameter awaitsOwn: rows further down may be what others link to, so that none of them is made.
    private func write(
        _ inputs: [RecordInput], _ store: RecordStore, _ access: Access, awaitsOwn: Bool
    ) async throws -> [WriteOutcome] {
        var options = WriteOptions(
            changeSet: ChangeSet(id: ledger.changeSet), createsMissingLinks: importer.options.createsMissingLinks)
        options.mergesRepeats = true
        if awaitsOwn { options.awaitedType = plan.type.id }
        return plan.mapping.match.isEmpty
            ? try await store.create(plan.type, inputs, options: options, access: access)
            : try await store.upsert(plan.type, by: plan.mapping.match, inputs, options: options, access: access)
    }

    /// Whether a row fails only since it links to records of the same type that aren't there, as rows further down may be.
    private func waitsForOwn(_ error: RecordsError) -> Bool {
        // A row of the same batch that it links to isn't in yet; that one may be waiting itself.
        if error.code == .linkTargetMissing, error.details.isEmpty, error.target == nil { return true }
        return !error.details.isEmpty
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
}
