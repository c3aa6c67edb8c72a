import Foundation
import Glibc
import Testing

extension ProductTests {
    @Suite("Composing a deployment")
    struct Composing {
        private static let contacts = """
            paths: [\(Program.root)/manifests]
            modules:
              contacts: { version: ">=0.1 <1.0", settings: { default_region: US } }
            """
        private static let head = "deployment: 1\nname: mine\ncurrency: USD\ntime_zone: UTC\n"
        private static let overlay = """
            overlay:
              extends:
                contacts.person:
                  fields:
                    loyalty_tier:
                      type: choice
                      label: Loyalty tier
                      choices: { bronze: { label: Bronze }, silver: { label: Silver }, gold: { label: Gold } }
            """

        @Test("takes an overlay's field up in the running server, everywhere")
        func overlay() throws {
            let folder = try DataFolder()
            let plain = try folder.file("mine.yaml", "\(Self.head)\(Self.contacts)\n")
            let server = try RunningServer(folder, deployment: plain)
            #expect(try server.http.send("POST", "/api/people", #"{"last_name": "Early"}"#).status == 201)
            #expect(try server.http.send("POST", "/api/people", #"{"last_name": "No", "loyalty_tier": "gold"}"#).status == 400)
            // The server reads the file anew when the database has changed.
            let mine = try folder.file("mine.yaml", "\(Self.head)\(Self.contacts)\n\(Self.overlay)\n")
            let refused = try Program.run([
                "export", "people", "--data", folder.data, "--deployment", mine,
            ])
            #expect(refused.code == 1)
            #expect(refused.errors.contains("tessera apply --deployment \(mine)"))

            let plan = try folder.tessera("plan", deployment: mine)
            #expect(plan.code == 0, "\(plan.errors)")
            #expect(plan.output.components(separatedBy: "ADD COLUMN").count - 1 == 1)
            let script = try folder.tessera("plan", "--sql", deployment: mine)
            #expect(
                script.output == """
                    -- All or nothing, in one transaction
                    ALTER TABLE "contacts"."person" ADD COLUMN "loyalty_tier" text COLLATE "C";


                    """)
            let json = try folder.tessera("plan", "--output", "json", deployment: mine)
            let parsed = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
            let steps = try #require(parsed["steps"] as? [[String: Any]])
            #expect(steps.count == 1, "\(json.output)")
            #expect((steps.first?["sql"] as? String)?.contains("ADD COLUMN") == true)

            let apply = try folder.tessera("apply", deployment: mine)
            #expect(apply.code == 0 && apply.output == "1 step done\n", "\(apply.errors)")
            #expect(try folder.tessera("apply", deployment: mine).output == "nothing to do\n")
            try waitUntil("the server knows loyalty_tier") {
                try server.http.get("/api/openapi.json").text.contains("loyalty_tier")
            }
            #expect(try server.http.get("/api/$metadata").text.contains("loyalty_tier"))
            #expect(try server.http.send("POST", "/api/people", #"{"last_name": "Rich", "loyalty_tier": "gold"}"#).status == 201)
            #expect(try server.http.send("POST", "/api/people", #"{"last_name": "Odd", "loyalty_tier": "tin"}"#).status == 400)
            let file = try folder.file("tiers.csv", "Last name,Loyalty tier\nPoor,Bronze\n")
            #expect(try folder.tessera("import", "people", file, deployment: mine).code == 0)
            let gold = try server.http.get("/api/people?filter=loyalty_tier eq 'gold'&select=last_name").items
            #expect(gold.map { $0["last_name"] as? String } == ["Rich"])
            let export = try folder.tessera("export", "people?filter=loyalty_tier ne null&orderby=last_name", deployment: mine)
            let rows = export.output.split(whereSeparator: \.isNewline).map { $0.split(separator: ",", omittingEmptySubsequences: false) }
            let column = try #require(rows.first?.firstIndex(of: "loyalty_tier"))
            #expect(rows.dropFirst().map { $0[column] } == ["bronze", "gold"])
            #expect(server.log.components(separatedBy: "are in force").count == 2, "\(server.log)")
        }

        @Test("tells loops that were there before a link could have none, and takes the rule up in the running server")
        func loops() throws {
            func overlay(_ option: String) -> String {
                "overlay: { types: { unit: { collection: units, display: name, fields: { name: { type: text, unique: true }, "
                    + "parent: { type: link, to: unit\(option) } } } } }\n"
            }
            let folder = try DataFolder()
            let mine = try folder.file("mine.yaml", "\(Self.head)\(Self.contacts)\n\(overlay(""))")
            let server = try RunningServer(folder, deployment: mine)
            let file = try folder.file("units.csv", "name,parent\na,b\nb,a\nc,\n")
            #expect(try folder.tessera("import", "units", file, deployment: mine).output.hasPrefix("3 created"))
            _ = try folder.file("mine.yaml", "\(Self.head)\(Self.contacts)\n\(overlay(", acyclic: true"))")
            let applied = try folder.tessera("apply", "--output", "json", deployment: mine)
            #expect(applied.code == 0 && applied.output.hasPrefix("{\"steps\":0,"), "\(applied)")
            #expect(applied.errors.contains("warning: custom.unit.parent: 2 units are in loops of Parent ("), "\(applied.errors)")
            #expect(applied.output.contains("\"field\":\"parent\"") && applied.output.contains("\"records\":2"), "\(applied.output)")
            let doctor = try folder.tessera("doctor", deployment: mine)
            #expect(doctor.code == 1 && doctor.output.contains("bad  links        custom.unit.parent: 2 units"), "\(doctor.output)")
            try waitUntil("the rule is in force") { server.log.contains("are in force") }
            func refused(_ unit: String, _ parent: String) throws -> Bool {
                let answer = try server.http.send("PATCH", "/api/units(name='\(unit)')", "{\"parent\": {\"name\": \"\(parent)\"}}")
                return answer.status == 400 && answer.text.contains("records.link_loop")
            }
            #expect(try refused("c", "c") && !refused("a", "c") && refused("c", "b"))
            #expect(try folder.tessera("doctor", deployment: mine).output.contains("ok   links"))
        }

        @Test("says that changed settings of modules wait for a restart, and claims nothing else")
        func settings() throws {
            let folder = try DataFolder()
            let mine = try folder.file("mine.yaml", "\(Self.head)\(Self.contacts)\n")
            func phone(_ http: HTTP) throws -> String? {
                let made = try http.send("POST", "/api/people", #"{"last_name": "Call", "phones": [{"number": "22 12 34 56"}]}"#)
                #expect(made.status == 201, "\(made.text)")
                return made.text.firstRange(of: "+47").map { _ in "NO" }
            }
            let server = try RunningServer(folder, deployment: mine)
            #expect(try phone(server.http) == nil)
            _ = try folder.file("mine.yaml", "\(Self.head)\(Self.contacts.replacing("US", with: "NO"))\n")
            #expect(try folder.tessera("apply", deployment: mine).output == "nothing to do\n")
            try waitUntil("the server tells of the settings") { server.log.contains("Changed: settings of contacts.") }
            #expect(server.log.contains("restart the server") && !server.log.contains("are in force"), "\(server.log)")
            #expect(try server.http.get("/readyz").text == #"{"status":"ready"}"#)
            #expect(try phone(server.http) == nil)
            // Types and fields are taken up all the same, and the settings told once.
            _ = try folder.file("mine.yaml", "\(Self.head)\(Self.contacts.replacing("US", with: "NO"))\n\(Self.overlay)\n")
            #expect(try folder.tessera("apply", deployment: mine).output == "1 step done\n")
            try waitUntil("the server takes up the field") { server.log.contains("apart from what needs a restart") }
            #expect(try server.http.get("/api/openapi.json").text.contains("loyalty_tier"))
            #expect(server.log.components(separatedBy: "settings of contacts").count == 2, "\(server.log)")
            server.stop()
            let next = try RunningServer(folder, deployment: mine, token: server.printedToken ?? "")
            #expect(try phone(next.http) == "NO")
            next.stop()
        }

        @Test("isn't ready while the database has another schema than it serves, and takes it up once its files can be read")
        func readiness() throws {
            let folder = try DataFolder()
            let mine = try folder.file("mine.yaml", "\(Self.head)\(Self.contacts)\n")
            let server = try RunningServer(folder, deployment: mine)
            #expect(try server.http.get("/readyz").text == #"{"status":"ready"}"#)
            // Applied from elsewhere, while the server's own file is broken.
            _ = try folder.file("mine.yaml", "deployment: [\n")
            let other = try folder.file("other.yaml", "\(Self.head)\(Self.contacts)\n\(Self.overlay)\n")
            #expect(try folder.tessera("apply", deployment: other).code == 0)
            let answer = try server.http.get("/readyz")
            #expect(answer.status == 503 && answer.text.contains(#""part":"schema""#), "\(answer.text)")
            #expect(answer.text.contains("tessera apply") && answer.text.contains("restart the server"))
            // Whoever asks without a token learns nothing of the machine.
            #expect(!answer.text.contains("mine.yaml") && !answer.text.contains("/"), "\(answer.text)")
            try waitUntil("the server tried the broken file") { server.log.contains("can't be taken up yet") }
            // A file that can be read and still isn't what was applied is tried again and again, and told once.
            _ = try folder.file("mine.yaml", "\(Self.head)\(Self.contacts)\n")
            try waitUntil("the server found another schema") { server.log.contains("doesn't match \(mine)") }
            poll(nil, 0, 3_000)
            #expect(server.log.components(separatedBy: "doesn't match").count == 2, "\(server.log)")
            #expect(server.log.components(separatedBy: "can't be taken up yet").count == 2, "\(server.log)")
            _ = try folder.file("mine.yaml", "\(Self.head)\(Self.contacts)\n\(Self.overlay)\n")
            try waitUntil("the server is ready again") { try server.http.get("/readyz").status == 200 }
            #expect(try server.http.get("/api/openapi.json").text.contains("loyalty_tier"))
        }

        @Test("works on while a schema is applied beside it; a server that starts meanwhile waits for the apply")
        func besideApply() throws {
            let folder = try DataFolder()
            let mine = try folder.file("mine.yaml", "\(Self.head)\(Self.contacts)\n")
            let server = try RunningServer(folder, deployment: mine)
            #expect(try server.http.send("POST", "/api/people", #"{"last_name": "Early"}"#).status == 201)
            let (reading, applying, starting) = (
                try Program.temporaryFile(), try Program.temporaryFile(), try Program.temporaryFile()
            )
            defer { [reading, applying, starting].forEach { close($0) } }
            func spawn(_ words: [String], _ log: Int32) throws -> pid_t {
                try Program.spawn(Program.path, words, environment: [:], output: log, errors: log)
            }
            // An old snapshot, for which the build of an index waits.
            let hold = "SELECT pg_sleep(600)"
            let commands = ["BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM contacts.organisation", hold]
            let reader = try spawn(["psql", "--data", folder.data, "--", "-Xq"] + commands.flatMap { ["-c", $0] }, reading)
            defer { _ = Program.wait(reader, within: .seconds(20)) }
            try waitUntil("the reader holds its snapshot") {
                try folder.query("SELECT count(*) FROM pg_stat_activity WHERE query = '\(hold)'") == ["1"]
            }
            let field = "type: choice, required: true, default: silver, choices: { silver: {}, gold: {} }"
            _ = try folder.file(
                "mine.yaml",
                "\(Self.head)\(Self.contacts)\noverlay: { extends: { contacts.person: { fields: { tier: { \(field) } }, indexes: [{ fields: [tier] }] } } }\n"
            )
            let options = ["--data", folder.data, "--deployment", mine]
            let apply = try spawn(["apply"] + options, applying)
            try waitUntil("the index is being built") { try folder.query("SELECT count(*) FROM pg_stat_progress_create_index") == ["1"] }

            #expect(try server.http.send("POST", "/api/people", #"{"last_name": "Meanwhile"}"#).status == 201)
            #expect(try server.http.get("/readyz").status == 200)
            #expect(server.end(SIGKILL) == 128 + SIGKILL)
            let next = try spawn(["serve", "--listen", "127.0.0.1:0"] + options, starting)
            try waitUntil("the next server waits") {
                Program.text(of: starting).contains("waiting for the `tessera apply` that is under way")
            }
            #expect(try folder.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = '\(hold)'") == ["t"])
            #expect(Program.wait(apply, within: .seconds(60)) == 0, "\(Program.text(of: applying))")
            try waitUntil("the next server serves") { Program.text(of: starting).contains("serving http") }
            #expect(try folder.query("SELECT tier FROM contacts.person ORDER BY last_name") == ["silver", "silver"])
            kill(next, SIGTERM)
            #expect(Program.wait(next, within: .seconds(60)) == 0, "\(Program.text(of: starting))")
        }

        @Test("refuses to serve a schema that doesn't match, and says what to type")
        func mismatch() throws {
            let folder = try DataFolder()
            let plain = try folder.file("mine.yaml", "\(Self.head)\(Self.contacts)\n")
            try RunningServer(folder, deployment: plain).stop()
            let other = try folder.file("other.yaml", "\(Self.head)\(Self.contacts)\n\(Self.overlay)\n")
            let outcome = try folder.tessera("serve", "--listen", "127.0.0.1:0", deployment: other)
            #expect(outcome.code == 1)
            #expect(outcome.output.isEmpty)
            // What it says is typed as it stands.
            let typed = outcome.errors.split(separator: "\n").compactMap { line in
                line.firstRange(of: "tessera ").map { line[$0.upperBound...].split(separator: " ").map(String.init) }
            }.filter { ["plan", "apply"].contains($0[0]) }
            #expect(typed.map { $0[0] } == ["plan", "apply"], "\(outcome.errors)")
            for words in typed { #expect(try Program.run(words).code == 0, "\(words)") }
            try RunningServer(folder, deployment: other).stop()
        }

        @Test("a deployment without contacts has no schema, table, route or collection of it")
        func withoutContacts() throws {
            let folder = try DataFolder()
            let bare = try folder.file(
                "bare.yaml",
                Self.head + "overlay:\n  types:\n    thing:\n      collection: things\n      label: Thing\n      display: name\n"
                    + "      fields: { name: { type: text, label: Name } }\n")
            let server = try RunningServer(folder, deployment: bare)
            #expect(try server.http.get("/api/things").status == 200)
            #expect(try server.http.get("/api/people").status == 404)
            #expect(try server.http.get("/api/organisations").status == 404)
            let metadata = try server.http.get("/api/$metadata").text
            #expect(metadata.contains("things") && !metadata.contains("contacts") && !metadata.contains("people"))
            #expect(try !server.http.get("/api/openapi.json").text.contains("people"))
            let sql = "select count(*) from pg_namespace where nspname = 'contacts'"
            #expect(try folder.query(sql) == ["0"])
            #expect(try folder.query("select count(*) from tessera.artifact where owner = 'contacts'") == ["0"])
        }
    }
}

/// Asks until a condition holds that another process brings about.
func waitUntil(_ what: String, _ condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
        if try condition() { return }
        poll(nil, 0, 20)
    }
    throw TestFailure("not within 20 s: \(what)")
}
