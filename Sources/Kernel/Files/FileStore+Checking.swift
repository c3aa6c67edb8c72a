import NIOCore
import Postgres
import Records
import Synchronization

/// A content that isn't what the database says.
package struct ContentProblem: Sendable, Hashable, CustomStringConvertible {
    package enum Kind: String, Sendable, Hashable {
        case missing
        /// Another size, or another digest.
        case damaged
    }

    package var digest: ContentDigest
    package var kind: Kind

    package var description: String { "\(digest) is \(kind.rawValue)" }
}

/// Compares the store with the database.
extension FileStore {
    /// Looks at contents: whether each is there with its size and, when `reading`, whether its bytes still have its digest.
    ///
    /// - Parameters:
    ///   - most: how many to look at, for a look that has to be short.
    ///   - progress: called with the number of contents looked at.
    /// - Returns: how many were looked at, and what is wrong with some.
    package func check(
        reading: Bool, atMost most: Int = .max, progress: (Int) -> Void = { _ in }
    ) async throws -> (contents: Int, problems: [ContentProblem]) {
        var problems: [ContentProblem] = []
        var count = 0
        var last: [UInt8] = []
        while true {
            let page = try await records.client.query(
                """
                SELECT c.digest, c.size FROM tessera.content c
                WHERE c.digest > \(bind: last) AND EXISTS (SELECT 1 FROM tessera.file f WHERE f.digest = c.digest)
                ORDER BY c.digest LIMIT 500
                """)
            for row in page.rows {
                try Task.checkCancellation()
                last = try row.decode([UInt8].self, 0)
                guard let digest = ContentDigest(bytes: last) else { continue }
                if let kind = try await problem(digest, size: try row.decode(Int64.self, 1), reading: reading) {
                    problems.append(ContentProblem(digest: digest, kind: kind))
                }
                count += 1
                progress(count)
                if count >= most { return (count, problems) }
            }
            if page.rowCount < 500 { return (count, problems) }
        }
    }

    private func problem(_ digest: ContentDigest, size: Int64, reading: Bool) async throws -> ContentProblem.Kind? {
        guard let found = try await contents.size(of: digest) else { return .missing }
        guard found == size else { return .damaged }
        guard reading else { return nil }
        let running = RunningDigest()
        if size > 0 { try await contents.read(digest, 0..<size) { running.add($0) } }
        return running.finish() == digest ? nil : .damaged
    }
}

/// A digest over pieces that come one after the other, from any thread.
private final class RunningDigest: Sendable {
    private let hasher = Mutex(ContentHasher())

    func add(_ piece: ByteBuffer) {
        hasher.withLock { hasher in piece.withUnsafeReadableBytes { hasher.update($0) } }
    }

    func finish() -> ContentDigest? {
        hasher.withLock { hasher in
            var taken = ContentHasher()
            swap(&taken, &hasher)
            return taken.finish()
        }
    }
}
