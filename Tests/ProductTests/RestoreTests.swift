import Foundation
import Testing

extension ProductTests {
    @Suite("A data folder that is restored from a copy")
    struct Restore {
        /// What an operator does with a snapshot of the disk: the copy is of a running PostgreSQL, which recovers when it is started.
        private static func copy(_ from: String, to: String) throws {
            try? FileManager.default.removeItem(atPath: to)
            let outcome = try Program.run(program: "/bin/cp", ["-a", from, to])
            guard outcome.code == 0 else { throw TestFailure("cp: \(outcome.errors)") }
            try? FileManager.default.removeItem(atPath: "\(to)/postgres/data/postmaster.pid")
        }

        private static func link(_ answer: Answer) throws -> String {
            let link = try #require(try answer.json["@deltaLink"] as? String)
            return try String(#require(link.firstRange(of: "/api/").map { link[$0.lowerBound...] }))
        }

        @Test("expires the delta links that were given after the copy, and keeps those of before", arguments: [false, true])
        func deltaLinks(isRestartedSince: Bool) throws {
            let folder = try DataFolder()
            var server = try RunningServer(folder)
            let token = try #require(server.printedToken)
            let tracked = ["Prefer": "track-changes"]
            func create(_ name: String) throws {
                #expect(try server.http.send("POST", "/api/people", #"{"last_name": "\#(name)"}"#).status == 201)
            }
            try create("Before")
            let before = try Self.link(try server.http.get("/api/people?select=last_name", tracked))
            _ = try folder.query("CHECKPOINT")
            let backup = "\(folder.path)/backup"
            try Self.copy(folder.data, to: backup)
            if isRestartedSince {
                server.stop()
                server = try RunningServer(folder, token: token)
            }
            for number in 0..<5 { try create("Lost \(number)") }
            let after = try Self.link(try server.http.get("/api/people?select=last_name", tracked))
            #expect(try server.http.get(after).status == 200)
            server.stop()
            try Self.copy(backup, to: folder.data)
            server = try RunningServer(folder, token: token)
            // Takes a number again that a lost one had.
            try create("Again")
            #expect(try server.http.get("/api/people/$count").text == "2")
            let answer = try server.http.get(after)
            #expect(answer.status == 410 && answer.text.contains("records.sync_expired"), "\(answer)")
            let told = try server.http.get(before)
            #expect(told.status == 200, "\(told)")
            #expect(try told.items.map { $0["last_name"] as? String } == ["Again"])
        }
    }
}
