import Catalog
import Foundation
import Manifests
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Transfer

@Suite("How columns are written")
struct FormatTests {
    private static let person = Result {
        let catalog = try TestStore.catalog(["contacts": try #require(MappingTests.modules["contacts"])])
        return (try #require(catalog.type(id: "contacts.person")), catalog)
    }

    private static func plan(_ text: String, mapping: ImportMapping? = nil) throws -> ImportPlan {
        let (type, catalog) = try person.get()
        let path = try ImportLab.file(text)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try ImportPlan(file: path, type: type, catalog: catalog, mapping: mapping, match: [])
    }

    /// Why rows of the file would fail before they are stored; nil for those that don't.
    private static func reasons(_ text: String, mapping: ImportMapping? = nil) throws -> [String?] {
        let (type, catalog) = try person.get()
        let path = try ImportLab.file(text)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let plan = try ImportPlan(file: path, type: type, catalog: catalog, mapping: mapping, match: [])
        let source = try plan.open(path)
        var reasons: [String?] = []
        while let record = try source.next() {
            if case .failure(let error) = plan.record(of: record) { reasons.append(error.message) } else { reasons.append(nil) }
        }
        return reasons
    }

    @Test("what two formats fit is planned with both, and only the import refuses; the mapping that says which is taken")
    func doubts() throws {
        let text = "Last name,Birthday\nBerg,01/02/1990\nHolm,03/04/1990\n"
        let plan = try Self.plan(text)
        #expect(plan.doubts == [FormatDoubt(header: "Birthday", candidates: ["d/M/yyyy", "M/d/yyyy"])])
        #expect {
            try plan.requireClearFormats()
        } throws: {
            ($0 as? ImportError)?.code == .ambiguous
                && "\($0)"
                    == "the column 'Birthday' can be read in several ways: d/M/yyyy or M/d/yyyy. Set `format` of the column in the mapping"
        }
        let yaml = plan.mapping.yaml(candidates: ["Birthday": plan.doubts[0].candidates])
        #expect(yaml.contains("  # It can't be told how this column is written. Add one: format: \"d/M/yyyy\" or format: \"M/d/yyyy\"\n"))
        let again = ImportMapping.parse(ManifestSource(path: "m.yaml", text: yaml))
        #expect(again.manifest == plan.mapping && again.diagnostics.isEmpty)
        let chosen = ImportMapping.parse(
            ManifestSource(path: "m.yaml", text: yaml.replacing("\"birthday\"", with: "\"birthday\", format: \"M/d/yyyy\"")))
        let clear = try Self.plan(text, mapping: chosen.manifest)
        #expect(clear.doubts.isEmpty)
        try clear.requireClearFormats()
        #expect(clear.mapping.columns.map(\.format) == [nil, "M/d/yyyy"])
        // A value that only one of them has settles it.
        #expect(try Self.plan(text + "Lind,25/12/1990\n").doubts.isEmpty)
    }

    @Test("where no one format fits a column, its rows say so, and how far the likeliest comes")
    func misfits() throws {
        let text = "Last name,Birthday\nA,13/02/1990\nB,14/02/1990\nC,15.02.1990\nD,1990-02-16\nE,soon\n"
        let why = ": no one format fits the column (d/M/yyyy fits 2 of 5); set `format` in the mapping"
        #expect(
            try Self.reasons(text) == [
                "Birthday: '13/02/1990' is not a date\(why)", "Birthday: '14/02/1990' is not a date\(why)",
                "Birthday: '15.02.1990' is not a date\(why)", nil, "Birthday: 'soon' is not a date\(why)",
            ])
        let mapping = ImportMapping(
            collection: "people",
            columns: [.init(header: "Last name", target: "last_name"), .init(header: "Birthday", target: "birthday", format: "d/M/yyyy")])
        #expect(
            try Self.reasons(text, mapping: mapping) == [
                nil, nil, "Birthday: '15.02.1990' is not a date in the format d/M/yyyy",
                "Birthday: '1990-02-16' is not a date in the format d/M/yyyy", "Birthday: 'soon' is not a date in the format d/M/yyyy",
            ])
        // Nothing fits at all: there is no format to name.
        #expect(try Self.reasons("Last name,Birthday\nA,soon\n") == ["Birthday: 'soon' is not a date"])
    }

    @Test("a column of whole numbers is read in the one way that gives whole numbers")
    func wholeNumbers() throws {
        let catalog = try TestStore.catalog(["lab": TestManifests.everyField])
        let sample = try #require(catalog.type(id: "lab.sample"))
        func plan(_ text: String) throws -> ImportPlan {
            let path = try ImportLab.file(text)
            defer { try? FileManager.default.removeItem(atPath: path) }
            return try ImportPlan(file: path, type: sample, catalog: catalog, mapping: nil, match: [])
        }
        let whole = try plan("title,amount\nA,1.234\nB,12\n")
        #expect(whole.doubts == [] && whole.mapping.columns.map(\.format) == [nil, "1.234,5"])
        #expect(try plan("title,weight\nA,1.234\nB,12\n").doubts.count == 1)
    }

    @Test("cells that say more than their property can hold fail and say what it is")
    func contradictions() throws {
        let catalog = try TestStore.catalog(["lab": TestManifests.everyField])
        let sample = try #require(catalog.type(id: "lab.sample"))
        let path = try ImportLab.file(
            "title,amount,weight,price,price_currency\nA,€ 4,,,\nB,,50%,,\nC,,,$ 5,EUR\nD,,,$ 5,CAD\nE,,,50%,\nF,,$ 3,,\nG,4,5,€ 6,\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        let plan = try ImportPlan(file: path, type: sample, catalog: catalog, mapping: nil, match: [])
        let source = try plan.open(path)
        var results: [String] = []
        while let record = try source.next() {
            switch plan.record(of: record) {
            case .success(let record): results.append(record.input.values["price_currency"]?.text ?? "-")
            case .failure(let error): results.append(error.message)
            }
        }
        #expect(
            results == [
                "amount: '€ 4' has a currency, but Amount is no amount of money",
                "weight: '50%' is a percentage; write the number that Weight is to hold, without %",
                "price: '$ 5' is not in EUR, as the column of its currency says", "CAD",
                "price: '50%' is a percentage; write the number that Price is to hold, without %",
                "weight: '$ 3' has a currency, but Weight is no amount of money", "EUR",
            ])
    }

    @Test("moments without a zone are in the mapping's or the deployment's, by its clocks of that day")
    func zones() async throws {
        let rows = "title,measured_at\nsummer,2024-07-01 12:00\nwinter,2024-01-01 12:00\nfixed,2024-07-01T12:00:00Z\nday,2024-07-01\n"
        let stored =
            "SELECT string_agg(title || ' ' || to_char(measured_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), ', ' ORDER BY number) FROM lab.sample"
        try await ImportLab.with(deployment: "time_zone: Europe/Oslo\n") { lab async throws in
            #expect(try await lab.run(rows).counts == ImportCounts(created: 4))
            #expect(
                try await lab.text(stored) == "summer 07-01 10:00, winter 01-01 11:00, fixed 07-01 12:00, day 06-30 22:00")
        }
        try await ImportLab.with { lab async throws in
            let mapping = ImportMapping(
                collection: "samples",
                columns: [
                    .init(header: "title", target: "title"), .init(header: "measured_at", target: "measured_at", zone: "America/New_York"),
                ])
            #expect(ImportMapping.parse(ManifestSource(path: "m.yaml", text: mapping.yaml)).manifest == mapping)
            #expect(try await lab.run(rows, mapping: mapping).counts == ImportCounts(created: 4))
            #expect(
                try await lab.text(stored) == "summer 07-01 16:00, winter 01-01 17:00, fixed 07-01 12:00, day 07-01 04:00")
        }
        try await ImportLab.with { lab async throws in
            #expect(try await lab.run(rows).counts == ImportCounts(created: 4))
            #expect(try await lab.text(stored) == "summer 07-01 12:00, winter 01-01 12:00, fixed 07-01 12:00, day 07-01 00:00")
        }
    }

    @Test("a moment that clocks never show, or show twice, fails its row and says so; with its offset it goes in")
    func clockChanges() async throws {
        let rows = """
            title,measured_at
            before,2024-03-31 01:59
            never,2024-03-31 02:30
            after,2024-03-31 03:00
            first,2024-10-27 01:59
            twice,2024-10-27 02:30
            last,2024-10-27 03:00
            written,2024-10-27 02:30+02:00

            """
        try await ImportLab.with(deployment: "time_zone: Europe/Oslo\n") { lab async throws in
            let outcome = try await lab.run(rows)
            #expect(outcome.counts == ImportCounts(created: 5, failed: 2))
            let remedy = "write it with its offset from UTC, such as +01:00 behind the time"
            #expect(
                outcome.failures == [
                    "3: measured_at: '2024-03-31 02:30' doesn't exist in Europe/Oslo, where clocks are put forward; \(remedy)",
                    "6: measured_at: '2024-10-27 02:30' comes twice in Europe/Oslo, where clocks are put back; \(remedy)",
                ])
            let corrected = outcome.failed.replacing("02:30", with: "02:30+01:00")
            #expect(try await lab.run(corrected).counts == ImportCounts(created: 2))
            #expect(
                try await lab.text(
                    "SELECT string_agg(title || ' ' || to_char(measured_at AT TIME ZONE 'UTC', 'HH24:MI'), ', ' ORDER BY measured_at) FROM lab.sample"
                )
                    == "before 00:59, after 01:00, never 01:30, first 23:59, written 00:30, twice 01:30, last 02:00")
        }
        // Half an hour, and another side of the world.
        try await ImportLab.with(deployment: "time_zone: Australia/Lord_Howe\n") { lab async throws in
            let outcome = try await lab.run("title,measured_at\na,2024-04-07 01:45\nb,2024-10-06 02:15\nc,2024-10-06 02:30\n")
            #expect(outcome.counts == ImportCounts(created: 1, failed: 2), "\(outcome.failures)")
        }
    }

    @Test("of a row all unreadable cells are told; cells without a header stand in its file as they stood, behind the reason")
    func wholeRows() async throws {
        try await ImportLab.with { lab async throws in
            let first = try await lab.run(
                "title;amount;measured_at\nL1;1;2024-01-01 10:00;EXTRA;MORE\nL2;x;y\nL3;3;2024-01-01 10:00;;\nL4\n")
            #expect(first.counts == ImportCounts(created: 2, failed: 2))
            #expect(
                first.failures == [
                    "2: the row has 5 cells, the header 3",
                    "3: amount: 'x' is not a whole number: no one format fits the column (1234.5 fits 2 of 3); set `format` in the mapping. "
                        + "measured_at: 'y' is not a date and time: no one format fits the column (yyyy-M-d H:mm fits 2 of 3); "
                        + "set `format` in the mapping",
                ])
            #expect(
                first.failed.hasPrefix(
                    "title,amount,measured_at,import_error\r\nL1,1,2024-01-01 10:00,\"the row has 5 cells, the header 3\",EXTRA,MORE\r\nL2,x,y,"
                ),
                "\(first.failed)")
            // As they are, they fail as before and lose nothing.
            let again = try await lab.run(first.failed)
            #expect(again.counts == ImportCounts(failed: 2))
            #expect(again.failures.first == "2: the row has 5 cells, the header 3")
            #expect(again.failed.contains(",EXTRA,MORE\r\n"), "\(again.failed)")
            let corrected = first.failed.replacing(",EXTRA,MORE", with: ",,").replacing("L2,x,y", with: "L2,2,2024-01-01 11:00")
            #expect(try await lab.run(corrected).counts == ImportCounts(created: 2))
        }
    }

    @Test("of a row that can't be read the moments that clocks never show are told too")
    func unreadMoments() async throws {
        try await ImportLab.with(deployment: "time_zone: Europe/Oslo\n") { lab async throws in
            let outcome = try await lab.run("title,effort,measured_at\nA,soon,2024-03-31 02:30\nB,soon,2024-03-31 04:30\n")
            #expect(
                outcome.failures == [
                    "2: effort: 'soon' is not a duration such as PT1H30M. measured_at: '2024-03-31 02:30' doesn't exist in Europe/Oslo, where "
                        + "clocks are put forward; write it with its offset from UTC, such as +01:00 behind the time",
                    "3: effort: 'soon' is not a duration such as PT1H30M",
                ])
        }
    }

    @Test("rows whose cells are all empty are no records, and are counted before the import begins")
    func blankRows() async throws {
        try await ImportLab.with { lab async throws in
            let text = "title,code,amount\n,,\nA,AA1,1\n\n \u{A0},\"\",\n"
            #expect(try await lab.run(text) == .init(counts: ImportCounts(created: 1)))
        }
        #expect(
            try Self.plan("Last name,First name\n,\nBerg,Ada\n\n , \n").notes(createsMissingLinks: false)
                == ["2 rows without any value are left out"])
        #expect(try Self.plan(",,\nLast name,First name,Birthday\nBerg,Ada,\n").rows == 1)
    }

    @Test("a choice is told by its key, then by its label, and a label that several have is refused")
    func choices() throws {
        let choices = [
            Choice(key: "low", label: "Medium"), Choice(key: "medium", label: "High"), Choice(key: "high", label: "Top"),
            Choice(key: "old", label: "Same", retired: true), Choice(key: "new", label: "Same"), Choice(key: "one", label: "Twin"),
            Choice(key: "two", label: "Twin"),
        ]
        let readings: [(String, ChoiceWords.Reading)] = [
            ("medium", .one("medium")), ("Medium", .one("low")), ("High", .one("medium")), ("high", .one("high")), ("TOP", .one("high")),
            ("LOW", .one("low")), ("MEDIUM", .several(["low", "medium"])), ("same", .one("new")), ("Twin", .several(["one", "two"])),
            ("none", .none),
        ]
        for (text, reading) in readings { #expect(ChoiceWords.reading(text, choices) == reading, "\(text)") }
        // What a card shows is read as what it was.
        for choice in choices { #expect(ChoiceWords.reading(ChoiceWords.text(of: choice.key, choices), choices) == .one(choice.key)) }
    }

    @Test("a text as long as requests may be is read, and a row of several")
    func longTexts() throws {
        let long = String(repeating: "x", count: 3 << 20)
        #expect(try Self.reasons("Last name,Description\nBerg,\(long)\n") == [nil])
    }

    @Test("rows with fewer cells than the header are told before the import begins, with the lines of the first")
    func shortRows() throws {
        let text = "Last name,First name,Birthday\n" + (2...9).map { $0 % 2 == 0 ? "N\($0)\n" : "N\($0),F,1990-01-01\n" }.joined()
        #expect(
            try Self.plan(text).notes(createsMissingLinks: false) == [
                "4 rows have fewer cells than the header (lines 2, 4, 6, 8); the cells that are missing at the end count as empty"
            ])
        #expect(try Self.plan("Last name,First name\nBerg,\nHolm,Anna\n").notes(createsMissingLinks: false) == [])
        // Whoever takes the reasons away has still all cells.
        #expect(try Self.plan("Last name,First name,import_error\nBerg,Ada\nHolm,\n").notes(createsMissingLinks: false) == [])
    }

    @Test("a failed row goes into its file as it stood, so that a cell which held nothing holds nothing once it is corrected")
    func failedCells() async throws {
        try await ImportLab.with { lab async throws in
            let first = try await lab.run("id,title,notes,amount,origin/city\n,FR,,9999,\n,OK,\"\",1,\"\"\n")
            #expect(first.counts == ImportCounts(created: 1, failed: 1))
            #expect(first.failed == "id,title,notes,amount,origin/city,import_error\r\n,FR,,9999,,Amount must be 1000 or less.\r\n")
            #expect(try await lab.run(first.failed.replacing("9999", with: "9")).counts == ImportCounts(created: 1))
            let empty =
                "SELECT string_agg(title || ' ' || (notes IS NULL) || ' ' || (origin_city IS NULL), ', ' ORDER BY title) FROM lab.sample"
            #expect(try await lab.text(empty) == "FR true true, OK false false")
        }
    }

    @Test("files of failed rows are told by their own column or property")
    func failedRows() {
        for text in ["name,import_error\r\nx,no\r\n", "import_error", "BEGIN:VCARD\r\nFN:A\r\nX-IMPORT-ERROR:no\r\nEND:VCARD\r\n"] {
            #expect(FailedRows.isOne(Array(text.utf8)), "\(text)")
        }
        for text in ["", "name\nx,import_error\n", "BEGIN:VCARD\r\nFN:X-IMPORT-ERROR:\r\nEND:VCARD\r\n", "my_import_error\n"] {
            #expect(!FailedRows.isOne(Array(text.utf8)), "\(text)")
        }
    }
}
