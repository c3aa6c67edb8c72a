import Catalog
import Foundation
import Manifests
import TestKernel
import Testing

@testable import Transfer

@Suite("What columns fill")
struct MappingTests {
    /// Modules of the tests, and the one that comes with Tessera.
    static let modules = [
        "lab": TestManifests.everyField,
        "contacts":
            (try? String(
                contentsOfFile: #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" } + "/manifests/contacts.yaml",
                encoding: .utf8)) ?? "",
    ]

    private static func plan(_ header: [String], _ type: RecordType, _ catalog: Catalog, match: [String] = []) throws -> ImportPlan {
        let path = try ImportLab.file(header.joined(separator: ",") + "\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try ImportPlan(file: path, type: type, catalog: catalog, mapping: nil, match: match)
    }

    @Test(
        "every column of an export fills what it came from, whatever stands beside it and in whatever order",
        arguments: ["lab", "contacts"])
    func exports(module: String) throws {
        let catalog = try TestStore.catalog([module: try #require(Self.modules[module])])
        for type in catalog.types {
            let columns = ExportColumn.columns(of: type, catalog: catalog)
            let headers = columns.map(\.header)
            let strange = "shoe_size"
            for header in [headers, headers.reversed(), [strange] + headers, headers.filter { $0 != "id" } + [strange]] {
                let plan = try Self.plan(header, type, catalog)
                let own = columns.filter { $0.isImported && header.contains($0.header) }.map(\.header)
                #expect(Set(plan.mapping.columns.map { "\($0.header) \($0.target)" }) == Set(own.map { "\($0) \($0)" }))
                #expect(Set(plan.unmapped) == Set(header).subtracting(own))
            }
            // Each alone, too: no other column has a better claim then.
            for column in columns {
                let plan = try Self.plan([strange, column.header], type, catalog)
                #expect(plan.mapping.columns.map(\.target) == (column.isImported ? [column.header] : []), "\(column.header)")
            }
        }
    }

    @Test("no word of another record's key is taken for the link")
    func links() throws {
        let catalog = try TestStore.catalog(["contacts": try #require(Self.modules["contacts"])])
        let person = try #require(catalog.type(id: "contacts.person"))
        let plan = try Self.plan(["Display name", "Name", "Company", "Manager", "Company id", "E-Mail", "phones/fax"], person, catalog)
        #expect(
            plan.mapping.columns.map { "\($0.header) \($0.target)" } == [
                "Company organisation/name", "Manager reports_to/display_name", "E-Mail emails", "phones/fax phones/fax",
            ])
        #expect(plan.unmapped == ["Display name", "Name", "Company id"])
        let matching = try Self.plan(["E-Mail", "Last name"], person, catalog, match: ["primary_email"])
        #expect(matching.mapping.columns.map(\.target) == ["primary_email", "last_name"])
    }

    @Test("a name that several columns have is refused where one of them would be taken")
    func twice() throws {
        let catalog = try TestStore.catalog(["lab": TestManifests.everyField])
        let sample = try #require(catalog.type(id: "lab.sample"))
        #expect {
            _ = try Self.plan(["Title", "Code", "Title"], sample, catalog)
        } throws: {
            ($0 as? ImportError)?.code == .twice
                && "\($0)".contains("several columns 'Title' (1 and 3), so that it can't be told which one fills title")
        }
        #expect { _ = try Self.plan(["id", "title", "tags", "tags"], sample, catalog) } throws: { ($0 as? ImportError)?.code == .twice }
        let plan = try Self.plan(["title", "Shoe size", "Shoe size", "", ""], sample, catalog)
        #expect(plan.unmapped == ["Shoe size", "Shoe size", "", ""])
        #expect {
            _ = try Self.plan(["title", "place", "place_id", "Code"], sample, catalog, match: ["cod"])
        } throws: { "\($0)" == "match: samples have no property 'cod'; did you mean code?" }
        #expect {
            _ = try Self.plan(["title"], sample, catalog, match: ["code"])
        } throws: { "\($0)".hasPrefix("match: no column of the file fills code") }
    }

    @Test("a key that resembles none is answered with those that the file has")
    func otherKeys() throws {
        let catalog = try TestStore.catalog(["lab": TestManifests.everyField])
        let sample = try #require(catalog.type(id: "lab.sample"))
        #expect {
            _ = try Self.plan(["title", "Code"], sample, catalog, match: ["zzzzzzzz"])
        } throws: { "\($0)" == "match: samples have no property 'zzzzzzzz'; the file fills title, code" }
    }
}
