import Foundation
import Glibc
import Testing

extension ProductTests {
    @Suite("Setting a deployment up")
    struct Setup {
        @Test(
            "is left to serve and apply: what only looks makes no database",
            arguments: [["doctor"], ["plan"], ["export", "people"], ["query", "explain", "people"], ["token", "list"], ["psql"]])
        func untouched(words: [String]) throws {
            let folder = try DataFolder()
            let outcome = try Program.run(words + ["--data", folder.data] + (words == ["psql"] ? [] : ["--deployment", Program.starter]))
            #expect(outcome.code == (words == ["doctor"] ? 1 : 3), "\(outcome.errors)")
            let said = outcome.output + outcome.errors
            #expect(
                said.contains("there is no database in \(folder.data)/postgres yet\n")
                    && said.contains("`tessera serve` or `tessera apply` sets one up"))
            #expect(!FileManager.default.fileExists(atPath: folder.data))
        }

        @Test(
            "commands typed while the very first start is under way wait for it, say so, and work, whatever the environment says to other clients"
        )
        func firstStart() throws {
            let folder = try DataFolder()
            let foreign = [
                "PGDATESTYLE": "German", "PGHOSTADDR": "127.0.0.9", "PGSERVICE": "none", "PGTARGETSESSIONATTRS": "read-only",
                "PGREQUIREPEER": "nobody",
            ]
            let output = try Program.temporaryFile()
            defer { close(output) }
            let words = ["serve", "--data", folder.data, "--deployment", Program.starter, "--listen", "127.0.0.1:0"]
            let server = try Program.spawn(Program.path, words, environment: foreign, output: output, errors: output)
            while !FileManager.default.fileExists(atPath: "\(folder.data)/postgres"), kill(server, 0) == 0 { poll(nil, 0, 2) }
            let file = try folder.file("people.csv", "Last name\nBerg\n")
            let commands = [
                ["psql", "--data", folder.data, "--", "-XAtc", "SELECT 'here ' || date '2026-11-28'"], ["plan"], ["doctor"],
                ["token", "list"],
                ["import", "people", file],
            ].map { $0[0] == "psql" ? $0 : $0 + ["--data", folder.data, "--deployment", Program.starter] }
            let running = try commands.map { words in
                let descriptor = try Program.temporaryFile()
                return (
                    words, try Program.spawn(Program.path, words, environment: foreign, output: descriptor, errors: descriptor), descriptor
                )
            }
            for (words, pid, descriptor) in running {
                let code = Program.wait(pid)
                let text = Program.text(of: descriptor)
                close(descriptor)
                #expect(code == 0, "\(words): \(text)")
                if words[0] == "psql" { #expect(text.hasSuffix("here 2026-11-28\n"), "\(text)") }
                if words[0] == "plan" { #expect(text.contains("matches the manifests"), "\(text)") }
            }
            kill(server, SIGTERM)
            #expect(Program.wait(server, within: .seconds(60)) == 0, "\(Program.text(of: output))")
        }

        @Test("a command that waits for a first start ends with Ctrl-C")
        func firstStartInterrupted() throws {
            let folder = try DataFolder()
            // This process holds the folder's lock and never brings a server up.
            try FileManager.default.createDirectory(atPath: "\(folder.data)/postgres", withIntermediateDirectories: true)
            let lock = open("\(folder.data)/postgres/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            defer { close(lock) }
            #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
            let name = Array("\(getpid())\n".utf8)
            #expect(write(lock, name, name.count) == name.count)
            let output = try Program.temporaryFile()
            defer { close(output) }
            let words = ["plan", "--data", folder.data, "--deployment", Program.starter]
            let pid = try Program.spawn(Program.path, words, environment: [:], output: output, errors: output)
            while !Program.text(of: output).contains("waiting: "), kill(pid, 0) == 0 { poll(nil, 0, 5) }
            kill(pid, SIGINT)
            #expect(Program.wait(pid, within: .seconds(60)) == 130)
            let text = Program.text(of: output)
            #expect(text.contains("waiting: the data folder \(folder.data)/postgres is in use by process \(getpid())"), "\(text)")
            #expect(text.hasSuffix("stopped\n"), "\(text)")
        }

        @Test("writes the lock beside the deployment, by the first serve and by apply alike")
        func lock() throws {
            let text = "deployment: 1\nname: mine\npaths: [\(Program.root)/manifests]\nmodules: { contacts: { version: \">=0.1\" } }\n"
            var locks: [String] = []
            for way in ["serve", "apply"] {
                let folder = try DataFolder()
                let file = try folder.file("mine.yaml", text)
                if way == "serve" {
                    _ = try RunningServer(folder, deployment: file).stop()
                } else {
                    _ = try folder.tessera("apply", deployment: file)
                }
                locks.append(try folder.text("mine.tessera.lock"))
            }
            #expect(locks[0] == locks[1] && locks[0].contains("contacts"))
        }

        @Test("is refused with 1 where stored values are in the way, and with what to do about them")
        func inTheWay() throws {
            let folder = try DataFolder()
            let head = "deployment: 1\nname: mine\npaths: [\(Program.root)/manifests]\nmodules: { contacts: { version: \">=0.1\" } }\n"
            let file = try folder.file("mine.yaml", head)
            let server = try RunningServer(folder, deployment: file)
            #expect(try server.http.send("POST", "/api/people", #"{"last_name": "Berg"}"#).status == 201)
            _ = try folder.file(
                "mine.yaml",
                head + "overlay: { extends: { contacts.person: { fields: { badge: { type: text, label: Badge, required: true } } } } }\n")
            for command in ["plan", "apply"] {
                let outcome = try folder.tessera(command, deployment: file)
                #expect(outcome.code == 1, "\(outcome.errors)")
                #expect((outcome.output + outcome.errors).contains("contacts.person.badge"))
            }
        }

        @Test("doctor names what was stored ahead of the clock")
        func clock() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            #expect(try server.http.send("POST", "/api/people", #"{"last_name": "Berg"}"#).status == 201)
            let fine = try folder.tessera("doctor")
            #expect(fine.code == 0 && fine.output.contains("ok   clock        nothing stored is of the future"), "\(fine.output)")
            _ = try folder.query("UPDATE contacts.person SET created_at = now() + interval '3 hours 1 minute'")
            let ahead = try folder.tessera("doctor")
            #expect(ahead.code == 1)
            #expect(ahead.output.contains("bad  clock        people has a moment 3 hours ahead of the database's clock"), "\(ahead.output)")
            #expect(ahead.output.contains("timedatectl set-ntp true"))
            // In the order in which they wander.
            for table in ["outbox", "event"] { _ = try folder.query("UPDATE tessera.\(table) SET at = now() + interval '3 days 1 hour'") }
            let events = try folder.tessera("doctor")
            #expect(events.output.contains("bad  clock        the event log has a moment 3 days ahead"), "\(events.output)")
        }

        @Test("limits what each principal may send, as the deployment file says, and options of the command before it")
        func rateLimits() throws {
            let folder = try DataFolder()
            let head = "deployment: 1\nname: mine\npaths: [\(Program.root)/manifests]\nmodules: { contacts: { version: \">=0.1\" } }\n"
            let file = try folder.file("mine.yaml", head + "limits: { rate: 3/3600 }\n")
            let server = try RunningServer(folder, deployment: file)
            let answers = try (1...4).map { _ in try server.http.get("/api/people/$count") }
            #expect(answers.map(\.status) == [200, 200, 200, 429])
            #expect(answers[0].headers["ratelimit-policy"] == "\"principal\";q=3;w=3600")
            let token = server.http.token
            server.stop()
            let administrator = "00000000-0000-7000-8000-000000000001"
            _ = try folder.file("mine.yaml", head + "limits:\n  rate: 3/3600\n  rates: { \(administrator): 5/3600 }\n")
            let other = try RunningServer(folder, deployment: file, token: token)
            #expect(try other.http.get("/api/people/$count").headers["ratelimit-policy"] == "\"principal\";q=5;w=3600")
            other.stop()
            let last = try RunningServer(folder, deployment: file, token: token, options: ["--rate-limit-of", "\(administrator)=7/3600"])
            #expect(try last.http.get("/api/people/$count").headers["ratelimit-policy"] == "\"principal\";q=7;w=3600")
        }

        @Test("tells a broken condition together with the errors around it")
        func allAtOnce() throws {
            let folder = try DataFolder()
            let file = try folder.file(
                "mine.yaml",
                """
                deployment: 1
                name: mine
                time_zone: Europe/Osl
                overlay:
                  types:
                    job:
                      collection: tasks
                      label: Job
                      colour: red
                      fields:
                        title: { type: text }
                        pages: { type: integer, required_when: "missing eq 1" }
                        price: { type: mony }
                        place: { type: address }
                      rules:
                        - { id: short, check: "pages le", message: Too long }
                        - { id: typed, check: "title gt 5", message: Odd }
                        - { id: named, check: "titel ne 'x' or price gt 5", message: Odd }
                        - { id: doubted, check: "price gt 5 and price_currency eq 'EUR'", message: Odd }
                        - { id: part, check: "place/town eq 'Oslo'", message: Odd }
                  views:
                    tasks: { type: job, columns: [title], filter: "pags gt 5", order: titl desc }
                  roles:
                    reader: { grants: { job: { read: all, fields: { pagse: { read: none } } } } }

                """)
            let outcome = try Program.run(["check", "--deployment", file])
            #expect(outcome.code == 1)
            let parts = [
                "11 errors", "3:12", "did you mean Europe/Oslo?", "colour", "12:49: error:", "'missing'", "13:24: error:",
                "did you mean money?",
                "16:", "17:", "18:32: error:", "did you mean title?", "20:37: error:", "'town'", "22:52: error:", "did you mean pages?",
                "22:71: error:",
                "24:53: error:",
            ]
            for part in parts { #expect(outcome.errors.contains(part), "\(part) in \(outcome.errors)") }
            // They may be the names of something that is broken.
            #expect(!outcome.errors.contains(":19:"), "\(outcome.errors)")
        }

        @Test("shows what a composition contains: modules with their types, extensions, settings, views, roles and events")
        func contents() throws {
            let folder = try DataFolder()
            let file = try folder.file(
                "mine.yaml",
                """
                deployment: 1
                name: mine
                paths: [\(Program.root)/manifests]
                modules: { contacts: { version: ">=0.1" } }
                overlay:
                  types:
                    visit: { collection: visits, label: Visit, fields: { day: { type: date, required: true } } }
                  extends:
                    contacts.person: { fields: { tier: { type: text } } }
                  roles:
                    reader: { grants: { visit: { read: all } } }

                """)
            let outcome = try Program.run(["check", "--deployment", file])
            #expect(outcome.code == 0, "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n").map(String.init)
            #expect(lines.first == "\(file): fine")
            #expect(lines.contains { $0.hasPrefix("contacts 0.") && $0.hasSuffix("  Contacts") }, "\(outcome.output)")
            for line in [
                "  settings  default_region (text)", "  roles     contacts.rep: contacts.person, contacts.organisation",
                "  events    contacts.person_reached: person, channel", "custom  what the deployment adds itself",
                "  types     custom.visit: visits, 1 field", "  extends   contacts.person: tier", "  roles     custom.reader: custom.visit",
            ] {
                #expect(lines.contains(line), "\(line) in \(outcome.output)")
            }
            let json = try Program.run(["check", "--deployment", file, "--output", "json"])
            let object = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
            let modules = try #require(object["modules"] as? [[String: Any]])
            #expect(object["deployment"] as? String == "mine" && modules.map { $0["id"] as? String } == ["contacts", "custom"])
            let event = try #require((modules[0]["events"] as? [[String: Any]])?.first)
            #expect(event["id"] as? String == "contacts.person_reached")
            let carried = try #require(event["fields"] as? [[String: Any]])
            #expect(carried.map { $0["type"] as? String } == ["link", "text"])
            #expect((modules[1]["types"] as? [[String: Any]])?.first?["id"] as? String == "custom.visit")
        }

        @Test("says of a setting that a module refuses that it is a setting, and where it stands")
        func refusedSetting() throws {
            let folder = try DataFolder()
            let file = try folder.file(
                "mine.yaml",
                "deployment: 1\nname: mine\npaths: [\(Program.root)/manifests]\n"
                    + "modules: { contacts: { version: \">=0.1\", settings: { default_region: XX } } }\n")
            let outcome = try Program.run(["doctor", "--data", folder.data, "--deployment", file])
            let lines = outcome.output.components(separatedBy: "\n")
            let settings = try #require(lines.firstIndex { $0.hasPrefix("bad  settings") }, "\(outcome.output)")
            #expect(lines[settings].contains("'default_region' is 'XX'"), "\(outcome.output)")
            #expect(lines[settings + 1].contains("→ give them values under `settings` in \(file)"), "\(outcome.output)")
            #expect(outcome.output.contains("bad  modules") && !outcome.output.contains("build them"), "\(outcome.output)")
        }

        @Test("doctor looks at the disk of uploads beside a database elsewhere, and says one remedy for each thing")
        func databaseElsewhere() throws {
            let folder = try DataFolder()
            let words = ["doctor", "--data", folder.data, "--deployment", Program.starter, "--output", "json"]
            let outcome = try Program.run(words, environment: ["TESSERA_DATABASE_URL": "postgresql://127.0.0.1:1/none"])
            #expect(outcome.code == 1)
            let findings = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
            func finding(_ name: String) -> [String: Any]? { findings.first { $0["check"] as? String == name } }
            let database = try #require(finding("database"))
            #expect(database["mend"] as? String == "Start it, or correct TESSERA_DATABASE_URL.", "\(database)")
            #expect((database["detail"] as? String)?.contains("TESSERA_DATABASE_URL") == false, "\(database)")
            // The folder of uploads isn't there yet; what counts is where it will be.
            #expect((finding("disk")?["detail"] as? String)?.hasSuffix(" free at \(folder.path)") == true, "\(findings)")
            let own = try Program.run(words)
            let missing = try #require(try JSONSerialization.jsonObject(with: Data(own.output.utf8)) as? [[String: Any]])
            #expect(missing.count { $0["check"] as? String == "disk" } == 1, "\(missing)")
            let mends = missing.compactMap { $0["check"] as? String == "database" ? $0["mend"] as? String : nil }
            #expect(mends.count == 1 && mends[0].hasPrefix("`tessera serve` or `tessera apply` sets one up."), "\(missing)")
        }

        @Test("needs the secrets of modules without code as well, and doctor says which")
        func secrets() throws {
            let folder = try DataFolder()
            try FileManager.default.createDirectory(atPath: "\(folder.path)/manifests", withIntermediateDirectories: true)
            _ = try folder.file(
                "manifests/plain.yaml",
                """
                manifest: 1
                id: plain
                version: "1.0.0"
                name: Plain
                license: Apache-2.0
                platform: ">=0.1"
                run: { mode: data }
                settings: { key: { type: secret, label: Key, required: true } }

                """)
            let file = try folder.file(
                "mine.yaml", "deployment: 1\nname: mine\nmodules: { plain: { settings: { key: { env: TESSERA_TEST_KEY } } } }\n")
            let words = ["doctor", "--data", folder.data, "--deployment", file]
            let missing = try Program.run(words)
            #expect(missing.output.contains("bad  settings"), "\(missing.output)")
            #expect(missing.output.contains("TESSERA_TEST_KEY isn't set"))
            #expect(try Program.run(words, environment: ["TESSERA_TEST_KEY": "s3cret"]).output.contains("1 setting"))
            let serve = try Program.run(["serve", "--data", folder.data, "--deployment", file, "--listen", "127.0.0.1:0"])
            #expect(serve.code == 1 && serve.errors.contains("TESSERA_TEST_KEY isn't set"), "\(serve.errors)")
        }
    }
}
