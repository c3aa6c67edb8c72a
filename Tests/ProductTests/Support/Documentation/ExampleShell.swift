import Foundation

/// Types a page's examples into one bash, beside a server with the starter deployment on a fresh data folder.
struct ExampleShell {
    private static let shownAddress = "127.0.0.1:8080"
    private static let shownToken = "tsr_…"

    private let folder: DataFolder
    private let server: RunningServer

    init() throws {
        folder = try DataFolder()
        // A copy, since `tessera apply` writes its lock beside the deployment.
        try FileManager.default.copyItem(atPath: "\(Program.root)/manifests", toPath: "\(folder.path)/manifests")
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/sdk", withDestinationPath: "\(Program.root)/sdk")
        server = try RunningServer(folder, deployment: "\(folder.path)/manifests/deployments/starter.yaml")
    }

    /// What each example printed, to both outputs, and its exit code.
    func type(_ examples: [DocumentationExample]) throws -> [Outcome] {
        let token = server.printedToken ?? ""
        let address = "127.0.0.1:\(server.http.port)"
        var script = "curl() { command curl -s --fail-with-body \"$@\"; }\n"
        for (index, example) in examples.enumerated() {
            let command = example.command.replacingOccurrences(of: Self.shownAddress, with: address)
                .replacingOccurrences(of: Self.shownToken, with: token)
            script += "{\n\(command)\n} > answer.\(index) 2>&1 </dev/null\necho $? > code.\(index)\n"
        }
        // Commands find the server's database, whatever data folder is this user's own.
        let outcome = try Program.run(
            program: "/bin/bash", ["-c", "cd \(folder.path) && . ./examples.sh", try folder.file("examples.sh", script)],
            environment: [
                "PATH": "\(try programs()):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")",
                "TESSERA_DATABASE_URL": try databaseURL(), "TESSERA_FILES": "\(folder.data)/files", "TESSERA_TOKEN": token,
                "TESSERA_MODULE_PATH": URL(fileURLWithPath: Program.path).deletingLastPathComponent().path,
            ])
        guard outcome.code == 0 else { throw TestFailure("bash: \(outcome.errors)") }
        return try examples.indices.map { index in
            let text = try folder.text("answer.\(index)").replacingOccurrences(of: address, with: Self.shownAddress)
            let code = try folder.text("code.\(index)").trimmingCharacters(in: .whitespacesAndNewlines)
            return Outcome(code: Int32(code) ?? -1, output: text, errors: "")
        }
    }

    /// A folder with the program under its name, for PATH. A command that names a data folder of its own works on that.
    private func programs() throws -> String {
        let programs = "\(folder.path)/bin"
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: false)
        let script = """
            #!/bin/bash
            case " $* " in *" --data "*) unset TESSERA_DATABASE_URL TESSERA_FILES;; esac
            exec '\(Program.path)' "$@"
            """
        let made = FileManager.default.createFile(
            atPath: "\(programs)/tessera", contents: Data(script.utf8), attributes: [.posixPermissions: 0o755])
        guard made else { throw TestFailure("\(programs)/tessera can't be written") }
        return programs
    }

    /// The fourth and fifth line of postmaster.pid are the port and the folder of the socket.
    private func databaseURL() throws -> String {
        let lines = try String(contentsOfFile: "\(folder.data)/postgres/data/postmaster.pid", encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 4 else { throw TestFailure("postmaster.pid names no socket") }
        return "postgresql:///tessera?host=\(lines[4])&port=\(lines[3])&user=tessera"
    }
}
