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
                "Name full_name", "Company organisation/name", "Manager reports_to/display_name", "E-Mail emails", "phones/fax phones/fax",
            ])
        #expect(plan.unmapped == ["Display name", "Company id"])
        let matching = try Self.plan(["E-Mail", "Last name"], person, catalog, match: ["primary_email"])
        #expect(matching.mapping.columns.map(\.target) == ["primary_email", "last_name"])
    }

    private static func person() throws -> (RecordType, Catalog) {
        let catalog = try TestStore.catalog(["contacts": try #require(modules["contacts"])])
        return (try #require(catalog.type(id: "contacts.person")), catalog)
    }

    @Test(
        "columns of addresses and numbers fill one list, each with its kind",
        arguments: [
            ("Mobile", "phones/mobile"), ("Work phone", "phones/work"), ("Business Phone 2", "phones/work"), ("Fax", "phones/fax"),
            ("Business Fax", "phones/work_fax"), ("Telefon (privat)", "phones/home"), ("Handynummer", "phones/mobile"),
            ("Phone 2", "phones"), ("E-mail 2 Address", "emails"), ("Personal e-mail", "emails/home"), ("WorkEmail", "emails/work"),
            ("Email opt out", nil), ("Home page", "website"), ("Work street", nil),
        ] as [(String, String?)])
    func channels(header: String, target: String?) throws {
        let (person, catalog) = try Self.person()
        let plan = try Self.plan(["Last name", "Phone", "Email", header], person, catalog)
        let found = plan.mapping.columns.first { $0.header == header }?.target
        if header == "Work street" {
            #expect(found != "emails/work" && found?.hasPrefix("phones") != true)
        } else {
            #expect(found == target)
        }
        #expect(plan.mapping.columns.map(\.target).starts(with: ["last_name", "phones", "emails"]))
    }

    @Test("a name in one is taken apart where no column has its parts, and what modules write is refused at once")
    func names() throws {
        let (person, catalog) = try Self.person()
        for header in ["Name", "Full name", "Contact name", "Contact"] {
            let plan = try Self.plan([header, "Email"], person, catalog)
            #expect(plan.mapping.columns.map(\.target) == ["full_name", "emails"], "\(header)")
            #expect(plan.fills(key: "first_name") && plan.fills(key: "last_name"))
        }
        let parts = try Self.plan(["Name", "First name", "Last name"], person, catalog)
        #expect(parts.mapping.columns.map(\.target) == ["first_name", "last_name"])
        #expect(parts.unmapped == ["Name"])
        func refusal(_ columns: [(String, String)]) throws -> String {
            let path = try ImportLab.file(columns.map(\.0).joined(separator: ",") + "\n")
            defer { try? FileManager.default.removeItem(atPath: path) }
            let mapping = ImportMapping(
                collection: "people", columns: columns.map { ImportMapping.Column(header: $0.0, target: $0.1) })
            do throws(ImportError) {
                _ = try ImportPlan(file: path, type: person, catalog: catalog, mapping: mapping, match: [])
                return ""
            } catch { return "\(error.code): \(error)" }
        }
        #expect(
            try refusal([("Name", "display_name")])
                == "import.read_only: display_name of people is written by its module and can't be imported; "
                + "full_name fills first_name and last_name")
        #expect(
            try refusal([("Name", "full_name"), ("Vorname", "first_name")])
                == "import.twice: the columns 'Name' and 'Vorname' both fill first_name; leave one out")
        #expect(try refusal([("Name", "fullname")]).hasSuffix("did you mean full_name?"))
        let organisation = try #require(catalog.type(id: "contacts.organisation"))
        #expect(try Self.plan(["Name"], organisation, catalog).mapping.columns.map(\.target) == ["name"])
    }

    @Test("options of a column are refused where they mean nothing")
    func options() throws {
        let (person, catalog) = try Self.person()
        let path = try ImportLab.file("A\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        func plan(_ column: ImportMapping.Column) throws(ImportError) -> ImportPlan {
            try ImportPlan(
                file: path, type: person, catalog: catalog,
                mapping: ImportMapping(collection: "people", match: ["phones"], columns: [column]),
                match: [])
        }
        for column in [
            ImportMapping.Column(header: "A", target: "last_name", replaces: true),
            ImportMapping.Column(header: "A", target: "birthday", zone: "Europe/Oslo"),
        ] {
            #expect { _ = try plan(column) } throws: { ($0 as? ImportError)?.code == .badFormat }
        }
        let joining = try plan(.init(header: "A", target: "phones"))
        #expect(
            joining.notes(createsMissingLinks: false)
                == ["phones: what a row has joins what its record has; `replace: true` of a column in the mapping makes it the whole list"])
        #expect(try plan(.init(header: "A", target: "phones", replaces: true)).notes(createsMissingLinks: false) == [])
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

    @Test("all mistakes of a mapping are told at once, each with its place")
    func mistakes() throws {
        let catalog = try TestStore.catalog(["lab": TestManifests.everyField])
        let sample = try #require(catalog.type(id: "lab.sample"))
        let path = try ImportLab.file("A,B,C\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        let text = """
            import: 1
            collection: samples
            columns:
              - { header: A, to: titel }
              - { header: X, to: code }
              - { header: B, to: amount, format: nonsense }
              - { header: C, to: title }
            """
        let mapping = try #require(ImportMapping.parse(ManifestSource(path: "m.yaml", text: text)).manifest)
        let error = #expect(throws: ImportError.self) {
            try ImportPlan(file: path, type: sample, catalog: catalog, mapping: mapping, match: [])
        }
        let lines = try #require(error).message.split(separator: "\n").map(String.init)
        #expect(lines.first == "m.yaml:4:5: Sample has no property titel; did you mean title?")
        #expect(lines.dropFirst().first?.hasSuffix("has no column 'X'; it has A, B, C") == true)
        #expect(lines.last?.hasPrefix("m.yaml:6:5: the format 'nonsense' of column 'B' isn't one") == true && lines.count == 3, "\(lines)")
        #expect(error?.code == .unknownProperty && error?.parts.count == 3)
        let early = #expect(throws: ImportError.self) {
            try ImportPlan.requireProperties(mapping, match: [], of: sample, catalog: catalog)
        }
        #expect(early?.message == lines.first)
    }

    @Test("ids of other systems are left out; addresses of business are those of work, and Country/Region is a country")
    func otherSystems() throws {
        let (person, catalog) = try Self.person()
        func plan(_ text: String, match: [String] = []) throws -> ImportPlan {
            let path = try ImportLab.file(text)
            defer { try? FileManager.default.removeItem(atPath: path) }
            return try ImportPlan(file: path, type: person, catalog: catalog, mapping: nil, match: match)
        }
        for header in ["Id", "Record ID", "id"] {
            let foreign = try plan("\(header),Last name\n0035g00000AbCdE,Berg\n,Holm\n")
            #expect(foreign.mapping.columns.map(\.target) == ["last_name"] && foreign.unmapped == [header], "\(header)")
            let own = try plan("\(header),Last name\n,Holm\n0190163D-8694-739B-AEA5-966C26F8AD90,Berg\n")
            #expect(own.mapping.columns.map(\.target) == ["id", "last_name"], "\(header)")
        }
        #expect(try plan("id,last_name\n,Berg\n").isExport)
        #expect(try plan("id,last_name\n17,Berg\n").isExport == false)
        #expect(try plan("id,last_name\n17,Berg\n", match: ["id"]).mapping.columns.map(\.target) == ["id", "last_name"])
        let accounts = try plan("Last name,Account ID\nBerg,0015g00000AbCdE\n")
        #expect(accounts.mapping.columns.map(\.target) == ["last_name"], "\(accounts.mapping.columns)")
        let outlook = ["Business Street", "Business City", "Business State", "Business Postal Code", "Business Country/Region"]
        #expect(
            try Self.plan(outlook, person, catalog).mapping.columns.map(\.target)
                == ["street", "city", "region", "postal_code", "country"].map { "work_address/\($0)" })
        let organisation = try #require(catalog.type(id: "contacts.organisation"))
        #expect(try Self.plan(["Country/Region"], organisation, catalog).mapping.columns.map(\.target) == ["billing_address/country"])
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
