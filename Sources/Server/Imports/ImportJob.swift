import Catalog
package import Files
package import Jobs
import NIOCore
package import QueryLanguage
import Records
import Transfer

/// An import of an uploaded file in the background, batch by batch. A batch is in or it isn't, so that a job that was broken off goes on with the
/// next; what it began is found by the job's id, so that nothing is in twice whenever its worker ends.
package struct ImportJob: JobHandler {
    package static let kind = "import"
    package var kind: String { Self.kind }
    /// Failed rows that the result tells of itself.
    private static let toldErrors = 20

    private let files: FileStore
    private var store: RecordStore { files.records }

    package init(_ files: FileStore) { self.files = files }

    static func input(_ order: ImportOrder, file: StoredFile, isRehearsal: Bool) -> Value {
        .complex(["order": order.value, "file_id": .guid(file.id), "dry_run": .bool(isRehearsal)])
    }

    /// What makes two requests ask for the same work, whichever upload of the file they name.
    static func key(_ order: ImportOrder, file: StoredFile, isRehearsal: Bool) -> String {
        FileDigest.sha256(of: "\(kind) \(file.digest.hex) \(isRehearsal) \(order.value.json)")
    }

    package func run(_ job: JobRun) async throws -> Value {
        guard let id = job.input["file_id"]?.asGUID, let options = job.input["order"] else {
            throw JobError(.badInput, "An import job has a file and options.")
        }
        do {
            let order = try ImportOrder(options, catalog: store.catalog(for: job.access))
            guard let file = try await files.file(id, access: job.access) else {
                throw JobError(JobError.Code(description: FilesError.Code.notFound.description), "The uploaded file is there no longer.")
            }
            let isRehearsal = job.input["dry_run"]?.asBool ?? false
            return try await files.lend(file) { path in
                try await ImportOrder.naming(file.name, at: path) {
                    try await carryOut(order, file, path, isRehearsal, job)
                }
            }
        } catch let error as APIError {
            throw JobError(JobError.Code(description: error.code), error.message)
        } catch let error as ImportError {
            throw JobError(JobError.Code(description: error.code.description), error.message)
        } catch let error as FilesError {
            guard error.code == .storeFailed else { throw JobError(JobError.Code(description: error.code.description), error.message) }
            // Tried again later, as when the database is away.
            throw RecordsError(.unavailable, "The file store can't be used just now.")
        }
    }

    private func carryOut(
        _ order: ImportOrder, _ file: StoredFile, _ path: String, _ isRehearsal: Bool, _ job: JobRun
    ) async throws -> Value {
        let plan = try await order.plan(path, name: file.name, catalog: store.catalog(for: job.access))
        try order.requireUse(of: plan, name: file.name)
        var options = Importer.Options()
        options.createsMissingLinks = order.createsLinks
        options.runsAutomation = order.runsAutomation
        // It may change many records that are there already, with one request.
        var access = job.access.changingMany
        access.channel = .importing
        let importer = Importer(plan: plan, options: options, access: access, files: files) {
            var access = try await job.currentAccess().changingMany
            access.channel = .importing
            return access
        }
        let failures = ImportFailures(files: files, plan: plan, name: file.name, access: access, told: Self.toldErrors)
        let total = plan.rows
        func report(_ progress: Importer.Progress) async throws {
            let progress = Job.Progress(done: progress.rows, total: total)
            // A dry run is one transaction.
            try await isRehearsal ? job.progress(progress) : job.stepIsDone(progress)
        }
        try await job.progress(Job.Progress(done: 0, total: total))
        let key = ImportLedger.Key(
            source: "upload:\(file.digest.hex)", collection: plan.type.collection, digest: file.digest.hex, settings: importer.settings)
        let counts: ImportCounts
        var (changeSet, before): (GUID?, Int) = (nil, 0)
        var changes: RehearsedChanges?
        if isRehearsal {
            (counts, changes) = try await importer.rehearse(
                file: path, key: key, isRestart: order.isRestart, store: store, failed: failures.add, progress: report)
        } else {
            let ledger = try await importer.open(key, label: job.label, isRestart: order.isRestart, job: job.id, store: store)
            before = ledger.counts.rows
            counts = try await importer.run(file: path, ledger: ledger, progress: report)
            changeSet = try await ledger.changeSet(for: access)
            try await ledger.failedRows(failures.add)
        }
        let kept = try await failures.keep()
        try await job.progress(Job.Progress(done: counts.rows, total: total))
        guard case .complex(var result) = counts.value else { return counts.value }
        result["dry_run"] = .bool(isRehearsal)
        result["change_set"] = changeSet.map(Value.guid) ?? .null
        result["resumed_after"] = .integer(Int64(before))
        result["failed_rows_id"] = kept.map(Value.guid) ?? .null
        result["failed_rows_mapping"] = kept.flatMap { _ in plan.failedRowsMapping?.value } ?? .null
        result["errors"] = .collection(failures.told)
        if let changes {
            result["counts"] = .collection(changes.counts.map(\.value))
            result["changes"] = .collection(changes.changes.map(\.value))
        }
        return .complex(result)
    }
}

/// The rows of one import that failed, on their way into a file of the file store. Used by one task.
private final class ImportFailures {
    private let files: FileStore
    private let plan: ImportPlan
    private let name: String
    private let access: Access
    private let most: Int
    private var rows: FailedRows
    private var staging: StagingFile?
    /// The first of them, with line and reason.
    private(set) var told: [Value] = []

    init(files: FileStore, plan: ImportPlan, name: String, access: Access, told: Int) {
        self.files = files
        self.plan = plan
        self.name = FailedRows.path(beside: name, plan.format)
        self.access = access
        most = told
        rows = FailedRows(plan: plan)
    }

    func add(_ cells: [String?], _ line: Int, _ reason: String) async throws {
        rows.add(cells, reason: reason)
        if told.count < most { told.append(.complex(["line": .integer(Int64(line)), "reason": .string(reason)])) }
        if let piece = rows.take() { try await write(piece) }
    }

    /// The file's id; nil when no row failed.
    func keep() async throws -> GUID? {
        guard rows.count > 0 else { return nil }
        if let piece = rows.take(atEnd: true) { try await write(piece) }
        guard let staging else { return nil }
        let type = plan.format == .vcard ? "text/vcard" : "text/csv"
        return try await files.keep(staging, name: name, claimed: type, access: access).id
    }

    private func write(_ piece: [UInt8]) async throws {
        if staging == nil { staging = try await files.receive() }
        try await staging?.write(ByteBuffer(bytes: piece))
    }
}
