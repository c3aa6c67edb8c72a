import Catalog
import Foundation
import Manifests
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
