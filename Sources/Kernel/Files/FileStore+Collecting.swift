import Postgres
import Records

/// What a sweep did.
package struct FileSweep: Sendable, Hashable {
    /// Files that no record refers to since now.
    package var marked = 0
    package var collectedFiles = 0
    package var collectedContents = 0
    /// Uploads that were killed.
    package var abandoned = 0
    /// It did as much as a round may, so that there is probably more to do.
    package var isCut = false

    package init() {}
}

/// Collects files that no record has referred to for the grace time, and contents that no file has.
///
/// The database keeps the last word: a file that a record refers to can't be deleted, since the record's foreign key holds it, nor can a
/// content that a file has. So a sweep that races with a write fails where it must.
extension FileStore {
    /// Contents are kept this long after an upload used them: longer than any upload takes to name them.
    private static let contentGrace = 86_400

    /// Rounds until nothing is left to do, or the task is cancelled.
    ///
    /// - Parameter told: called after each round with what it did.
    package func sweepAll(batch: Int = 1_000, told: (FileSweep) -> Void) async throws {
        var sweep: FileSweep
        repeat {
            try Task.checkCancellation()
            sweep = try await self.sweep(batch: batch)
            told(sweep)
        } while sweep.isCut
    }

    /// One bounded round: at most `batch` files each are marked, spared and collected.
    package func sweep(batch: Int = 1_000) async throws -> FileSweep {
        try await translating {
            var sweep = FileSweep()
            let references = try await references()
            sweep.marked = try await mark(references, batch)
            let spared = try await spare(references, batch)
            sweep.collectedFiles = try await collectFiles(references, batch)
            sweep.collectedContents = try await collectContents(batch)
            // Those that are left because a record has just taken them are few, and stay for the next hour.
            sweep.isCut = [sweep.marked, spared, sweep.collectedFiles, sweep.collectedContents].contains { $0 >= batch }
            let now = try await records.client.query("SELECT extract(epoch FROM now())::bigint").first?.decode(Int64.self, 0) ?? 0
            sweep.abandoned = try await staging.removeAbandoned(now: Int(now))
            let time: SQL = """
                SELECT to_char((now() AT TIME ZONE 'UTC') - make_interval(secs => \(bind: Double(ContentStaging.lifetime))), \
                'YYYY-MM-DD"T"HH24:MI:SS')
                """
            if let before = try await records.client.query(time).first?.decode(String.self, 0) {
                sweep.abandoned += try await contents.removeAbandoned(begunBefore: before)
            }
            return sweep
        }
    }

    /// A condition that holds for files that something refers to: every foreign key of the database counts, those of retired fields and of
    /// deleted records included.
    private func references() async throws -> SQL {
        let result = try await records.client.query(
            """
            SELECT c.conrelid::regclass::text, quote_ident(a.attname)
            FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
            WHERE c.contype = 'f' AND c.confrelid = 'tessera.file'::regclass ORDER BY 1, 2
            """)
        let conditions = try result.rows.map { row -> SQL in
            let (table, column) = (try row.decode(String.self, 0), try row.decode(String.self, 1))
            return "EXISTS (SELECT 1 FROM \(raw: table) r WHERE r.\(raw: column) = f.id)"
        }
        return conditions.isEmpty ? "FALSE" : "(\(SQL.joined(conditions, separator: " OR ")))"
    }

    private func mark(_ references: SQL, _ batch: Int) async throws -> Int {
        try await records.client.query(
            """
            UPDATE tessera.file SET unreferenced_since = now() WHERE id IN (
                SELECT f.id FROM tessera.file f WHERE f.unreferenced_since IS NULL AND NOT \(references) LIMIT \(bind: batch))
            RETURNING 1
            """
        ).rowCount
    }

    /// Files that records refer to by now.
    private func spare(_ references: SQL, _ batch: Int) async throws -> Int {
        try await records.client.query(
            """
            UPDATE tessera.file SET unreferenced_since = NULL WHERE id IN (
                SELECT f.id FROM tessera.file f WHERE f.unreferenced_since IS NOT NULL AND \(references) LIMIT \(bind: batch))
            RETURNING 1
            """
        ).rowCount
    }

    private func collectFiles(_ references: SQL, _ batch: Int) async throws -> Int {
        let due = try await records.client.query(
            """
            SELECT f.id FROM tessera.file f
            WHERE f.unreferenced_since < now() - make_interval(secs => \(bind: Double(limits.grace.components.seconds)))
                AND NOT \(references)
            ORDER BY f.unreferenced_since LIMIT \(bind: batch)
            """)
        var count = 0
        for row in due.rows {
            let id = try row.decode(PostgresUUID.self, 0)
            do {
                count += try await records.client.query("DELETE FROM tessera.file f WHERE f.id = \(bind: id) RETURNING 1").rowCount
            } catch let error as PostgresError where error.sqlState?.hasPrefix("23") ?? false {
                // A record has taken it in the meantime.
                continue
            }
        }
        return count
    }

    private func collectContents(_ batch: Int) async throws -> Int {
        let due = try await records.client.query(
            """
            SELECT c.digest FROM tessera.content c
            WHERE c.used_at < now() - make_interval(secs => \(bind: Double(Self.contentGrace)))
                AND NOT EXISTS (SELECT 1 FROM tessera.file f WHERE f.digest = c.digest)
            LIMIT \(bind: batch)
            """)
        var count = 0
        for row in due.rows {
            guard let digest = ContentDigest(bytes: try row.decode([UInt8].self, 0)) else { continue }
            if try await collect(digest) { count += 1 }
        }
        return count
    }

    /// Removes a content while its row is locked, so that an upload of the same content waits and then stores it anew.
    private func collect(_ digest: ContentDigest) async throws -> Bool {
        do {
            return try await records.client.transaction { transaction in
                let row = try await transaction.query(
                    """
                    DELETE FROM tessera.content c WHERE c.digest = \(bind: digest.bytes)
                        AND c.used_at < now() - make_interval(secs => \(bind: Double(Self.contentGrace))) RETURNING 1
                    """)
                guard !row.isEmpty else { return false }
                try await self.contents.remove(digest)
                return true
            }
        } catch let error as PostgresError where error.sqlState?.hasPrefix("23") ?? false {
            return false
        }
    }
}
