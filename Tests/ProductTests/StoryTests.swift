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
                    .replacingOccurrences(of: "Too,many,cells", with: "Too,3,2001"))
            let second = try folder.tessera("import", "organisations", corrected, "--output", "json")
            #expect(second.code == 0, "\(second.errors)")
            #expect(try server.http.get("/api/organisations?orderby=name").items.map { $0["name"] as? String } == ["Bad", "Good", "Too"])
        }
    }
}
