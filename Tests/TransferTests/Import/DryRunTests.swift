import TestKernel
import Testing

@testable import Transfer

@Suite("Dry runs")
struct DryRunTests {
    /// Rows that meet rows of other batches: codes that come again, parents further up and further down, places that aren't there.
    private static func file(rows: Int) -> String {
        var text = "title,code,amount,place,parent/code\n"
        for row in 0..<rows {
            let code = row % 90 == 61 ? "AA\(row - 60)" : "AA\(row)"
            let parent = row % 7 == 3 ? "AA\((row + 200) % (rows + 20))" : ""
            let amount = row % 40 == 11 ? "2000" : "\(row)"
            text += "Sample \(row),\(code),\(amount),\(row % 3 == 0 ? "Oslo" : row % 5 == 0 ? "Bergen" : ""),\(parent)\n"
        }
        return text
    }

    @Test(
        "say what the import then does, across batches, and keep nothing",
        arguments: [(match: [String](), createsLinks: false), (["code"], false), ([], true), (["code"], true)])
    func agree(match: [String], createsLinks: Bool) async throws {
        try await ImportLab.with { lab in
            _ = try await lab.run("name\nOslo\n", into: "places")
            let file = Self.file(rows: 300)
            let kept = """
                concat_ws(' ', (SELECT count(*) FROM lab.sample), (SELECT count(*) FROM lab.place), (SELECT count(*) FROM tessera.import),
                    (SELECT count(*) FROM tessera.change_set), (SELECT count(*) FROM tessera.outbox), (SELECT sum(value) FROM tessera.counter))
                """
            let before = try await lab.text("SELECT \(kept)")
            let dry = try await lab.run(file, match: match, createsMissingLinks: createsLinks, batch: 50, isRehearsal: true)
            #expect(try await lab.text("SELECT \(kept)") == before)
            let real = try await lab.run(file, match: match, createsMissingLinks: createsLinks, batch: 50)
            #expect(dry == real)
            #expect(real.counts.rows == 300)
            // Codes come again: other records without a match, the same ones with it.
            #expect(real.failures.contains { $0.hasPrefix("63: Another sample has the same Code already.") } == match.isEmpty)
            #expect(real.counts.updated > 0 || match.isEmpty)
            #expect(real.failures.contains("7: There is no place with that name.") != createsLinks)
            // The same once more: nothing is left to change.
            let again = try await lab.run(file, match: ["code"], createsMissingLinks: createsLinks, batch: 50, isRehearsal: true)
            #expect(again.counts.created == 0 || !match.isEmpty && again.counts.created == 0)
        }
    }

    @Test("of an import that was broken off say how it goes on")
    func resumes() async throws {
        struct Stopped: Error {}
        try await ImportLab.with { lab in
            let path = try ImportLab.file(Self.file(rows: 200))
            let plan = try ImportPlan(
                file: path, type: lab.lab.type("samples"), catalog: lab.lab.catalog, mapping: nil, match: ["code"])
            var options = Importer.Options()
            options.createsMissingLinks = true
            options.batchSize = 50
            let importer = Importer(plan: plan, options: options, access: .test)
            let key = ImportLedger.Key(
                source: path, collection: "samples", digest: try FileDigest.sha256(path), settings: importer.settings)
            let ledger = try await ImportLedger.open(
                key, label: "import", runsAutomation: true, isRestart: false, store: lab.lab.store, access: .test)
            await #expect(throws: Stopped.self) { _ = try await importer.run(file: path, ledger: ledger) { _ in throw Stopped() } }
            let dry = try await importer.rehearse(file: path, key: key, store: lab.lab.store) { _, _, _ in
            } progress: { _ in
            }
            let resumed = try await ImportLedger.open(
                key, label: "import", runsAutomation: true, isRestart: false, store: lab.lab.store, access: .test)
            #expect(resumed.isResumed && resumed.id == ledger.id)
            #expect(try await importer.run(file: path, ledger: resumed) { _ in } == dry)
            #expect(dry.rows == 200)
        }
    }
}
