import Foundation
import Glibc
import Testing

extension ProductTests {
    @Suite("Work that is killed in the middle")
    struct KilledWorkTests {
        private func count(_ http: HTTP) throws -> Int {
            try #require(Int(try http.get("/api/organisations/$count").text))
        }

        @Test("an import killed three times and given again brings every row in once")
        func importing() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            let rows = 5_000
            let lines = (1...rows).map { "Company \($0),https://c\($0).example" }
            let file = try folder.file("companies.csv", "name,website\n" + lines.joined(separator: "\n") + "\n")
            let words = ["import", "organisations", file, "--data", folder.data, "--deployment", Program.starter, "--output", "json"]
            var killed = 0
            for threshold in [1, 1_001, 2_001] {
                let output = try Program.temporaryFile()
                defer { close(output) }
                let pid = try Program.spawn(Program.path, words, environment: [:], output: output, errors: output)
                // The count is what says that it is in the middle.
                while try count(server.http) < threshold, kill(pid, 0) == 0 {}
                kill(pid, SIGKILL)
                if Program.wait(pid) == 128 + SIGKILL { killed += 1 }
            }
            let last = try Program.run(words)
            #expect(last.code == 0, "\(last.errors)")
            #expect(killed == 3 && last.errors.contains("going on after"), "\(last.errors)")
            #expect(last.output.contains("\"created\": \(rows)"), "\(last.output)")
            #expect(try count(server.http) == rows)
            #expect(
                try folder.query("SELECT count(DISTINCT name) || ' ' || max(version) FROM contacts.organisation") == ["\(rows) 1"])
            let sets = try server.http.get("/api/change_sets").items
            #expect(sets.map { $0["state"] as? String } == ["done"])
        }

        @Test("a background write goes on after the server was killed, and nothing is in twice; then it is undone")
        func background() throws {
            let folder = try DataFolder()
            var server = try RunningServer(folder)
            let token = server.http.token
            let items = (1...4_000).map { "{\"name\": \"Company \($0)\"}" }.joined(separator: ",")
            let accepted = try server.http.send(
                "POST", "/api/organisations/bulk", "{\"operation\": \"create\", \"items\": [\(items)]}",
                headers: ["Prefer": "respond-async, continue-on-error"])
            #expect(accepted.status == 202, "\(accepted.text)")
            let id = String(try #require(accepted.headers["location"]).dropLast().suffix(36))
            while try count(server.http) == 0 {}
            server.end(SIGKILL)
            server = try RunningServer(folder, token: token)
            var answer = try server.http.get("/api/jobs(\(id))")
            while answer.status == 202 { answer = try server.http.get("/api/jobs(\(id))") }
            #expect(answer.status == 200, "\(answer.text.prefix(300))")
            #expect(try answer.json["succeeded"] as? Int == 4_000 && answer.items.count == 4_000)
            #expect(try folder.query("SELECT count(*) || ' ' || count(DISTINCT name) FROM contacts.organisation") == ["4000 4000"])
            let undo = try folder.tessera("undo", id)
            #expect(undo.code == 0 && undo.output.hasPrefix("4,000 records put back, 0 left"), "\(undo.output)\(undo.errors)")
            #expect(try count(server.http) == 0)
            #expect(try folder.tessera("changes", "list").output.contains("undone         create 4000 organisations"))
        }

        @Test("a change by condition goes on after the server was killed, and changes every record once")
        func each() throws {
            let folder = try DataFolder()
            var server = try RunningServer(folder)
            let token = server.http.token
            let items = (1...8_000).map { "{\"name\": \"Company \($0)\"}" }.joined(separator: ",")
            let made = try server.http.send("POST", "/api/organisations/bulk", "{\"operation\": \"create\", \"items\": [\(items)]}")
            #expect(made.status == 200, "\(made.text.prefix(300))")
            let accepted = try server.http.send(
                "PATCH", "/api/organisations/$each?filter=startswith(name,'Company')", #"{"kind": "customer", "name": "Firm"}"#,
                headers: ["Prefer": "respond-async, continue-on-error"])
            #expect(accepted.status == 202, "\(accepted.text)")
            let id = String(try #require(accepted.headers["location"]).dropLast().suffix(36))
            let changed = "/api/organisations/$count?$filter=startswith(name,'Firm')"
            while try server.http.get(changed).text == "0" {}
            server.end(SIGKILL)
            server = try RunningServer(folder, token: token)
            var answer = try server.http.get("/api/jobs(\(id))")
            while answer.status == 202 { answer = try server.http.get("/api/jobs(\(id))") }
            #expect(try answer.json["succeeded"] as? Int == 8_000 && answer.json["failed"] as? Int == 0, "\(answer.text.prefix(300))")
            #expect(
                try folder.query(
                    "SELECT count(*) || ' ' || min(version) || ' ' || max(version) FROM contacts.organisation WHERE kind = 'customer'")
                    == ["8000 2 2"])
            let undo = try folder.tessera("undo", id)
            #expect(undo.code == 0 && undo.output.hasPrefix("8,000 records put back, 0 left"), "\(undo.output)\(undo.errors)")
            let left = try server.http.get(changed).text
            #expect(left == "0")
        }
    }
}
