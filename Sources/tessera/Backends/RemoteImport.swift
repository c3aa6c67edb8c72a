import JSONReading
import Jobs
import Manifests
import NIOHTTP1
import QueryLanguage
import Records
import Synchronization
import Transfer

extension RemoteBackend {
    /// Uploads the file and has the server look through it.
    func prepare(_ order: ImportCommandOrder, display: ProgressDisplay) async throws -> any PreparedImport {
        let name = Self.encoded(TextFile.name(of: TextFile.absolute(order.file)))
        display.begin("upload", total: try FilePieces(order.file).size, unit: "bytes")
        let file = try await client.upload(order.file, to: "/files?name=\(name)") { display.show($0) }.value()
        display.clear()
        guard let id = file["id"]?.asGUID else { throw RemoteFailure.unknownAnswer(client.address) }
        let plan = try await client.send(.POST, "/imports/plan", json: order.options(file: id)).value()
        guard let preview = ImportPreview(plan, file: order.file) else { throw RemoteFailure.unknownAnswer(client.address) }
        return RemoteImport(backend: self, order: order, upload: id, preview: preview)
    }

    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let isPlain = byte &- 48 < 10 || (byte | 0x20) &- 97 < 26 || "-._~".utf8.contains(byte)
            let digits = String(byte, radix: 16, uppercase: true)
            encoded += isPlain ? String(Unicode.Scalar(byte)) : digits.count == 1 ? "%0\(digits)" : "%\(digits)"
        }
        return encoded
    }
}

/// An import that the server carries out.
private struct RemoteImport: PreparedImport {
    let backend: RemoteBackend
    let order: ImportCommandOrder
    let upload: GUID
    let preview: ImportPreview

    func run(failed file: FailedRowsFile?, display: ProgressDisplay) async throws -> ImportReport {
        let accepted = try await backend.client.send(
            .POST, "/imports" + (order.isRehearsal ? "?dry_run=true" : ""), json: order.options(file: upload))
        let id = try backend.job(of: accepted)
        display.note("job \(id): `tessera jobs cancel` stops it, Ctrl-C leaves it to the server")
        display.begin(order.collection, total: preview.rows)
        let job = try await backend.finished(id) { display.show($0.progress.done, of: $0.progress.total) }
        guard let result = job.result, let report = ImportReport(result) else { throw RemoteFailure.unknownAnswer(backend.client.address) }
        if let file, let failed = result["failed_rows_id"]?.asGUID { try await download(failed, to: file) }
        display.finish(report.created + report.updated + report.unchanged + report.failed)
        if let rows = result["resumed_after"]?.asInt, rows > 0 {
            display.note("went on after \(rows.grouped) rows that were in already")
        }
        return report
    }

    private func download(_ id: GUID, to file: FailedRowsFile) async throws {
        let descriptor = try file.create()
        defer { TextFile.close(descriptor) }
        try await backend.client.stream("/files(\(id))/$value") { try Console.write($0, to: descriptor, name: file.path) }
    }
}

extension ImportCommandOrder {
    /// As `POST /api/imports` takes it.
    fileprivate func options(file: GUID) -> Value {
        var members: [String: Value] = ["collection": .string(collection), "file_id": .guid(file)]
        if !match.isEmpty { members["match"] = .collection(match.map(Value.string)) }
        if let mapping { members["mapping"] = .string(String(decoding: mapping.bytes, as: UTF8.self)) }
        members["sheet"] = sheet.map(Value.string)
        members["automation"] = runsAutomation.map(Value.bool)
        if createsLinks { members["create_links"] = .bool(true) }
        if isRestart { members["restart"] = .bool(true) }
        return .complex(members)
    }
}

extension ImportPreview {
    /// What `POST /api/imports/plan` answers.
    fileprivate init?(_ plan: Value, file: String) {
        guard let rows = plan["rows"]?.asInt, let format = plan["format"]?.asText.flatMap(ImportFormat.init(rawValue:)) else { return nil }
        self.rows = rows
        assignments = (plan["assignments"]?.items ?? []).map { ($0["source"]?.asText ?? "", $0["to"]?.asText ?? "", $0["format"]?.asText) }
        leftOut = (plan["left_out"]?.items ?? []).compactMap(\.asText)
        notes = (plan["notes"]?.items ?? []).compactMap(\.asText)
        doubts = (plan["assignments"]?.items ?? []).compactMap { assignment in
            let candidates = (assignment["candidates"]?.items ?? []).compactMap(\.asText)
            return candidates.isEmpty ? nil : FormatDoubt(header: assignment["source"]?.asText ?? "", candidates: candidates)
        }
        mapping = ImportMapping(plan["mapping"])?.yaml(candidates: doubts.candidates) ?? ""
        failedPath = FailedRows.path(beside: file, format)
    }
}

extension ImportReport {
    /// What a job of an import gives.
    fileprivate init?(_ result: Value) {
        guard let created = result["created"]?.asInt, let updated = result["updated"]?.asInt, let unchanged = result["unchanged"]?.asInt,
            let failed = result["failed"]?.asInt
        else { return nil }
        self.init(
            created: created, updated: updated, unchanged: unchanged, failed: failed, changeSet: result["change_set"]?.asGUID,
            errors: (result["errors"]?.items ?? []).prefix(Self.shownErrors).map { ($0["line"]?.asInt ?? 0, $0["reason"]?.asText ?? "") },
            failedRowsMapping: ImportMapping(result["failed_rows_mapping"])?.yaml,
            changes: result["changes"].map { changes in
                RehearsedChanges(
                    counts: (result["counts"]?.items ?? []).compactMap(ChangeSetEntry.Count.init),
                    changes: changes.items.compactMap(RecordChange.init))
            })
    }
}

extension ImportMapping {
    /// A mapping as the API has it, which is the JSON of a mapping file; nil where there is none.
    fileprivate init?(_ value: Value?) {
        guard let value, !value.isNull else { return nil }
        guard let mapping = Self.parse(ManifestSource(path: "mapping", bytes: Array(value.json.utf8))).manifest else { return nil }
        self = mapping
    }
}
