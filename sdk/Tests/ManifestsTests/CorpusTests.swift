import Glibc
import Manifests
import Testing

/// One file of the corpus, with what its first lines say about it.
struct CorpusFile: Sendable, CustomTestStringConvertible {
    let path: String
    let source: ManifestSource
    /// The findings, each without the file's name.
    let expected: [String]
    /// Whether a JSON Schema can't say what is wrong.
    let isParserOnly: Bool

    var testDescription: String { path }
    var name: String { String(path.split(separator: "/").last ?? "") }

    init(_ path: String) throws {
        self.path = path
        let bytes = try Repository.bytes(path)
        source = ManifestSource(path: String(path.split(separator: "/").last ?? ""), bytes: bytes)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        expected = lines.prefix { $0.hasPrefix("#") }.filter { $0.hasPrefix("# expect: ") }.map { String($0.dropFirst("# expect: ".count)) }
        isParserOnly = lines.first?.hasPrefix("# parser-only: ") ?? false
    }

    /// The findings of the parser that the file's name asks for.
    func diagnostics() -> [Diagnostic] {
        switch name.prefix(while: { $0 != "-" }) {
        case "module": ModuleManifest.parse(source).diagnostics
        case "deployment": DeploymentManifest.parse(source).diagnostics
        default: Overlay.parse(source).diagnostics
        }
    }

    static func all(_ folder: String) -> [CorpusFile] {
        let path = "sdk/Tests/ManifestsTests/Corpus/\(folder)"
        let names = FileSystem.disk.list("\(Repository.root)/\(path)") ?? []
        return names.filter { $0.hasSuffix(".yaml") }.sorted().compactMap { try? CorpusFile("\(path)/\($0)") }
    }
}

@Suite("The corpus of manifests") struct CorpusTests {
    @Test("is there")
    func size() {
        #expect(CorpusFile.all("accept").count == 14)
        #expect(CorpusFile.all("reject").count == 209)
    }

    @Test("is accepted where it should be", arguments: CorpusFile.all("accept"))
    func accept(file: CorpusFile) {
        #expect(file.diagnostics().map(\.description) == [])
    }

    @Test("is rejected with exactly the findings that it names", arguments: CorpusFile.all("reject"))
    func reject(file: CorpusFile) {
        #expect(!file.expected.isEmpty)
        #expect(file.diagnostics().map(\.description) == file.expected.map { "\(file.name):\($0)" })
    }

    @Test(
        "is judged by the JSON Schemas as by the parser",
        .enabled(
            if: Command("python3 -c 'import yaml, jsonschema; jsonschema.Draft202012Validator'").succeeds,
            "python3-yaml and python3-jsonschema are needed")
    )
    func schemas() throws {
        let accepted = CorpusFile.all("accept")
        let rejected = CorpusFile.all("reject")
        let root = Repository.root
        let judge = "\(root)/sdk/Tests/ManifestsTests/Corpus/judge.py"
        let files = (accepted + rejected).map { "\(root)/\($0.path)" }
        let output = Command("python3 '\(judge)' '\(root)/manifests/schema' \(files.map { "'\($0)'" }.joined(separator: " "))").output
        var verdicts: [String: String] = [:]
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: "\t")
            if parts.count == 2 { verdicts[String(parts[0].dropFirst(root.utf8.count + 1))] = String(parts[1]) }
        }
        #expect(verdicts.count == accepted.count + rejected.count)
        for file in accepted { #expect(verdicts[file.path] == "accept", "\(file.name)") }
        for file in rejected where !file.isParserOnly { #expect(verdicts[file.path] == "reject", "\(file.name)") }
        // What is marked must really be beyond a schema, lest the mark hide a difference.
        for file in rejected where file.isParserOnly { #expect(verdicts[file.path] != "reject", "\(file.name)") }
        #expect(rejected.count { $0.isParserOnly } == 57)
    }
}

/// A shell command run to its end.
struct Command {
    let output: String
    let succeeds: Bool

    init(_ command: String) {
        guard let pipe = popen("exec 2>/dev/null; \(command)", "r") else {
            output = ""
            succeeds = false
            return
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        succeeds = pclose(pipe) == 0
        output = String(decoding: bytes, as: UTF8.self)
    }
}
