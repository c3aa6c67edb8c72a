import Foundation

/// A folder to use commands in: a deployment that is served, others that are wrong, files to import.
struct CommandFolder {
    let folder: DataFolder
    let server: RunningServer

    init() throws {
        folder = try DataFolder()
        let head = "deployment: 1\nname: mine\npaths: [\(Program.root)/manifests]\n"
        let module = "modules: { contacts: { version: \">=0.1 <1.0\" } }\n"
        let mine = try folder.file("mine.yaml", head + module)
        _ = try folder.file(
            "more.yaml",
            head + module + "overlay: { extends: { contacts.person: { fields: { tier: { type: text, label: Tier } } } } }\n")
        _ = try folder.file("broken.yaml", "deployment: 1\nmodules: [a\n")
        _ = try folder.file("wrong.yaml", "deployment: 1\nnam: x\nmodules: {}\ncurrency: euros\n")
        _ = try folder.file("absent.yaml", head + "modules: { contact: { version: \"1.0.0\" } }\n")
        _ = try folder.file("people.csv", "Last name,Birthday\nBerg,1990-05-31\n")
        _ = try folder.file("bad.csv", "Last name,Birthday\nBerg,2020-99-99\n")
        _ = try folder.file("twoways.csv", "Last name,Birthday\nBerg,01/02/1990\nHolm,03/04/1990\n")
        _ = try folder.file("strange.csv", "foo,bar\n1,2\n")
        _ = try folder.file("empty.csv", "")
        server = try RunningServer(folder, deployment: mine)
    }

    /// Types a command into a shell that stands in the folder.
    func run(_ example: CommandCase) throws -> Outcome {
        func filled(_ text: String) -> String {
            text.replacingOccurrences(of: "{server}", with: server.address).replacingOccurrences(of: "{token}", with: server.http.token)
                .replacingOccurrences(of: "{tls}", with: "https://127.0.0.1:\(server.http.port)")
        }
        var words = example.words.map(filled)
        let environment = example.environment.mapValues(filled)
        let isRemote = words.contains("--server") || environment["TESSERA_URL"] != nil
        let end = words.firstIndex(of: "--") ?? words.endIndex
        var options: [String] = []
        if !isRemote, example.words.first != "query" || ["explain", "run"].contains(example.words.dropFirst().first) {
            if !words.contains("--data"), !["nonsense", "check"].contains(words.first) { options += ["--data", folder.data] }
            if !words.contains("--deployment"), !["nonsense", "psql"].contains(words.first) { options += ["--deployment", "mine.yaml"] }
        }
        words.insert(contentsOf: options, at: end)
        return try Program.run(
            program: "/bin/sh", ["-c", "cd \(folder.path) && exec \"$0\" \"$@\"", Program.path] + words, environment: environment)
    }

    /// What is there: files, and how many records and tokens.
    func contents() throws -> [String] {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let counts =
            "select count(*) from tessera.change union all select count(*) from tessera.token union all select count(*) from tessera.artifact"
        return files + (try folder.query(counts))
    }
}
