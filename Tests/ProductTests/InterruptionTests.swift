import Foundation
import Glibc
import Testing

extension ProductTests {
    @Suite("A command that is interrupted")
    struct InterruptionTests {
        @Test("ends soon, says so, and leaves no PostgreSQL behind", arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
        func stopsTheCluster(signal: Int32, code: Int32) throws {
            let folder = try DataFolder()
            #expect(try folder.tessera("apply").code == 0)
            #expect(folder.postmaster == nil)
            let output = try Program.temporaryFile()
            defer { close(output) }
            let words = ["seed", "--people", "1000000", "--data", folder.data, "--deployment", Program.starter]
            let pid = try Program.spawn(Program.path, words, environment: [:], output: output, errors: output)
            while folder.sessions.isEmpty, kill(pid, 0) == 0 { poll(nil, 0, 5) }
            kill(pid, signal)
            #expect(Program.wait(pid, within: .seconds(60)) == code, "\(Program.text(of: output))")
            #expect(Program.text(of: output).hasSuffix("stopped\n"), "\(Program.text(of: output))")
            #expect(folder.postmaster == nil)
        }
    }
}
