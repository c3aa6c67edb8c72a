import Catalog
import Foundation
import Manifests
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Transfer

/// Files brought into a laboratory of its own.
struct ImportLab {
    let lab: TestStore

    /// - Parameter deployment: more lines of the deployment file.
    static func with<R: Sendable>(
        _ modules: [String: String] = ["lab": TestManifests.everyField], deployment: String = "",
        _ body: @Sendable (ImportLab) async throws -> R
    ) async throws -> R {
        try await TestStore.with(modules, overlay: deployment) { try await body(ImportLab(lab: $0)) }
    }

    struct Outcome: Equatable, Sendable {
        var counts: ImportCounts
        /// Lines with reasons, in the order of the file.
        var failures: [String] = []
        /// The file of failed rows.
        var failed = ""
        /// Of a rehearsal.
        var changes: RehearsedChanges?

        /// Whether they say the same of their rows.
        static func == (one: Outcome, other: Outcome) -> Bool {
            one.counts == other.counts && one.failures == other.failures && one.failed == other.failed
        }
    }

    /// - Parameters:
    ///   - batch: rows of a batch.
    ///   - isRehearsal: takes all of it back.
    ///   - mapping: as a mapping file has it; else it is guessed.
    func run(
        _ text: String, into collection: String = "samples", match: [String] = [], createsMissingLinks: Bool = false, batch: Int = 1000,
        isRehearsal: Bool = false, mapping: ImportMapping? = nil
    ) async throws -> Outcome {
        let path = try Self.file(text)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let plan = try ImportPlan(file: path, type: lab.type(collection), catalog: lab.catalog, mapping: mapping, match: match)
        var options = Importer.Options()
        options.createsMissingLinks = createsMissingLinks
        options.batchSize = batch
        let importer = Importer(plan: plan, options: options, access: .test)
        var failures: [String] = []
        var rows = FailedRows(plan: plan)
        func note(_ cells: [String?], _ line: Int, _ reason: String) {
            failures.append("\(line): \(reason)")
            rows.add(cells, reason: reason)
        }
        guard isRehearsal else {
            let (counts, _) = try await importer.run(file: path, label: "import", store: lab.store, failed: note) { _ in }
            return Outcome(counts: counts, failures: failures, failed: Self.text(&rows))
        }
        let key = ImportLedger.Key(
            source: path, collection: collection, digest: try FileDigest.sha256(path), settings: importer.settings)
        let (counts, changes) = try await importer.rehearse(file: path, key: key, store: lab.store, failed: note) { _ in }
        return Outcome(counts: counts, failures: failures, failed: Self.text(&rows), changes: changes)
    }

    private static func text(_ rows: inout FailedRows) -> String {
        rows.count > 0 ? String(decoding: rows.take(atEnd: true) ?? [], as: UTF8.self) : ""
    }

    func id(_ code: String) async throws -> GUID {
        try #require(GUID(try await text("SELECT id FROM lab.sample WHERE code = '\(code)'")))
    }

    /// A query's only value.
    func text(_ sql: String) async throws -> String {
        try await lab.client.query("SELECT (\(raw: sql))::text").first?.decode(String?.self, 0) ?? "NULL"
    }

    static func file(_ text: String) throws -> String {
        let path = TestFolder.file("csv")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}
