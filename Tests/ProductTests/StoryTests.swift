import Foundation
import Testing

extension ProductTests {
    @Suite("The story that README tells")
    struct Story {
        @Test("prints the token at the first start only, and refuses everybody without it")
        func tokenOnce() throws {
            let folder = try DataFolder()
            var server = try RunningServer(folder)
            let token = try #require(server.printedToken)
            #expect(token.hasPrefix("tsr_"))
            #expect(try server.http.get("/api/people").status == 200)
            #expect(try HTTP(port: server.http.port, token: "").get("/api/people").status == 401)
            #expect(try HTTP(port: server.http.port, token: token + "x").get("/api/people").status == 401)
            #expect(!server.log.contains("are in force"))
            #expect(server.stop() == 0)
            server = try RunningServer(folder, token: token)
            #expect(server.printedToken == nil)
            #expect(try server.http.get("/api/people").status == 200)
        }

        @Test("creates people, lists, filters and expands them")
        func people() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            let http = server.http
            let company = try http.send("POST", "/api/organisations", #"{"name": "Analytical Engines"}"#)
            #expect(company.status == 201)
            let id = try #require(try company.json["id"] as? String)
            let ada =
                #"{"first_name": "Ada", "last_name": "Lovelace", "emails": [{"address": "Ada@Example.com"}], "organisation_id": "\#(id)"}"#
            #expect(try http.send("POST", "/api/people", ada).status == 201)
            #expect(try http.send("POST", "/api/people", #"{"first_name": "Charles", "last_name": "Babbage"}"#).status == 201)
            #expect(try http.get("/api/people?orderby=last_name").items.map { $0["last_name"] as? String } == ["Babbage", "Lovelace"])
            let query =
                "/api/people?filter=startswith(last_name,'Lo') and emails/any(e:endswith(e/address,'example.com'))"
                + "&select=display_name,primary_email&expand=organisation(select=name)"
            let found = try http.get(query).items
            #expect(found.count == 1)
            #expect(found.first?["display_name"] as? String == "Ada Lovelace")
            let all = try http.get("/api/people?filter=last_name eq 'Lovelace'").items
            let emails = all.first?["emails"] as? [[String: Any]]
            #expect(emails?.map { $0["normalised"] as? String } == ["ada@example.com"])
            #expect((found.first?["organisation"] as? [String: Any])?["name"] as? String == "Analytical Engines")
            #expect(try http.send("POST", "/api/people", #"{"first_nam": "x"}"#).status == 400)
            #expect(try http.get("/api/people?count=true&top=0").json["@count"] as? Int == 2)
        }

        @Test(
            "imports 85 organisations with their parents, and the second time changes nothing",
            .enabled(if: FileManager.default.fileExists(atPath: Program.sharedData), "the shared data aren't on this machine"))
        func accounts() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            let accounts = "\(Program.sharedData)/sales/accounts.csv"
            let lines = try String(contentsOfFile: accounts, encoding: .utf8).split(whereSeparator: \.isNewline).dropFirst()
            let subsidiaries = lines.filter { !$0.hasSuffix(",") }.count
            let first = try folder.tessera("import", "organisations", accounts, "--match", "name", "--output", "json")
            #expect(first.code == 0, "\(first.errors)")
            #expect(first.output.hasPrefix("{\"created\": 85, \"updated\": 0, \"unchanged\": 0, \"failed\": 0, \"dry_run\": false"))
            #expect(first.errors.contains("organisations: 85 in"))
            let again = try folder.tessera("import", "organisations", accounts, "--match", "name", "--output", "json")
            #expect(again.output.hasPrefix("{\"created\": 0, \"updated\": 0, \"unchanged\": 85, \"failed\": 0, \"dry_run\": false"))
            #expect(try server.http.get("/api/organisations?count=true&top=0").json["@count"] as? Int == 85)
            #expect(try server.http.get("/api/organisations?count=true&top=0&filter=version ne 1").json["@count"] as? Int == 0)
            let linked = try server.http.get("/api/organisations?count=true&top=0&filter=parent_id ne null").json["@count"] as? Int
            #expect(linked == subsidiaries && subsidiaries > 0)
            let bluth = try server.http.get("/api/organisations?filter=name eq 'Bluth Company'&expand=parent(select=name)").items
            #expect((bluth.first?["parent"] as? [String: Any])?["name"] as? String == "Acme Corporation")
        }

        /// As sales tools export accounts: parents above and below their subsidiaries, chains of them, amounts, misspelt words, line ends of Windows.
        private static let accountsOfOurOwn = """
            account,sector,year_established,revenue,employees,office_location,subsidiary_of
            Nordlys Group,energy,1971,2210.5,4100,Norway,
            Fjellkraft,enrgy,1988,310.25,640,Norway,Nordlys Group
            Havvind,energy,2009,95.4,120,Norway,Fjellkraft
            Brightwater Labs,medical,1999,251.41,495,United Kingdom,Meridian Holding
            Kestrel Optics,technology,2004,88,77,Germany,Brightwater Labs
            Meridian Holding,finance,1954,4012.75,9033,"London, United Kingdom",
            "Sons & Daughters, Inc.",retail,1962,17.2,31,United States,
            Quillon,entertainment,2015,6.02,12,Kenya,"Sons & Daughters, Inc."
            Umbra,medical,2012,587.34,1356,Philipines,
            """.replacingOccurrences(of: "\n", with: "\r\n")

        @Test("links organisations with parents above, below and in chains, and the second time changes nothing", arguments: [false, true])
        func parents(isRemote: Bool) throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            let accounts = try folder.file("accounts.csv", Self.accountsOfOurOwn)
            let words = ["import", "organisations", accounts, "--match", "name", "--output", "json"]
            func run() throws -> Outcome {
                isRemote
                    ? try Program.run(words, environment: server.environment)
                    : try Program.run(words + ["--data", folder.data, "--deployment", Program.starter])
            }
            let first = try run()
            #expect(first.code == 0, "\(first)")
            #expect(first.output.hasPrefix("{\"created\": 9, \"updated\": 0, \"unchanged\": 0, \"failed\": 0"), "\(first)")
            let again = try run()
            #expect(again.output.hasPrefix("{\"created\": 0, \"updated\": 0, \"unchanged\": 9, \"failed\": 0"), "\(again)")
            let linked = try server.http.get("/api/organisations?filter=parent_id ne null&orderby=name&expand=parent(select=name)").items
            #expect(
                linked.map { "\($0["name"] as? String ?? "") < \(($0["parent"] as? [String: Any])?["name"] as? String ?? "")" } == [
                    "Brightwater Labs < Meridian Holding", "Fjellkraft < Nordlys Group", "Havvind < Fjellkraft",
                    "Kestrel Optics < Brightwater Labs", "Quillon < Sons & Daughters, Inc.",
                ])
            #expect(try server.http.get("/api/organisations?count=true&top=0&filter=version ne 1").json["@count"] as? Int == 0)
        }

        @Test("asks for a format where two fit, and takes the mapping that says which", arguments: [false, true])
        func formats(isRemote: Bool) throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            let file = try folder.file("people.csv", "Last name,Birthday\nBerg,01/02/1990\nHolm,03/04/1990\n")
            let mapping = "\(folder.path)/people.yaml"
            func run(_ options: String...) throws -> Outcome {
                let words = ["import", "people", file] + options
                return isRemote
                    ? try Program.run(words, environment: server.environment)
                    : try Program.run(words + ["--data", folder.data, "--deployment", Program.starter])
            }
            let first = try run("--save-mapping", mapping)
            #expect(first.code == 1 && first.output.isEmpty, "\(first)")
            #expect(
                first.errors.hasSuffix("set `format` of the column in \(mapping), and pass that with --mapping \(mapping)\n"), "\(first)")
            let unchanged = try run("--mapping", mapping)
            #expect(unchanged.code == 1 && unchanged.errors.contains("d/M/yyyy or M/d/yyyy"), "\(unchanged)")
            #expect(unchanged.errors.contains("set `format` of the column in \(mapping)"), "\(unchanged)")
            let text = try folder.text("people.yaml")
            #expect(text.contains("Add one: format: \"d/M/yyyy\" or format: \"M/d/yyyy\"\n"), "\(text)")
            _ = try folder.file(
                "people.yaml", text.replacingOccurrences(of: "to: \"birthday\"", with: "to: \"birthday\", format: \"M/d/yyyy\""))
            let last = try run("--mapping", mapping)
            #expect(last.code == 0 && last.output.hasPrefix("2 created"), "\(last)")
            let days = try server.http.get("/api/people?orderby=last_name").items.map { $0["birthday"] as? String }
            #expect(days == ["1990-01-02", "1990-03-04"])
        }

        @Test("never writes over what it reads, whatever the name that leads there; forgets failed rows that went in since")
        func ownFiles() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            let text = "name,founded_year\nGood,1999\nBad,99\n"
            let file = try folder.file("in.csv", text)
            let (soft, hard) = ("\(folder.path)/soft.csv", "\(folder.path)/hard.csv")
            try FileManager.default.createSymbolicLink(atPath: soft, withDestinationPath: "in.csv")
            try FileManager.default.linkItem(atPath: file, toPath: hard)
            for option in ["--failed", "--save-mapping"] {
                for path in [file, "\(folder.path)/./in.csv", soft, hard] {
                    let outcome = try folder.tessera("import", "organisations", file, option, path)
                    #expect(outcome.code == 1 && outcome.errors.contains("\(path) is the same file as \(file)"), "\(outcome)")
                }
            }
            let mapping = "\(folder.path)/m.yaml"
            #expect(try folder.tessera("import", "organisations", file, "--dry-run", "--save-mapping", mapping).code == 2)
            let written = try folder.text("m.yaml")
            let over = try folder.tessera("import", "organisations", file, "--mapping", mapping, "--failed", mapping)
            #expect(over.code == 1 && over.errors.contains("the same file as \(mapping)"), "\(over)")
            // The name that it has by itself may be a link too.
            let rows = "\(file).failed.csv"
            try? FileManager.default.removeItem(atPath: rows)
            try FileManager.default.linkItem(atPath: file, toPath: rows)
            #expect(try folder.tessera("import", "organisations", file).errors.contains("\(rows) is the same file as \(file)"))
            #expect(try folder.text("in.csv") == text && folder.text("m.yaml") == written)
            #expect(try server.http.get("/api/organisations/$count").text == "0")
            // What is no file of failed rows stays.
            try FileManager.default.removeItem(atPath: rows)
            _ = try folder.file("in.csv", text.replacingOccurrences(of: ",99\n", with: ",1998\n"))
            _ = try folder.file("in.csv.failed.csv", "mine\n")
            #expect(try folder.tessera("import", "organisations", file, "--match", "name").code == 0)
            #expect(try folder.text("in.csv.failed.csv") == "mine\n")
            _ = try folder.file("in.csv", text)
            #expect(try folder.tessera("import", "organisations", file, "--match", "name").code == 2)
            #expect(try folder.text("in.csv.failed.csv").contains("import_error"))
            _ = try folder.file("in.csv", text.replacingOccurrences(of: ",99\n", with: ",1998\n"))
            let elsewhere = try folder.tessera("import", "organisations", file, "--match", "name", "--failed", "\(folder.path)/other.csv")
            #expect(elsewhere.code == 0 && FileManager.default.fileExists(atPath: rows), "\(elsewhere)")
            let last = try folder.tessera("import", "organisations", file, "--match", "name")
            #expect(last.code == 0 && last.errors.contains("removed \(rows) of an earlier import"), "\(last)")
            #expect(!FileManager.default.fileExists(atPath: rows))
        }

        @Test("a dry run leaves files of failed rows alone, and no import loses what was corrected there")
        func corrections() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            let bad = "name,founded_year\nGood,1999\nBad,99\n"
            let file = try folder.file("in.csv", bad)
            func run(_ options: String..., isRemote: Bool) throws -> Outcome {
                let words = ["import", "organisations", file, "--match", "name"] + options
                return isRemote
                    ? try Program.run(words, environment: server.environment)
                    : try Program.run(words + ["--data", folder.data, "--deployment", Program.starter])
            }
            for isRemote in [false, true] {
                let rows = "in.csv.failed.csv"
                let before = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                #expect(try run("--dry-run", isRemote: isRemote).code == 2)
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == before)
                #expect(try run(isRemote: isRemote).code == 2)
                let written = try folder.text(rows)
                let corrected = written.replacingOccurrences(of: "Bad,99", with: "Bad,1998")
                _ = try folder.file(rows, corrected)
                // The same failure again, or none: in a dry run nothing happens to it.
                #expect(try run("--dry-run", isRemote: isRemote).code == 2)
                _ = try folder.file("in.csv", "name,founded_year\nGood,1999\n")
                #expect(try run("--dry-run", isRemote: isRemote).code == 0)
                #expect(try folder.text(rows) == corrected)
                // In earnest it stays while no row fails, and is put aside when one does.
                let kept = try run(isRemote: isRemote)
                #expect(kept.code == 0 && kept.errors.contains("may hold corrections; it stays"), "\(kept)")
                #expect(try folder.text(rows) == corrected)
                _ = try folder.file("in.csv", bad)
                let aside = try run(isRemote: isRemote)
                #expect(aside.code == 2 && aside.errors.contains("it is \(file).failed.1.csv now"), "\(aside)")
                #expect(try folder.text("in.csv.failed.1.csv") == corrected)
                #expect(try folder.text(rows) == written)
                // What nobody has changed is written anew.
                #expect(try run(isRemote: isRemote).code == 2)
                #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/in.csv.failed.2.csv"))
                _ = try folder.file("in.csv", "name,founded_year\nGood,1999\nBad,98\n")
                #expect(try run(isRemote: isRemote).code == 2)
                #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/in.csv.failed.2.csv"))
                _ = try folder.file("in.csv", bad)
                for name in [rows, "in.csv.failed.mapping.yaml", "in.csv.failed.1.csv", "in.csv.failed.1.mapping.yaml"] {
                    try? FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
                }
            }
        }

        @Test("corrected failed rows are read as their file was, though they alone could be read otherwise")
        func formatsOfFailedRows() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            let file = try folder.file(
                "people.csv", "Last name;Birthday;Email\nBerg;13.02.1990;berg@example.com\nHolm;01.02.1990;holm\n")
            for isRemote in [false, true] {
                func run(_ words: [String]) throws -> Outcome {
                    isRemote
                        ? try Program.run(words, environment: server.environment)
                        : try Program.run(words + ["--data", folder.data, "--deployment", Program.starter])
                }
                let first = try run(["import", "people", file, "--match", "primary_email"])
                #expect(first.code == 2 && first.output.hasSuffix("1 failed\nrows that failed: \(file).failed.csv\n"), "\(first)")
                #expect(first.errors.contains("tessera import people \(file).failed.csv"), "\(first)")
                let rows = try folder.file(
                    "people.csv.failed.csv",
                    try folder.text("people.csv.failed.csv").replacingOccurrences(of: ",holm,", with: ",holm@example.com,"))
                let second = try run(["import", "people", rows])
                #expect(second.code == 0 && second.errors.contains("mapping: \(file).failed.mapping.yaml"), "\(second)")
                #expect(
                    second.output == (isRemote ? "0 created, 0 updated, 1 unchanged" : "1 created, 0 updated, 0 unchanged") + ", 0 failed\n"
                )
            }
            let days = try server.http.get("/api/people?orderby=last_name").items.map { $0["birthday"] as? String }
            #expect(days == ["1990-02-13", "1990-02-01"])
        }

        @Test("reports a bad row with its reason, and takes it corrected")
        func failedRows() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            let file = try folder.file("in.csv", "name,employees,founded_year\nGood,10,1999\nBad,12,99\nToo,many,cells,here\n")
            let failed = "\(folder.path)/failed.csv"
            let first = try folder.tessera("import", "organisations", file, "--failed", failed)
            #expect(first.code == 2, "\(first.output)\(first.errors)")
            #expect(first.output.hasPrefix("1 created, 0 updated, 0 unchanged, 2 failed\n"))
            let rows = try folder.text("failed.csv").split(whereSeparator: \.isNewline).map(String.init)
            #expect(rows.first == "name,employees,founded_year,import_error")
            #expect(rows.count == 3)
            #expect(rows.contains { $0.hasPrefix("Bad,12,99,") && $0.contains("1000") })
            let corrected = try folder.file(
                "corrected.csv",
                try folder.text("failed.csv").replacingOccurrences(of: "Bad,12,99", with: "Bad,12,1999")
                    .replacingOccurrences(of: "Too,many,cells", with: "Too,3,2001").replacingOccurrences(of: ",here", with: ","))
            let second = try folder.tessera("import", "organisations", corrected, "--output", "json")
            #expect(second.code == 0, "\(second.errors)")
            #expect(try server.http.get("/api/organisations?orderby=name").items.map { $0["name"] as? String } == ["Bad", "Good", "Too"])
        }
    }
}
