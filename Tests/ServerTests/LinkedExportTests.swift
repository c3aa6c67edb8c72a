import Catalog
import Foundation
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Transfer

/// Exports that name what a record's links to one lead to.
@Suite("Exports of links to one")
struct LinkedExportTests {
    private static func csv(
        _ floor: SalesFloor, _ options: String, by person: SalesFloor.Person? = nil
    ) async throws -> (status: Int, text: String) {
        let answer = try await floor.host.send("GET", "/api/accounts?format=csv&orderby=name&\(options)", headers: person?.headers ?? [:])
        return (answer.status, answer.text)
    }

    private static func link(_ floor: SalesFloor, _ account: String, _ body: String) async throws {
        let answer = try await floor.host.send("PATCH", "/api/accounts(\(account))", body: body)
        try #require(answer.status == 204, "\(answer.text)")
    }

    @Test("name them in columns by which an import finds them again")
    func roundTrip() async throws {
        try await SalesFloor.with { floor in
            for name in ["Fjord", "Fell, upper"] { _ = try await floor.host.create("regions", "{\"name\": \"\(name)\"}") }
            try await Self.link(floor, floor.annas, #"{"region": {"name": "Fell, upper"}}"#)
            let file = try await Self.csv(floor, "select=id,name&expand=region(select=name)")
            #expect(
                file.text
                    == "id,name,region/name\r\n\(floor.annas),Acme North,\"Fell, upper\"\r\n\(floor.bens),Acme South,\r\n", "\(file)")
            let all = try await Self.csv(floor, "expand=region(select=name)").text.prefix { !$0.isNewline }.split(separator: ",")
            #expect(all.contains("region/name") && !all.contains("region_id") && all.contains("parent_id"), "\(all)")
            let both = try await Self.csv(floor, "select=region_id,name&expand=region(select=name,id),partners")
            #expect(both.text.hasPrefix("region_id,name,partners/id,region/name,region/id\r\n"), "\(both)")
            #expect(try await floor.host.send("GET", "/api/accounts?format=xlsx&select=name&expand=region(select=name)").status == 200)

            try await Self.link(floor, floor.annas, #"{"region": {"name": "Fjord"}}"#)
            let path = "\(FileManager.default.temporaryDirectory.path)/tessera-\(UUID().uuidString).csv"
            try Data(file.text.utf8).write(to: URL(fileURLWithPath: path))
            defer { try? FileManager.default.removeItem(atPath: path) }
            let lab = floor.host.lab
            let plan = try ImportPlan(file: path, type: try lab.type("accounts"), catalog: lab.catalog, mapping: nil, match: ["id"])
            #expect(plan.isExport && plan.unmapped == [])
            let importer = Importer(plan: plan, options: Importer.Options(), access: .test)
            let (report, _) = try await importer.run(file: path, label: "import", store: lab.store) { _, line, reason in
                Issue.record("\(line): \(reason)")
            } progress: { _ in
            }
            #expect(report.failed == 0)
            #expect(try await floor.host.send("GET", "/api/accounts(\(floor.annas))/region/name/$value").text == "Fell, upper")
        }
    }

    @Test("show nothing that the caller may not read")
    func rights() async throws {
        try await SalesFloor.with { floor in
            try await Self.link(floor, floor.annas, #"{"parent": {"id": "\#(floor.bens)"}}"#)
            let options = "select=name&expand=parent(select=name)"
            #expect(try await Self.csv(floor, options).text == "name,parent/name\r\nAcme North,Acme South\r\nAcme South,\r\n")
            let own = try await Self.csv(floor, options, by: floor.anna)
            #expect(own.text == "name,parent/name\r\nAcme North,\r\n", "\(own)")
            // A field that her role hides is none to her.
            let hidden = try await Self.csv(floor, "select=name&expand=parent(select=margin)", by: floor.anna)
            #expect(hidden.status == 400 && hidden.text.contains("margin"), "\(hidden)")
        }
        let clerk = "\n  clerk:\n    label: Clerk\n    grants:\n      account: { read: all }\n      region: { read: all, export: none }\n"
        try await TestHost.with(["sales": SalesFloor.manifest + clerk]) { host in
            let carl = try await SalesFloor.person(host, "Carl", roles: ["sales.clerk"])
            let named = try await host.send(
                "GET", "/api/accounts?format=csv&select=name&expand=region(select=name)", headers: carl.headers)
            #expect(named.status == 403, "\(named.text)")
            #expect(try await host.send("GET", "/api/accounts?format=csv&select=name", headers: carl.headers).status == 200)
        }
    }

    @Test(
        "are refused by name where no column could show them",
        arguments: [
            ("expand=parent(select=name;expand=region(select=name))", "leave out region"), ("expand=parent", "parent($select=name)"),
            ("expand=parent(select=name,mails)", "mails"), ("expand=subsidiaries", "Export subsidiaries"),
            ("expand=partners(select=name)", "Export partners"),
            ("expand=parent(select=name,n;compute=size%20add%201%20as%20n)", "$compute"),
        ])
    func refused(options: String, words: String) async throws {
        try await SalesFloor.with { floor in
            let answer = try await Self.csv(floor, options)
            #expect(answer.status == 501 && answer.text.contains(words), "\(answer)")
        }
    }
}
