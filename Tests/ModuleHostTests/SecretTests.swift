import Foundation
import Manifests
import ModuleHost
import Testing

@Suite("Secrets among the settings")
struct SecretTests {
    @Test(
        "come from a file without the line break at its end",
        arguments: [("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("a\nb\n\n", "a\nb\n"), (" ø ", " ø ")])
    func file(contents: String, secret: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(contents, to: "secret")
        #expect(SecretSource.file(path).read() == secret)
    }

    @Test("are missing when the file is missing, empty, too long or no text")
    func badFiles() throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "empty")
        try folder.write(String(repeating: "x", count: SecretSource.longestFile), to: "longest")
        try folder.write(String(repeating: "x", count: SecretSource.longestFile + 1), to: "long")
        try Data([0xff, 0xfe]).write(to: URL(fileURLWithPath: folder.path + "/binary"))
        #expect(SecretSource.file(folder.path + "/longest").read()?.utf8.count == SecretSource.longestFile)
        for name in ["empty", "long", "binary", "missing", "."] {
            #expect(SecretSource.file(folder.path + "/" + name).read() == nil, "\(name)")
        }
    }

    @Test("come from the environment")
    func environment() {
        #expect(SecretSource.environment("PATH").read() == ProcessInfo.processInfo.environment["PATH"])
        #expect(SecretSource.environment("TESSERA_TEST_NOT_SET").read() == nil)
    }
}
