import Foundation
import Glibc
import Testing

extension ProductTests {
    @Suite("Files of a running server")
    struct Files {
        private static let piece = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 8)) }

        /// Files below `<data>/files`, staged ones among them.
        private static func stored(_ folder: DataFolder) -> [String] {
            let walker = FileManager.default.enumerator(atPath: "\(folder.data)/files")
            return (walker?.compactMap { $0 as? String } ?? []).filter { path in
                var isFolder: ObjCBool = false
                return FileManager.default.fileExists(atPath: "\(folder.data)/files/\(path)", isDirectory: &isFolder) && !isFolder.boolValue
            }
        }

        @Test("are whole or not there when the server is killed while they arrive")
        func kill() throws {
            let folder = try DataFolder()
            var server = try RunningServer(folder)
            let token = try #require(server.printedToken)
            var ids: [String] = []
            for round in 1...3 {
                let answer = try #require(try server.http.upload("/api/files?name=whole", bytes: 200_000 + round, piece: Self.piece))
                #expect(answer.status == 201)
                ids.append(try #require(try answer.json["id"] as? String))
                // Killed when the first bytes are on their way to disk.
                let cut = try server.http.upload("/api/files?name=cut", bytes: 50_000_000, piece: Self.piece) {
                    Self.stored(folder).contains { $0.hasPrefix("incoming/") }
                }
                #expect(cut == nil)
                server.end(SIGKILL)
                #expect(Self.stored(folder).count { !$0.hasPrefix("incoming/") } == round)
                server = try RunningServer(folder, token: token)
                for (index, id) in ids.enumerated() {
                    #expect(try server.http.download("/api/files(\(id))/$value", expecting: Self.piece) == 200_001 + index)
                }
            }
            #expect(try folder.query("SELECT count(*) FROM tessera.file") == ["3"])
            let check = try folder.tessera("files", "check", "--read")
            #expect(check.code == 0, "\(check.errors)")
            #expect(check.output.hasPrefix("3 contents"))
            let doctor = try folder.tessera("doctor")
            #expect(doctor.output.contains("3 contents looked at in \(folder.data)/files"), "\(doctor.output)")
            // A content that was changed on disk is found.
            let victim = try #require(Self.stored(folder).first { !$0.hasPrefix("incoming/") })
            try Data("changed".utf8).write(to: URL(fileURLWithPath: "\(folder.data)/files/\(victim)"))
            #expect(try folder.tessera("files", "check").code == 1)
            #expect(try folder.tessera("doctor").code == 1)
            server.stop()
        }

        @Test("of many megabytes pass through without staying in memory")
        func memory() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            // Threads, buffers and code that any file needs.
            let small = try #require(try server.http.upload("/api/files", bytes: 2_000_000, piece: Self.piece))
            _ = try server.http.download("/api/files(\(try #require(try small.json["id"] as? String)))/$value", expecting: Self.piece)
            let before = try Self.peak(of: server.pid)
            let size = 64 * 1_048_576
            let answer = try #require(try server.http.upload("/api/files?name=large", bytes: size, piece: Self.piece))
            #expect(answer.status == 201)
            let id = try #require(try answer.json["id"] as? String)
            #expect(try server.http.download("/api/files(\(id))/$value", expecting: Self.piece) == size)
            #expect(try Self.peak(of: server.pid) - before < 24 * 1_048_576)
            server.stop()
        }

        /// The most memory that a process has had resident, in bytes.
        private static func peak(of pid: pid_t) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
            return (Int(line.filter(\.isNumber)) ?? 0) * 1_024
        }
    }
}
