import Foundation
import Glibc

/// `tessera import people` on a file of made-up rows, as a process that can be killed.
final class RunningImport {
    static let rows = 1100

    /// What all of its people have as first name.
    let name: String
    let file: String
    private let pid: pid_t
    private let output: Int32
    private let errors: Int32

    init(number: Int, _ folder: DataFolder, deployment: String) throws {
        name = "Import\(number)"
        file = try folder.file("import\(number).csv", Self.text(name))
        output = try Program.temporaryFile()
        errors = try Program.temporaryFile()
        pid = try Program.spawn(
            Program.path, ["import", "people", file, "--create-links", "--data", folder.data, "--deployment", deployment], environment: [:],
            output: output, errors: errors)
    }

    deinit {
        close(output)
        close(errors)
    }

    func kill() { Glibc.kill(pid, SIGKILL) }

    /// Waits for its end.
    func end() -> Outcome {
        let code = Program.wait(pid)
        return Outcome(code: code, output: Program.text(of: output), errors: Program.text(of: errors))
    }

    /// The same rows again: what is there already is found by its last name.
    static func again(_ name: String, file: String, _ folder: DataFolder, deployment: String) throws -> (created: Int, found: Int) {
        let outcome = try folder.tessera(
            "import", "people", file, "--create-links", "--match", "last_name", "--restart", "--output", "json",
            deployment: deployment)
        guard outcome.code == 0, let report = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any],
            let created = report["created"] as? Int, let updated = report["updated"] as? Int, let unchanged = report["unchanged"] as? Int
        else { throw TestFailure("import again: \(outcome)") }
        return (created, updated + unchanged)
    }

    private static func text(_ name: String) -> String {
        var text = "First name,Last name,Job title,Emails,Phones,Organisation\n"
        for row in 0..<rows {
            let person = "\(name.lowercased())-\(row)"
            text += "\(name),\(person),title of \(person),\(person)@example.com;\(person)@example.org,+47 22 \(100_000 + row),"
            text += "Company \(name) \(row % 7)\n"
        }
        return text
    }
}
