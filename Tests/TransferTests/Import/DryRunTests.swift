import QueryLanguage
import Records
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
            #expect(real.failures.contains("7: There is no place with the name 'Bergen'.") != createsLinks)
            // The same once more: nothing is left to change.
            let again = try await lab.run(file, match: ["code"], createsMissingLinks: createsLinks, batch: 50, isRehearsal: true)
            #expect(again.counts.created == 0 || !match.isEmpty && again.counts.created == 0)
        }
    }

    @Test("tell what would change: values of new records, former and new values of others")
    func changes() async throws {
        try await ImportLab.with { lab in
            _ = try await lab.run("title,code,amount\nRed,AA1,1\nGreen,AA2,2\n")
            let file = "title,code,amount,place\nRed,AA1,7,\nGreen,AA2,2,\nBlue,AA3,3,Oslo\n"
            let dry = try await lab.run(file, match: ["code"], createsMissingLinks: true, isRehearsal: true)
            #expect(dry.counts.created == 1 && dry.counts.updated == 1 && dry.counts.unchanged == 1)
            let changes = try #require(dry.changes)
            let counts = changes.counts.map { "\($0.recordType) \($0.created) \($0.updated)" }
            #expect(counts.sorted() == ["lab.place 1 0", "lab.sample 1 1"])
            let update = try #require(changes.changes.first { $0.action == "update" })
            #expect(update.before == ["amount": 1] && update.after == ["amount": 7])
            let made = changes.changes.filter { $0.action == "create" }
            #expect(made.allSatisfy { $0.before.isEmpty } && made.count == 2)
            #expect(made.first { $0.recordType == "lab.sample" }?.after["title"] == "Blue")
            #expect(made.first { $0.recordType == "lab.place" }?.after["name"] == "Oslo")
            #expect(try await lab.text("SELECT count(*) FROM lab.sample") == "2")
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
            let ledger = try await importer.open(key, label: "import", isRestart: false, store: lab.lab.store)
            await #expect(throws: Stopped.self) { _ = try await importer.run(file: path, ledger: ledger) { _ in throw Stopped() } }
            let dry = try await importer.rehearse(file: path, key: key, store: lab.lab.store) { _, _, _ in
            } progress: { _ in
            }.counts
            let resumed = try await importer.open(key, label: "import", isRestart: false, store: lab.lab.store)
            #expect(resumed.isResumed && resumed.id == ledger.id)
            #expect(try await importer.run(file: path, ledger: resumed) { _ in } == dry)
            #expect(dry.rows == 200)
        }
    }
}
