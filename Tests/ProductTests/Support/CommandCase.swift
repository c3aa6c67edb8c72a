/// One use of the command line, with what it has to answer.
struct CommandCase: Sendable, CustomStringConvertible {
    let words: [String]
    let code: Int32
    let errors: [String]
    let output: String
    let environment: [String: String]

    init(_ words: [String], code: Int32, errors: [String] = [], output: String = "", environment: [String: String] = [:]) {
        self.words = words
        self.code = code
        self.errors = errors
        self.output = output
        self.environment = environment
    }

    var description: String { "tessera \(words.joined(separator: " "))" }

    /// Commands that do something; `query` and `token` only group others.
    static let commands = [
        "serve", "check", "plan", "apply", "import", "export", "query run", "query parse", "query explain", "changes list",
        "changes show", "undo", "history", "events status", "events tail", "events parked", "events retry",
        "events skip", "events edit-and-retry", "events replay", "events pause", "events resume", "jobs list", "jobs show", "jobs watch",
        "jobs cancel",
        "token issue", "token list", "token revoke",
        "files collect", "files check", "seed", "psql", "doctor", "explain access",
    ]

    /// What commands can't do without.
    static let arguments = [
        "import": ["people", "people.csv"], "export": ["people"], "query parse": ["top=1"], "query explain": ["people"],
        "query run": ["people"], "changes show": ["id"], "undo": ["id"], "jobs show": ["id"], "jobs watch": ["id"], "jobs cancel": ["id"],
        "events retry": ["id"], "events skip": ["id", "--all"], "events edit-and-retry": ["id", "1", "{}"],
        "events replay": ["id", "--from", "1"],
        "events pause": ["id"], "events resume": ["id"], "token revoke": ["id"], "history": ["people", "id"],
        "explain access": ["people", "id"],
    ]

    /// Run in a folder with `mine.yaml`, whose database is set up and served, and the files of `CommandFolder`.
    static let all =
        wrongDeployments + wrongData + wrongQueries + wrongImports + wrongOthers + unreachable + wrongServers + wrongAtServer

    private static let wrongDeployments =
        ["serve", "check", "plan", "apply", "seed", "doctor"].map {
            CommandCase(
                [$0, "--deployment", "missing.yaml"], code: 1,
                errors: $0 == "doctor" ? [] : ["missing.yaml", "No such file", "--deployment"],
                output: $0 == "doctor" ? "bad  deployment" : "")
        } + [
            CommandCase(["check", "--deployment", "/tmp"], code: 1, errors: ["/tmp:1:1: error: /tmp is a folder; name a file"]),
            CommandCase(
                ["check", "--deployment", "broken.yaml"], code: 1,
                errors: ["1 error; nothing was changed", "broken.yaml:3:1: error: expected ',' or ']'"]),
            CommandCase(
                ["check", "--deployment", "wrong.yaml"], code: 1,
                errors: [
                    "3 errors; nothing was changed", "wrong.yaml:1:1: error: the key 'name' is missing", "wrong.yaml:2:1: error: nam:",
                    "did you mean name?", "wrong.yaml:4:11: error: currency:",
                ]),
            CommandCase(
                ["check", "--deployment", "absent.yaml"], code: 1,
                errors: ["absent.yaml:4:12: error: modules.contact: no module 'contact' was found", "did you mean contacts?"]),
            CommandCase(
                ["check", "--deployment", "wrong.yaml", "--output", "json"], code: 1,
                output: #"{"errors":[{"code":"manifest.missing_key","column":1,"file":"wrong.yaml","key_path":"","line":1,"#),
            CommandCase(
                ["plan", "--deployment", "wrong.yaml", "--output", "json"], code: 1,
                output: #"{"errors":[{"code":"manifest.missing_key","column":1,"file":"wrong.yaml","key_path":"","line":1,"#),
            CommandCase(
                ["apply", "--deployment", "absent.yaml", "--output", "json"], code: 1,
                output:
                    #"{"errors":[{"code":"manifest.missing_module","column":12,"file":"absent.yaml","key_path":"modules.contact","line":4,"#
            ),
            CommandCase(["plan", "--deployment", "wrong.yaml"], code: 1, errors: ["wrong.yaml:2:1: error:"]),
            CommandCase(["apply", "--deployment", "wrong.yaml"], code: 1, errors: ["wrong.yaml:2:1: error:"]),
            CommandCase(["serve", "--deployment", "wrong.yaml"], code: 1, errors: ["wrong.yaml:2:1: error:"]),
            CommandCase(["export", "people", "--deployment", "more.yaml"], code: 1, errors: ["tessera apply --deployment more.yaml"]),
            CommandCase(["token", "list", "--deployment", "more.yaml"], code: 1, errors: ["tessera apply --deployment more.yaml"]),
            CommandCase(["doctor", "--deployment", "more.yaml"], code: 1, output: "tessera apply --deployment more.yaml --data "),
        ]

    private static let wrongData =
        ["plan", "apply", "psql"].map {
            CommandCase([$0, "--data", "people.csv"], code: 3, errors: ["people.csv/postgres", "--data", "TESSERA_DATABASE_URL"])
        } + [
            CommandCase(["serve", "--data", "/proc/nobody"], code: 3, errors: ["/proc/nobody", "--data", "TESSERA_DATABASE_URL"]),
            CommandCase(
                ["serve", "--listen", "nonsense"], code: 64, errors: ["--listen takes host:port, such as 127.0.0.1:8080, not 'nonsense'"]),
            CommandCase(["serve", "--listen", "127.0.0.1:99999"], code: 64, errors: ["--listen takes host:port"]),
        ]

    private static let wrongQueries = [
        CommandCase(["export", "peple"], code: 1, errors: ["no collection 'peple'; did you mean people?"]),
        CommandCase(
            ["export", "people?filter=lastname eq 'x'"], code: 1, errors: ["column 15: ", "'lastname'", "Did you mean 'last_name'?"]),
        CommandCase(["export", "people?filter=last_name eq"], code: 1, errors: ["column 27: Expected a blank and an operand after 'eq'."]),
        CommandCase(["export", "people?flter=true"], code: 1, errors: ["no query option 'flter'; did you mean filter?"]),
        CommandCase(
            ["export", "people", "--file", "none/out.csv"], code: 1, errors: ["none/out.csv can't be written: No such file or directory"]),
        CommandCase(["query", "explain", "peple"], code: 1, errors: ["did you mean people?"]),
        CommandCase(["query", "explain", "people?filter=last_name eq 5"], code: 1, errors: ["column 28: ", "text stands in quotes"]),
        CommandCase(["query", "parse", "filter=a eq"], code: 1, errors: ["column 12: Expected a blank and an operand after 'eq'."]),
        CommandCase(["query", "parse", "--expression", "a = 1"], code: 1, errors: ["column 3: ", "eq"]),
        CommandCase(["query", "parse"], code: 64, errors: ["<text>"]),
    ]

    private static let wrongImports = [
        CommandCase(["import", "peple", "people.csv"], code: 1, errors: ["did you mean people?"]),
        CommandCase(["import", "people", "missing.csv"], code: 1, errors: ["missing.csv can't be read: No such file or directory"]),
        CommandCase(["import", "people", "/tmp"], code: 1, errors: ["/tmp can't be read: no regular file"]),
        CommandCase(["import", "people", "empty.csv"], code: 1, errors: ["empty.csv is empty; its first row must name the columns"]),
        CommandCase(
            ["import", "people", "strange.csv"], code: 1, errors: ["no column of strange.csv fills a property of people", "--save-mapping"]),
        CommandCase(
            ["import", "people", "people.csv", "--match", "lastname"], code: 1, errors: ["no property 'lastname'; did you mean last_name?"]),
        CommandCase(["import", "people", "people.csv", "--match", ""], code: 64, errors: ["--match names no property", "leave it out"]),
        CommandCase(["import", "people", "people.csv", "--match", " , "], code: 64, errors: ["--match names no property"]),
        CommandCase(
            ["import", "people", "people.csv", "--mapping", "missing.yaml"], code: 1,
            errors: ["the mapping missing.yaml can't be read: No such file or directory"]),
        CommandCase(
            ["import", "people", "people.csv", "--mapping", "people.csv"], code: 1, errors: ["people.csv:1:1: error: must be a mapping"]),
        CommandCase(
            ["import", "people", "people.csv", "--save-mapping", "none/m.yaml"], code: 1, errors: ["none/m.yaml can't be written"]),
        CommandCase(["import", "people", "people.csv", "--failed", "none/f.csv"], code: 1, errors: ["none/f.csv can't be written"]),
        CommandCase(
            ["import", "people", "bad.csv", "--failed", "/dev/null"], code: 2, errors: ["line 2: Birthday: '2020-99-99' is not a date"],
            output: "0 created, 0 updated, 0 unchanged, 1 failed"),
        CommandCase(["import", "people"], code: 64, errors: ["<file>"]),
        CommandCase(["import", "nosuch", "people.csv"], code: 1, errors: ["no collection 'nosuch'; there is ", "organisations, people"]),
        CommandCase(
            ["import", "people", "people.csv", "--match", "xyzzy"], code: 1,
            errors: ["match: people have no property 'xyzzy'; the file fills last_name, birthday"]),
        CommandCase(
            ["import", "people", "people.csv", "--failed", "./people.csv"], code: 1,
            errors: ["./people.csv is the same file as people.csv", "overwritten", "Name another one with --failed"]),
        CommandCase(
            ["import", "people", "people.csv", "--save-mapping", "people.csv"], code: 1,
            errors: ["the same file as people.csv", "--save-mapping"]),
        CommandCase(
            ["import", "people", "people.csv", "--save-mapping", "new.txt", "--failed", "./new.txt"], code: 1,
            errors: ["./new.txt is the same file as new.txt", "--failed"]),
        CommandCase(
            ["import", "people", "people.csv", "--failed", "mine.yaml"], code: 1, errors: ["the same file as mine.yaml"]),
        CommandCase(
            ["export", "people", "--file", "mine.yaml"], code: 1, errors: ["the same file as mine.yaml", "Name another one with --file"]),
        CommandCase(
            ["export", "people", "--file", "/dev/full"], code: 1,
            errors: ["/dev/full can't be written: No space left on device. Make room there, or write to another place."]),
        CommandCase(
            ["import", "people", "twoways.csv"], code: 1,
            errors: [
                "Birthday  →  birthday  (dates like d/M/yyyy or M/d/yyyy?)",
                "the column 'Birthday' can be read in several ways: d/M/yyyy or M/d/yyyy", "--save-mapping FILE writes the mapping",
            ]),
    ]

    private static let wrongOthers = [
        CommandCase(["changes", "show", "123"], code: 1, errors: ["'123' is no id; see `tessera changes list`"]),
        CommandCase(["changes", "list", "--limit", "0"], code: 64, errors: ["--limit takes a number from 1 on"]),
        CommandCase(["history", "people", "123"], code: 1, errors: ["'123' is no id of a record"]),
        CommandCase(["history", "peple", nobody], code: 1, errors: ["no collection 'peple'; did you mean people?"]),
        CommandCase(["history", "people", nobody], code: 1, errors: ["there is no record \(nobody) in people"]),
        CommandCase(["events", "tail", "--from", "0"], code: 64, errors: ["--from takes a position, a number from 1 on"]),
        CommandCase(["events", "tail", "--topic", "Person!"], code: 1, errors: ["'Person!' names no topics", "module.type.updated"]),
        CommandCase(
            ["events", "retry", "nobody.x"], code: 1, errors: ["There is no subscription 'nobody.x'; `tessera events` lists them."]),
        CommandCase(["events", "skip", "nobody.x"], code: 64, errors: ["Name positions, or --all"]),
        CommandCase(
            ["events", "edit-and-retry", "nobody.x", "1", "[]"], code: 1, errors: ["the values are an object of JSON"]),
        CommandCase(["events", "replay", "nobody.x", "--from", "soon"], code: 1, errors: ["--from takes a position from 1 on, or a time"]),
        CommandCase(
            ["events", "replay", "tessera.history", "--from", "1"], code: 1, errors: ["tessera.history is the platform's own"]),
        CommandCase(["undo", "0197a3f2-5c1e-7d42-9b1a-3f0c8d2e4a61"], code: 1, errors: ["no change set"]),
        CommandCase(
            ["jobs", "cancel", "0197a3f2-5c1e-7d42-9b1a-3f0c8d2e4a61"], code: 1, errors: ["there is no job", "tessera jobs list"]),
        CommandCase(["nonsense"], code: 64, errors: ["nonsense", "tessera --help"]),
        CommandCase(["plan", "--output", "xml"], code: 64, errors: ["'xml' is invalid", "'text' and 'json'"]),
        CommandCase(["seed", "--people", "x"], code: 64, errors: ["'x' is invalid for '--people <people>'"]),
        CommandCase(["seed", "--people=-1"], code: 64, errors: ["--people and --organisations take 0 to 100,000,000"]),
        CommandCase(["token", "revoke", "123"], code: 1, errors: ["'123' is no id of a token; `tessera token list` shows them"]),
        CommandCase(
            ["token", "revoke", "01a20b40-d628-796b-9feb-3720c3d32cfe"], code: 1,
            errors: ["There is no such token", "`tessera token list`"]),
        CommandCase(["explain", "access", "people", "123"], code: 1, errors: ["'123' is no id of a record"]),
        CommandCase(
            ["explain", "access", "people", "01a20b40-d628-796b-9feb-3720c3d32cfe", "--user", "Nobody"], code: 1,
            errors: ["There is no user 'Nobody'."]),
        CommandCase(
            ["explain", "access", "people", "01a20b40-d628-796b-9feb-3720c3d32cfe"], code: 1, errors: ["There is no such record."]),
        CommandCase(["token", "issue", "--user", "Nobody"], code: 1, errors: ["There is no user 'Nobody'."]),
        CommandCase(["psql", "--", "-c", "select nope"], code: 1, errors: ["column \"nope\" does not exist"]),
    ]

    private static let nowhere = ["TESSERA_DATABASE_URL": "postgres://localhost:1/x"]

    private static let unreachable = [
        CommandCase(["plan"], code: 3, errors: ["localhost, port 1", "TESSERA_DATABASE_URL"], environment: nowhere),
        CommandCase(["psql"], code: 2, errors: ["port 1 failed"], environment: nowhere),
        CommandCase(["doctor"], code: 1, output: "bad  database", environment: nowhere),
        CommandCase(["apply"], code: 1, errors: ["TESSERA_DATABASE_URL can't be used"], environment: ["TESSERA_DATABASE_URL": "nonsense"]),
    ]

    private static let nobody = "0197a3f2-5c1e-7d42-9b1a-3f0c8d2e4a61"

    /// `{server}` is the address of the folder's server, `{token}` its token, `{tls}` the address as it would be with TLS.
    private static let wrongServers = [
        CommandCase(["jobs", "list", "--server", "{server}"], code: 1, errors: ["TESSERA_TOKEN", "--token-file", "tessera token issue"]),
        CommandCase(
            ["jobs", "list", "--server", "{server}", "--token", "tsr_no"], code: 1, errors: ["refuses the token", "tessera token issue"]),
        CommandCase(
            ["jobs", "list", "--server", "{server}", "--token-file", "missing"], code: 1,
            errors: ["missing can't be read: No such file or directory"]),
        CommandCase(
            ["jobs", "list", "--server", "localhost", "--token", "tsr_no"], code: 1,
            errors: ["'localhost' is no address of a server", "TESSERA_URL", "https://crm.example.org"]),
        CommandCase(
            ["jobs", "list", "--server", "http://127.0.0.1:1", "--token", "tsr_no"], code: 3,
            errors: ["http://127.0.0.1:1 can't be reached (Connection refused)", "tessera serve", "--server"]),
        CommandCase(
            ["jobs", "list", "--server", "{tls}", "--token", "tsr_no"], code: 3,
            errors: ["doesn't answer in TLS (WRONG_VERSION_NUMBER)", "http://"]),
        CommandCase(
            ["jobs", "list", "--server", "{server}/shop", "--token", "{token}"], code: 1,
            errors: ["/shop", "The API begins at /api"]),
        CommandCase(
            ["jobs", "list", "--server", "{server}", "--data", "x"], code: 64, errors: ["--server", "--data", "give one of them"]),
        CommandCase(["jobs", "list", "--token", "tsr_no"], code: 64, errors: ["--token", "--server or TESSERA_URL"]),
        CommandCase(
            ["export", "people", "--data", "x", "--token-file", "y"], code: 64, errors: ["--token-file", "--server or TESSERA_URL"]),
        CommandCase(["check", "--data", "x"], code: 64, errors: ["Unknown option '--data'"]),
        CommandCase(["psql", "--deployment", "mine.yaml"], code: 64, errors: ["Unknown option '--deployment'"]),
    ]

    private static let atServer = ["TESSERA_URL": "{server}", "TESSERA_TOKEN": "{token}"]

    private static let wrongAtServer = [
        CommandCase(["export", "peple"], code: 1, errors: ["no collection 'peple'", "Did you mean 'people'?"], environment: atServer),
        CommandCase(["export", "people?flter=true"], code: 1, errors: ["Did you mean 'filter'?"], environment: atServer),
        CommandCase(
            ["export", "people", "--format", "pdf"], code: 64, errors: ["--format takes csv, xlsx, vcard", "not 'pdf'"],
            environment: atServer),
        CommandCase(
            ["import", "people", "people.csv", "--match", "name,name"], code: 64, errors: ["--match names name twice"],
            environment: atServer),
        CommandCase(["serve", "--rate-limit", "x"], code: 64, errors: ["--rate-limit takes requests/seconds", "not 'x'"]),
        CommandCase(["serve", "--rate-limit-of", "x"], code: 64, errors: ["--rate-limit-of takes a principal's id", "not 'x'"]),
        CommandCase(
            ["serve", "--public-address", "crm.example.org"], code: 64,
            errors: ["--public-address takes an address such as https://crm.example.org, not 'crm.example.org'"]),
        CommandCase(["serve", "--public-address", "https://:80"], code: 64, errors: ["not 'https://:80'"]),
        CommandCase(["query", "run", "people?filter=last_name eq 5"], code: 1, errors: ["text stands in quotes"], environment: atServer),
        CommandCase(
            ["import", "people", "missing.csv"], code: 1, errors: ["missing.csv can't be read: No such file"], environment: atServer),
        CommandCase(["import", "peple", "people.csv"], code: 1, errors: ["Did you mean 'people'?"], environment: atServer),
        CommandCase(["import", "people", "empty.csv"], code: 1, errors: ["empty.csv is empty"], environment: atServer),
        CommandCase(
            ["import", "people", "strange.csv"], code: 1, errors: ["no column of strange.csv fills a property", "--save-mapping"],
            environment: atServer),
        CommandCase(
            ["import", "people", "people.csv", "--match", "lastname"], code: 1, errors: ["did you mean last_name?"], environment: atServer
        ),
        CommandCase(
            ["import", "people", "people.csv", "--mapping", "people.csv"], code: 1, errors: ["mapping:1:1: error: must be a mapping"],
            environment: atServer),
        CommandCase(
            ["import", "people", "bad.csv", "--failed", "/dev/null"], code: 2, errors: ["line 2: Birthday: '2020-99-99' is not a date"],
            output: "0 created, 0 updated, 0 unchanged, 1 failed", environment: atServer),
        CommandCase(
            ["import", "people", "people.csv", "--failed", "people.csv"], code: 1, errors: ["the same file as people.csv"],
            environment: atServer),
        CommandCase(
            ["import", "people", "twoways.csv"], code: 1,
            errors: ["the column 'Birthday' can be read in several ways: d/M/yyyy or M/d/yyyy", "--save-mapping FILE"],
            environment: atServer),
        CommandCase(["undo", nobody], code: 1, errors: ["no change set"], environment: atServer),
        CommandCase(["jobs", "watch", nobody], code: 1, errors: ["there is no job \(nobody)"], environment: atServer),
        CommandCase(["history", "people", nobody], code: 1, errors: ["there is no record \(nobody) in people"], environment: atServer),
    ]

    /// What each answer's object, or the first of its list, holds.
    static let json: [(words: [String], keys: [String])] = [
        (
            ["plan", "--output", "json"],
            [
                "empty", "applicable", "digest", "previous_digest", "steps", "rights", "subscriptions", "role_problems", "held_choices",
                "problems",
            ]
        ),
        (["check", "--output", "json"], ["deployment", "modules"]),
        (["apply", "--output", "json"], ["steps", "digest", "loops"]),
        (
            ["import", "people", "people.csv", "--dry-run", "--output", "json"],
            ["created", "updated", "unchanged", "failed", "dry_run", "change_set", "changes", "counts"]
        ),
        (["token", "list", "--output", "json"], ["id", "label", "created_at", "revoked"]),
        (["token", "issue", "--output", "json"], ["token", "label", "principal_id"]),
        (["files", "check", "--output", "json"], ["contents", "location", "problems"]),
        (["files", "collect", "--output", "json"], ["files", "contents", "unreferred", "uploads"]),
        (["doctor", "--output", "json"], ["check", "detail", "ok"]),
        (["events", "--output", "json"], ["head", "first", "backlog", "subscriptions"]),
        (["query", "parse", "top=1"], ["top"]),
        (["query", "explain", "people?top=1", "--output", "json"], ["sql", "parameters", "plan"]),
    ]
}
