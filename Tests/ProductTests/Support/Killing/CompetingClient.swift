import Foundation
import Synchronization

/// One of several clients that write the same field of one record, so that their writes queue at its row.
final class CompetingClient: Sendable {
    private struct State {
        var number = 0
        var versions: [Int: Int] = [:]
        var refused: [Int] = []
    }

    private let first: Int
    private let id: String
    private let state = Mutex(State())

    init(number: Int, id: String) {
        first = number * 1_000_000
        self.id = id
    }

    var acknowledged: Int { state.withLock { $0.versions.count } }

    func write(_ http: HTTP, until isEnough: Flag) {
        while !isEnough.isUp {
            let value = state.withLock { state in
                state.number += 1
                return first + state.number
            }
            guard let answer = try? http.send("PATCH", "/api/organisations(\(id))", #"{"employees": \#(value)}"#) else { return }
            switch (answer.status, Self.version(answer)) {
            case (200..<300, let version?): state.withLock { $0.versions[value] = version }
            // Others kept changing it.
            case (412, _): state.withLock { $0.refused.append(value) }
            default: return
            }
        }
    }

    /// - Parameter stored: versions of the record by the value that each of them brought.
    func compare(with stored: [Int: [Int]]) -> [String] {
        state.withLock { state in
            let lost = state.versions.filter { stored[$0.key] != [$0.value] }.map { value, version in
                "employees \(value) was acknowledged as version \(version); stored as \(stored[value] ?? [])"
            }
            return lost + state.refused.filter { stored[$0] != nil }.map { "employees \($0) was refused and is stored" }
        }
    }

    private static func version(_ answer: Answer) -> Int? {
        guard let etag = answer.headers["etag"], etag.hasPrefix("W/\""), etag.hasSuffix("\"") else { return nil }
        return Int(etag.dropFirst(3).dropLast())
    }
}
