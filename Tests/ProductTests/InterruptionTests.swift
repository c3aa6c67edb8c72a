import Foundation
import Glibc
import Testing

extension ProductTests {
    @Suite("A command that is interrupted")
    struct InterruptionTests {
        @Test(
            "ends soon, says so, and leaves no PostgreSQL behind",
            arguments: [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
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

    @Suite("A server that is stopped while it works")
    struct StoppedWork {
        @Test("waits for what is running when it is told once, says so, and waits for nothing when it is told twice")
        func twice() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            var code: Int32 = -1
            // A body that never ends.
            _ = try server.http.upload("/api/files?name=endless", bytes: 1_000_000, piece: [UInt8](repeating: 65, count: 1_000)) {
                poll(nil, 0, 300)
                kill(server.pid, SIGINT)
                while !server.log.contains("stopping: "), kill(server.pid, 0) == 0 { poll(nil, 0, 20) }
                code = server.end(SIGINT)
                return true
            }
            #expect(code == 130, "\(server.log)")
            #expect(server.log.contains("the same signal again ends it at once"))
            #expect(server.log.hasSuffix("stopped\n"), "\(server.log)")
            #expect(folder.postmaster == nil)
        }
    }

    @Suite("A server that is stopped while it starts")
    struct StoppedStart {
        /// Moments of a start: each is seen from outside, and then so many milliseconds pass.
        enum Moment: String, CaseIterable {
            case postgresStarts, postgresAccepts, modulesAreThere, aMomentLater

            var delay: Int32 {
                switch self {
                case .postgresStarts, .postgresAccepts: 0
                case .modulesAreThere: 40
                case .aMomentLater: 150
                }
            }

            func hasCome(_ folder: DataFolder, _ log: String) -> Bool {
                self == .postgresStarts ? folder.postmaster != nil : log.contains("PostgreSQL accepts connections")
            }
        }

        @Test("leaves no PostgreSQL behind, whenever it is told")
        func stopped() throws {
            let folder = try DataFolder()
            #expect(try folder.tessera("apply").code == 0)
            for (moment, signal) in zip(Moment.allCases, [SIGTERM, SIGINT, SIGHUP, SIGTERM]) { try stop(at: moment, signal, folder) }
        }

        private func stop(at moment: Moment, _ signal: Int32, _ folder: DataFolder) throws {
            let output = try Program.temporaryFile()
            defer { close(output) }
            let words = ["serve", "--data", folder.data, "--deployment", Program.starter, "--listen", "127.0.0.1:0"]
            let pid = try Program.spawn(Program.path, words, environment: [:], output: output, errors: output)
            while !moment.hasCome(folder, Program.text(of: output)), kill(pid, 0) == 0 { poll(nil, 0, 1) }
            let postmaster = folder.postmaster
            #expect(postmaster != nil)
            poll(nil, 0, moment.delay)
            kill(pid, signal)
            let code = Program.wait(pid, within: .seconds(60))
            let log = Comment(rawValue: "\(moment): \(Program.text(of: output))")
            // Before its services run it was stopped at its start; afterwards it ends in order.
            #expect([0, 128 + signal].contains(code), log)
            #expect(folder.postmaster == nil, log)
            if let postmaster { #expect(kill(postmaster, 0) == -1 && errno == ESRCH, log) }
        }
    }
}
