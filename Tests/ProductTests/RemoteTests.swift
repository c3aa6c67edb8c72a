import Foundation
import Glibc
import Testing

extension ProductTests {
    @Suite("Commands that ask a running server")
    struct Remote {
        /// Without what an answer has of its own: how long it took, and the job that only a server has.
        private static func comparable(_ outcome: Outcome) -> String {
            let notes = outcome.errors.split(separator: "\n").filter { !$0.contains(" in ") && !$0.hasPrefix("job ") }
            return "\(outcome.code)\n\(notes.joined(separator: "\n"))\n\(outcome.output)"
        }

        @Test("answer as they do beside it")
        func same() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            let file = try folder.file("more.csv", "name,founded_year\nCyberdyne,1984\nMassive Dynamic,84\n")
            let imported = try server.tessera("import", "organisations", file, "--automation", "off")
            #expect(imported.code == 2, "\(imported)")
            #expect(imported.errors.contains("line 3: Founded must be 1000 or more."), "\(imported)")
            #expect(imported.output == "1 created, 0 updated, 0 unchanged, 1 failed\nrows that failed: \(file).failed.csv\n")
            #expect(
                try folder.text("more.csv.failed.csv")
                    == "name,founded_year,import_error\r\nMassive Dynamic,84,Founded must be 1000 or more.\r\n")
            let set = try #require(try server.tessera("changes", "list").output.split(separator: " ").first.map(String.init))
            let job = try #require(try server.tessera("jobs", "list").output.split(separator: " ").first.map(String.init))
            let nobody = "0197a3f2-5c1e-7d42-9b1a-3f0c8d2e4a61"
            for words in [
                ["changes", "list"], ["changes", "list", "--output", "json"], ["changes", "show", set],
                ["changes", "show", set, "--output", "json"],
                ["undo", set, "--dry-run"], ["undo", set, "--dry-run", "--output", "json"], ["jobs", "list"], ["jobs", "show", job],
                ["jobs", "watch", job, "--output", "json"], ["jobs", "cancel", job], ["jobs", "show", nobody], ["changes", "show", nobody],
                ["query", "run", "organisations?orderby=name"],
                ["query", "run", "organisations?select=name,founded_year", "--output", "json"],
                ["query", "run", "organisations?apply=groupby((kind),aggregate($count as n))"],
                ["export", "organisations?$filter=founded_year ge 1900"], ["export", "organisations?$select=name", "--format", "vcard"],
                ["import", "organisations", file, "--match", "name", "--dry-run"],
                ["import", "organisations", file, "--match", "name", "--dry-run", "--output", "json"],
            ] {
                let end = words.firstIndex(of: "--") ?? words.endIndex
                let local = try Program.run(words[..<end] + ["--data", folder.data, "--deployment", Program.starter] + words[end...])
                let remote = try Program.run(words, environment: server.environment)
                #expect(Self.comparable(remote) == Self.comparable(local), "\(words)")
            }
            #expect(try server.tessera("changes", "show", set).output.contains("automation  off"))
            let undo = try server.tessera("undo", set)
            #expect(undo.code == 0 && undo.output.hasPrefix("1 record put back, 0 left"), "\(undo)")
            #expect(try folder.tessera("query", "run", "organisations").errors == "no records\n")
            // The token from a file, for whom the environment is too open.
            let token = try folder.file("token", server.http.token + "\n")
            let listed = try Program.run(["jobs", "list", "--server", server.address, "--token-file", token])
            #expect(listed.code == 0 && listed.output.contains("undo import more.csv"), "\(listed)")
        }

        @Test("doctor says what can be told of a server from elsewhere, and how to mend what is wrong")
        func doctor() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            let well = try server.tessera("doctor")
            #expect(well.code == 0, "\(well)")
            for line in [
                "ok   server       \(server.address) answers within", "ok   clock        agrees with the server's",
                "ok   ready        database and schema are right", "ok   token        opens the API to", "ok   rate limit   none",
                "ok   version      0.1.0, as this tessera",
            ] { #expect(well.output.contains(line), "\(well.output)") }
            let refused = try Program.run(["doctor", "--server", server.address, "--token", "tsr_none"])
            #expect(refused.code == 1 && refused.output.contains("bad  token        \(server.address) refuses the token"), "\(refused)")
            #expect(refused.output.contains("ok   ready") && !refused.output.contains("version"), "\(refused.output)")
            let none = try Program.run(["doctor", "--server", server.address], environment: ["TESSERA_TOKEN": ""])
            #expect(none.code == 1 && none.output.contains("bad  token        the server wants a token"), "\(none)")
            let nowhere = try Program.run(["doctor", "--server", "http://127.0.0.1:1", "--output", "json"])
            #expect(nowhere.code == 1 && nowhere.output.contains(#""check": "server""#), "\(nowhere)")
            #expect(!nowhere.output.contains("token") && nowhere.output.contains("can't be reached"), "\(nowhere.output)")
        }

        @Test(
            "bring real files in, and out again as a workbook and as cards",
            .enabled(if: FileManager.default.fileExists(atPath: Program.sharedData), "the shared data aren't on this machine"))
        func realFiles() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            let accounts = "\(Program.sharedData)/sales/accounts.csv"
            let mapping = "\(folder.path)/accounts.yaml"
            let first = try server.tessera("import", "organisations", accounts, "--match", "name", "--save-mapping", mapping)
            #expect(first.code == 0 && first.output.hasPrefix("85 created, 0 updated, 0 unchanged, 0 failed"), "\(first)")
            #expect(
                try folder.query("SELECT count(*) || ' ' || count(parent_id) FROM contacts.organisation")
                    == (try Self.accounts(accounts)))
            let again = try server.tessera("import", "organisations", accounts, "--mapping", mapping)
            #expect(again.code == 0 && again.output.hasPrefix("0 created, 0 updated, 85 unchanged, 0 failed"), "\(again)")
            let workbook = "\(folder.path)/out.xlsx"
            #expect(try server.tessera("export", "organisations", "--format", "xlsx", "--file", workbook).code == 0)
            let back = try server.tessera("import", "organisations", workbook, "--match", "id")
            #expect(back.code == 0 && back.output.hasPrefix("0 created, 0 updated, 85 unchanged"), "\(back)")
            var people = 0
            for name in try FileManager.default.contentsOfDirectory(atPath: "\(Program.sharedData)/vcards").sorted() {
                let cards = try server.tessera(
                    "import", "people", "\(Program.sharedData)/vcards/\(name)", "--create-links", "--output", "json")
                #expect(cards.code == 0, "\(name): \(cards)")
                let report = try JSONSerialization.jsonObject(with: Data(cards.output.utf8)) as? [String: Any]
                people += report?["created"] as? Int ?? 0
            }
            let before = try server.tessera("export", "people?$orderby=id", "--format", "vcard")
            #expect(before.code == 0 && before.output.components(separatedBy: "BEGIN:VCARD").count == people + 1 && people > 0)
            let card = try folder.file("all.vcf", before.output)
            let cards = try server.tessera("import", "people", card, "--match", "id")
            #expect(cards.code == 0 && cards.output.hasPrefix("0 created, "), "\(cards)")
            #expect(try server.tessera("export", "people?$orderby=id", "--format", "vcard").output == before.output)
        }

        /// Rows, and those with a parent, as the file has them.
        private static func accounts(_ path: String) throws -> [String] {
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline).dropFirst()
            return ["\(lines.count) \(lines.filter { !$0.hasSuffix(",") }.count)"]
        }

        private static let state = """
            SELECT count(*) || ' ' || count(o.parent_id) || ' ' || max(o.version) || ' ' || md5(string_agg(concat_ws('|', o.name, o.website, \
            o.founded_year, p.name), ',' ORDER BY o.name)) FROM contacts.organisation o LEFT JOIN contacts.organisation p ON p.id = o.parent_id
            """

        @Test("an import whose server is killed three times ends as one that nothing disturbed, and its command sees it through")
        func killed() throws {
            let folder = try DataFolder()
            let other = try DataFolder()
            let rows = 5_000
            let lines = (1...rows).map { row in
                "Company \(row),https://c\(row).example,\(row % 400 == 13 ? 84 : 1984),\(row % 50 == 7 ? "Company \(min(rows, row + 1_200))" : "")"
            }
            let text = "name,website,founded_year,parent\n" + lines.joined(separator: "\n") + "\n"
            let file = try folder.file("companies.csv", text)
            var server = try RunningServer(folder)
            let (port, environment) = (server.http.port, server.environment)
            let output = try Program.temporaryFile()
            let errors = try Program.temporaryFile()
            defer {
                close(output)
                close(errors)
            }
            let words = ["import", "organisations", file, "--output", "json"]
            let pid = try Program.spawn(Program.path, words, environment: environment, output: output, errors: errors)
            for threshold in [1, 1_001, 2_001] {
                // The count is what says that it is in the middle.
                while try #require(Int(try server.http.get("/api/organisations/$count").text)) < threshold {}
                server.end(SIGKILL)
                server = try RunningServer(folder, token: environment["TESSERA_TOKEN"] ?? "", port: port)
            }
            let code = Program.wait(pid)
            let told = Program.text(of: errors)
            #expect(code == 2 && told.contains("waiting for it to come back"), "\(code): \(told)")
            let quiet = try RunningServer(other)
            let calm = try other.tessera("import", "organisations", try other.file("companies.csv", text), "--output", "json")
            #expect(calm.code == 2, "\(calm)")
            #expect(Self.withoutChangeSet(Program.text(of: output)) == Self.withoutChangeSet(calm.output))
            #expect(try folder.query(Self.state) == (try other.query(Self.state)))
            #expect(try folder.text("companies.csv.failed.csv") == (try other.text("companies.csv.failed.csv")))
            let sets = try server.http.get("/api/change_sets").items
            #expect(sets.map { $0["state"] as? String } == ["done"])
            let jobs = try server.http.get("/api/jobs").items
            #expect(jobs.map { $0["state"] as? String } == ["done"])
            #expect(jobs.first?["attempts"] as? Int ?? 0 > 1)
            quiet.stop()
        }

        private static func withoutChangeSet(_ json: String) -> Substring? { json.split(separator: ", \"change_set\"").first }

        @Test("an import that is cancelled stops; sent again it goes on, and nothing is in twice")
        func cancelled() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            // Long enough for a slow machine to get a word in.
            let rows = 20_000
            let file = try folder.file("c.csv", "name\n" + (1...rows).map { "Company \($0)\n" }.joined())
            let output = try Program.temporaryFile()
            defer { close(output) }
            let words = ["import", "organisations", file]
            let pid = try Program.spawn(Program.path, words, environment: server.environment, output: output, errors: output)
            while try #require(Int(try server.http.get("/api/organisations/$count").text)) == 0 {}
            let job = try #require(try server.http.get("/api/jobs").items.first?["id"] as? String)
            #expect(try server.tessera("jobs", "cancel", job).output == "asked to stop\n")
            #expect(Program.wait(pid) == 1)
            #expect(Program.text(of: output).contains("was cancelled"), "\(Program.text(of: output))")
            let there = try #require(Int(try server.http.get("/api/organisations/$count").text))
            #expect(there > 0 && there < rows)
            let last = try server.tessera("import", "organisations", file)
            #expect(last.code == 0 && last.output.hasPrefix("20,000 created"), "\(last)")
            #expect(last.errors.contains("went on after \(there / 1_000),000 rows that were in already"), "\(last)")
            #expect(try folder.query("SELECT count(*) || ' ' || count(DISTINCT name) FROM contacts.organisation") == ["20000 20000"])
        }

        @Test("say that a certificate isn't trusted", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
        func untrusted() throws {
            let folder = try DataFolder()
            let (key, certificate) = ("\(folder.path)/key.pem", "\(folder.path)/certificate.pem")
            let made = try Program.run(
                program: "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1", "-subj",
                    "/CN=127.0.0.1",
                ])
            #expect(made.code == 0, "\(made.errors)")
            let output = try Program.temporaryFile()
            defer { close(output) }
            let port = try HTTP.freePort()
            let pid = try Program.spawn(
                "/usr/bin/openssl", ["s_server", "-accept", "127.0.0.1:\(port)", "-key", key, "-cert", certificate, "-www"],
                environment: [:],
                output: output, errors: output)
            defer {
                kill(pid, SIGKILL)
                Program.wait(pid)
            }
            while true {
                guard let socket = try? HTTP(port: port, token: "").connected() else { continue }
                close(socket)
                break
            }
            let outcome = try Program.run(["jobs", "list", "--server", "https://127.0.0.1:\(port)", "--token", "tsr_x"])
            #expect(outcome.code == 3, "\(outcome)")
            #expect(outcome.errors.contains("the certificate of https://127.0.0.1:\(port) isn't trusted"), "\(outcome)")
            #expect(outcome.errors.contains("update-ca-certificates"))
        }
    }
}
