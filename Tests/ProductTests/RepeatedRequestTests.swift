import Foundation
import Glibc
import Testing

extension ProductTests {
    @Suite("Requests that are sent again after a server was killed")
    struct RepeatedRequestTests {
        /// Sends until there is an answer that isn't one of a server on its way.
        private func insist(_ server: RunningServer, _ body: String, _ key: String) throws -> Answer {
            while true {
                let answer = try server.http.send("POST", "/api/organisations/bulk", body, headers: ["Idempotency-Key": key])
                if answer.status != 409 || !answer.text.contains("idempotency.in_progress") { return answer }
            }
        }

        @Test("write once, wherever the kill came, and answer alike")
        func killed() throws {
            let folder = try DataFolder()
            var server = try RunningServer(folder)
            let token = server.http.token
            var cutOff = 0
            for round in 1...8 {
                let items = (1...400).map { "{\"name\": \"Round \(round) company \($0)\"}" }.joined(separator: ",")
                let body = "{\"operation\": \"create\", \"items\": [\(items)]}"
                let (http, key) = (server.http, "round-\(round)")
                let isAnswered = DispatchSemaphore(value: 0)
                let answered = LockedFlag()
                Thread.detachNewThread {
                    if let answer = try? http.send("POST", "/api/organisations/bulk", body, headers: ["Idempotency-Key": key]),
                        answer.status == 200
                    {
                        answered.set()
                    }
                    isAnswered.signal()
                }
                // Somewhere from before the request arrived to after it was answered.
                usleep(UInt32(round - 1) * 25_000)
                server.end(SIGKILL)
                isAnswered.wait()
                if !answered.isSet { cutOff += 1 }
                server = try RunningServer(folder, token: token)
                let answer = try insist(server, body, key)
                #expect(answer.status == 200, "\(answer.text.prefix(300))")
                if answered.isSet { #expect(answer.headers["idempotency-replayed"] == "true") }
                let again = try insist(server, body, key)
                #expect(again.text == answer.text && again.headers["idempotency-replayed"] == "true")
                let stored = try folder.query(
                    "SELECT count(*) || ' ' || count(DISTINCT name) FROM contacts.organisation WHERE name LIKE 'Round \(round) %'")
                #expect(stored == ["400 400"], "round \(round)")
            }
            #expect(cutOff > 0, "no kill met a request")
        }
    }
}

/// Set on one thread, read on another.
private final class LockedFlag: Sendable {
    private let lock = NSLock()
    // SAFETY: read and written under the lock alone.
    nonisolated(unsafe) private var value = false

    var isSet: Bool { lock.withLock { value } }

    func set() { lock.withLock { value = true } }
}
