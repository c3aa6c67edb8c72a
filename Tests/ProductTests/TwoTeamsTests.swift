import Foundation
import Testing

extension ProductTests {
    @Suite("Two sales teams under one manager")
    struct TwoTeams {
        private static let deployment = "\(Program.root)/manifests/deployments/two-teams.yaml"

        @Test("a rep sees their own, the manager both, and a hidden field stays hidden in lists, exports and errors")
        func story() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder, deployment: Self.deployment)
            let http = server.http
            func id(_ answer: Answer) throws -> String { try #require(try answer.json["id"] as? String, "\(answer.text)") }
            let sales = try id(http.send("POST", "/api/teams", #"{"name": "Sales"}"#))
            func person(_ name: String, _ team: String, _ role: String) throws -> (id: String, http: HTTP) {
                let made = try http.send(
                    "POST", "/api/users", #"{"name": "\#(name)", "teams": ["\#(team)"], "roles": ["custom.\#(role)"]}"#)
                let issued = try folder.tessera("token", "issue", "--user", name, deployment: Self.deployment)
                #expect(issued.code == 0, "\(issued.errors)")
                let token = issued.output.trimmingCharacters(in: .whitespacesAndNewlines)
                return (try id(made), HTTP(port: http.port, token: token))
            }
            let north = try id(http.send("POST", "/api/teams", #"{"name": "North", "parent_id": "\#(sales)"}"#))
            let south = try id(http.send("POST", "/api/teams", #"{"name": "South", "parent_id": "\#(sales)"}"#))
            let (nora, sven, mia) = (
                try person("Nora", north, "rep"), try person("Sven", south, "rep"), try person("Mia", sales, "manager")
            )
            let fjord = try nora.http.send("POST", "/api/organisations", #"{"name": "Fjord"}"#)
            #expect(fjord.status == 201, "\(fjord.text)")
            #expect(try sven.http.send("POST", "/api/organisations", #"{"name": "Heath"}"#).status == 201)
            let record = "/api/organisations(\(try id(fjord)))"
            #expect(try mia.http.send("PATCH", record, #"{"revenue": 5, "revenue_currency": "USD"}"#).status == 204)

            func names(_ http: HTTP) throws -> [String?] {
                try http.get("/api/organisations?orderby=name").items.map { $0["name"] as? String }
            }
            #expect(try names(nora.http) == ["Fjord"])
            #expect(try names(sven.http) == ["Heath"])
            #expect(try names(mia.http) == ["Fjord", "Heath"])
            #expect(try sven.http.get(record).status == 404)
            #expect(try mia.http.get(record).text.contains("\"revenue\":5"))

            #expect(try !nora.http.get("/api/organisations").text.contains("revenue"))
            #expect(try !nora.http.get("/api/organisations", ["Accept": "text/csv"]).text.contains("revenue"))
            let refused = try nora.http.get("/api/organisations?filter=revenue gt 1")
            #expect(refused.status == 400 && !refused.text.contains("5"), "\(refused.text)")
            let explained = try folder.tessera(
                "explain", "access", "organisations", try id(fjord), "--user", "Nora", deployment: Self.deployment)
            #expect(explained.output.contains("read: yes\n  custom.rep: own, covers it: they own it\n  without revenue"), "\(explained)")
        }
    }
}
