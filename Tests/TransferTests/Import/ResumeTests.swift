import Catalog
import Foundation
import Manifests
import Postgres
import QueryLanguage
import Records
import TestKernel
import TestRandom
import Testing

@testable import Transfer

@Suite("Imports that resume")
struct ResumeTests {
    private struct Stopped: Error {}

    /// TESSERA_RESUME_ROWS=1000000 runs the whole size, with batches as large as they are in use.
    private static let fullSize = ProcessInfo.processInfo.environment["TESSERA_RESUME_ROWS"].flatMap { Int($0) }

    /// A file of samples: some link to rows further down, some can't be stored.
    private func file(rows: Int, _ change: String = "") throws -> String {
        var text = "title,code,amount,place,parent,tags\n"
        for row in 0..<rows {
            let parent = row % 50 == 7 ? "AA\(min(rows - 1, row + 150))" : ""
            let amount = row % 400 == 13 ? "many" : "\(row % 900)"
            text += "Sample \(row)\(change),AA\(row),\(amount),\(row % 3 == 0 ? "Oslo" : ""),\(parent),\"a;b\(row % 5)\"\n"
        }
        let path = TestFolder.file("csv")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func mapping() -> ImportMapping {
        ImportMapping(
            collection: "samples", match: [],
            columns: [
                ("title", "title"), ("code", "code"), ("amount", "amount"), ("place", "place/name"), ("parent", "parent/code"),
                ("tags", "tags"),
            ].map { ImportMapping.Column(header: $0, target: $1) })
    }

    private func importer(_ lab: TestStore, _ path: String, match: [String] = [], automation: Bool? = false) throws -> Importer {
        let plan = try ImportPlan(file: path, type: lab.type("samples"), catalog: lab.catalog, mapping: mapping(), match: match)
        var options = Importer.Options()
        if Self.fullSize == nil { options.batchSize = 100 }
        options.runsAutomation = automation
        return Importer(plan: plan, options: options, access: .test)
    }

    private func open(_ lab: TestStore, _ path: String, _ importer: Importer, restart: Bool = false) async throws -> ImportLedger {
        let key = ImportLedger.Key(
            source: path, collection: "samples", digest: try FileDigest.sha256(path), settings: importer.settings)
        return try await importer.open(key, label: "import samples", isRestart: restart, store: lab.store)
    }

    @Test("automation goes on as the import began, and isn't switched in the middle", arguments: [true, false])
    func automation(isOn: Bool) async throws {
        let path = try file(rows: 300)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await TestStore.with { lab in
            func open(_ automation: Bool?, restart: Bool = false) async throws -> ImportLedger {
                try await self.open(lab, path, try importer(lab, path, automation: automation), restart: restart)
            }
            let first = try await open(isOn)
            await #expect {
                _ = try await open(!isOn)
            } throws: { error in
                guard let error = error as? ImportError else { return false }
                return error.code == .changed && error.message.contains("began with automation \(isOn ? "on" : "off")")
            }
            for same in [nil, isOn] {
                let again = try await open(same)
                #expect(again.id == first.id)
            }
            let log = ChangeSetLog(lab.store, access: .test)
            #expect(try await log.find(first.changeSet)?.runsAutomation == isOn)
            let anew = try await open(!isOn, restart: true)
            #expect(anew.id != first.id)
            #expect(try await log.find(anew.changeSet)?.runsAutomation == !isOn)
            // Without a word, it is on for as many rows as these.
            let silent = try await open(nil, restart: true)
            #expect(try await log.find(silent.changeSet)?.runsAutomation == true)
        }
    }

    /// What the import left, without ids and times.
    private func contents(_ lab: TestStore) async throws -> String {
        try await lab.client.query(
            """
            SELECT md5(string_agg(concat_ws('|', s.code, s.title, s.amount, s.tags, p.name, q.code, s.version, s.number), ',' ORDER BY s.code)) || ' ' || count(*)
            FROM lab.sample s LEFT JOIN lab.place p ON p.id = s.place_id LEFT JOIN lab.sample q ON q.id = s.parent_id
            """
        ).first?.decode(String?.self, 0) ?? ""
    }

    private func failures(_ ledger: ImportLedger) async throws -> [String] {
        var lines: [String] = []
        try await ledger.failedRows { cells, line, reason in lines.append("\(line) \(cells[1] ?? "") \(reason)") }
        return lines
    }

    @Test(
        "broken off again and again, an import ends as one that ran through, with the same failed rows and counts",
        arguments: [false, true])
    func equalsUninterrupted(matches: Bool) async throws {
        let rows = Self.fullSize ?? 1_500
        let seed = UInt64.random(in: .min ... .max)
        let path = try file(rows: rows)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let match = matches ? ["code"] : []
        // Automatic numbers follow the order of the batches, which two at a time may change.
        @Sendable func numbers(_ lab: TestStore) async throws {
            if !matches { _ = try await lab.client.query("UPDATE lab.sample SET number = NULL") }
        }
        let (whole, wholeCounts, wholeFailures) = try await TestStore.with { lab in
            _ = try await lab.store.create(lab.type("places"), [RecordInput(["name": "Oslo"])], options: .single, access: .test)
            let importer = try importer(lab, path, match: match)
            let ledger = try await open(lab, path, importer)
            let counts = try await importer.run(file: path, ledger: ledger) { _ in }
            try await numbers(lab)
            return (try await contents(lab), counts, try await failures(ledger))
        }
        #expect(wholeCounts.failed == (rows + 386) / 400 && wholeCounts.rows == rows)
        try await TestStore.with { lab in
            _ = try await lab.store.create(lab.type("places"), [RecordInput(["name": "Oslo"])], options: .single, access: .test)
            var random = SeededGenerator(seed: seed)
            let importer = try importer(lab, path, match: match)
            for _ in 1...3 {
                let ledger = try await open(lab, path, importer)
                let stop = Int.random(in: 1...3, using: &random)
                var batches = 0
                await #expect(throws: (any Error).self, "seed \(seed)") {
                    // Stopped between two batches, with another one on its way.
                    _ = try await importer.run(file: path, ledger: ledger) { _ in
                        batches += 1
                        if batches == stop { throw Stopped() }
                    }
                }
            }
            let ledger = try await open(lab, path, importer)
            #expect(ledger.isResumed, "seed \(seed)")
            let counts = try await importer.run(file: path, ledger: ledger) { _ in }
            #expect(counts == wholeCounts, "seed \(seed)")
            #expect(try await failures(ledger) == wholeFailures, "seed \(seed)")
            try await numbers(lab)
            #expect(try await contents(lab) == whole, "seed \(seed)")
            let sets = try await ChangeSetLog(lab.store, access: .test).list(limit: 10)
            #expect(sets.map(\.state) == [.done] && sets[0].counts.first?.created == counts.created && !sets[0].runsAutomation)
        }
    }

    @Test("a file that changed, or another mapping, is refused until it is begun anew")
    func refuses() async throws {
        try await TestStore.with { lab in
            let path = try file(rows: 800)
            defer { try? FileManager.default.removeItem(atPath: path) }
            _ = try await lab.store.create(lab.type("places"), [RecordInput(["name": "Oslo"])], options: .single, access: .test)
            let first = try importer(lab, path)
            let ledger = try await open(lab, path, first)
            await #expect(throws: Stopped.self) { _ = try await first.run(file: path, ledger: ledger) { _ in throw Stopped() } }
            let matching = try importer(lab, path, match: ["code"])
            await #expect {
                _ = try await open(lab, path, matching)
            } throws: {
                ($0 as? ImportError)?.code == .changed && "\($0)".contains("another mapping or other options")
            }
            let other = try file(rows: 800, "!")
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: other, toPath: path)
            await #expect {
                _ = try await open(lab, path, first)
            } throws: {
                ($0 as? ImportError)?.code == .changed && "\($0)".contains("undoing change set \(ledger.changeSet)")
            }
            let anew = try await open(lab, path, matching, restart: true)
            #expect(!anew.isResumed && anew.changeSet != ledger.changeSet)
            #expect(try await ChangeSetLog(lab.store, access: .test).find(ledger.changeSet)?.state == .done)
            // Whoever still works on the first one is stopped.
            await #expect { _ = try await first.run(file: path, ledger: ledger) { _ in } } throws: { ($0 as? ImportError)?.code == .ended }
            #expect(try await matching.run(file: path, ledger: anew) { _ in }.failed == 2)
        }
    }

    @Test("an import that is undone while it rests begins anew, and nothing of it is left")
    func undone() async throws {
        try await TestStore.with { lab in
            let path = try file(rows: 800)
            defer { try? FileManager.default.removeItem(atPath: path) }
            _ = try await lab.store.create(lab.type("places"), [RecordInput(["name": "Oslo"])], options: .single, access: .test)
            let importer = try importer(lab, path)
            let ledger = try await open(lab, path, importer)
            await #expect(throws: Stopped.self) { _ = try await importer.run(file: path, ledger: ledger) { _ in throw Stopped() } }
            let report = try await Undo(lab.store, of: ledger.changeSet, access: .test).run()
            #expect(report.refusedCount == 0 && report.undone > 90)
            #expect(
                try await lab.client.query("SELECT count(*) FROM lab.sample WHERE deleted_at IS NULL").first?.decode(Int64.self, 0) == 0)
            let anew = try await open(lab, path, importer)
            #expect(!anew.isResumed && anew.id != ledger.id)
        }
    }

    @Test("equal imports that begin in one moment are one, and whoever gave them is told all of what came in")
    func joined() async throws {
        let path = try file(rows: 900)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await TestStore.with { lab in
            _ = try await lab.store.create(lab.type("places"), [RecordInput(["name": "Oslo"])], options: .single, access: .test)
            let importer = try importer(lab, path)
            // Both have looked for an unfinished one when the first may write.
            let beginnings = try await lab.client.transaction { gate in
                _ = try await gate.query("LOCK TABLE tessera.import IN SHARE MODE")
                let beginnings = (1...2).map { _ in Task { try await open(lab, path, importer) } }
                try await lab.waitForWaiting(2)
                return beginnings
            }
            let (one, other) = (try await beginnings[0].value, try await beginnings[1].value)
            #expect(one.id == other.id && one.changeSet == other.changeSet)
            let third = try await open(lab, path, importer)
            async let first = importer.run(file: path, ledger: one) { _ in }
            async let second = importer.run(file: path, ledger: other) { _ in }
            let counts = try await [first, second]
            #expect(counts == Array(repeating: ImportCounts(created: 897, failed: 3), count: 2))
            // One who comes when all is in, too.
            #expect(try await importer.run(file: path, ledger: third) { _ in } == counts[0])
            #expect(try await failures(one).count == 3)
            #expect(try await lab.client.query("SELECT count(*) FROM lab.sample").first?.decode(Int64.self, 0) == 897)
            #expect(try await lab.client.query("SELECT count(*) FROM tessera.import").first?.decode(Int64.self, 0) == 1)
            let sets = try await ChangeSetLog(lab.store, access: .test).list(limit: 10)
            #expect(sets.map(\.state) == [.done] && sets[0].counts.first?.created == 897)
        }
    }

    @Test("failed rows of imports that ended long ago are forgotten; that they ended isn't")
    func forgets() async throws {
        try await ImportLab.with { lab in
            for text in ["title,amount\nold,many\n", "title,amount\nnew,many\n"] { _ = try await lab.run(text) }
            _ = try await lab.lab.client.query(
                """
                UPDATE tessera.import SET finished_at = now() - CASE WHEN id = (SELECT id FROM tessera.import ORDER BY created_at LIMIT 1) \
                THEN interval '31 days' ELSE interval '29 days' END
                """)
            try await ImportLedger.forgetOld(lab.lab.store)
            #expect(try await lab.text("SELECT string_agg(cells[1], ',') FROM tessera.import_row") == "new")
            #expect(try await lab.text("SELECT count(*) FROM tessera.import WHERE state = 'done'") == "2")
        }
    }
}
