import Catalog
package import Logging
package import NIOCore
import Postgres
package import QueryLanguage
package import Records

/// Files: what is known of them in the database, their contents in a store. Whoever may read a record may read the files it refers to.
///
/// A content is stored before the row that names it, and its own row is marked as used before that, so that the sweep never takes what an
/// upload is about to refer to. See docs/files.md for the order of things.
package final class FileStore: Sendable {
    package let records: RecordStore
    package let contents: any ContentStore
    package let staging: ContentStaging
    package let limits: FileLimits
    let logger: Logger

    package init(
        records: RecordStore, contents: any ContentStore, staging: ContentStaging, limits: FileLimits = FileLimits(), logger: Logger
    ) {
        self.records = records
        self.contents = contents
        self.staging = staging
        self.limits = limits
        self.logger = logger
    }

    // MARK: In

    /// Begins to take a file in.
    package func receive() async throws -> StagingFile { try await staging.begin(limit: limits.size) }

    /// Keeps a file that has arrived: its content, once, and a row of its own.
    ///
    /// - Parameters:
    ///   - name: as the client calls it; it is cleaned.
    ///   - claimed: the media type the client says; it counts where the bytes allow it.
    package func keep(_ file: StagingFile, name: String, claimed: String?, access: Access) async throws -> StoredFile {
        let staged = try await file.finish()
        let digest = staged.digest
        let cleaned = FileName.cleaned(name)
        let mediaType = MediaTypeSniffer.mediaType(of: staged.head, claimed: claimed, name: cleaned)
        let name = FileName.fitting(cleaned, mediaType)
        try await mark(digest, size: staged.size, on: records)
        try await contents.keep(staged)
        return try await add(digest, size: staged.size, name: name, mediaType: mediaType, access: access, on: records)
    }

    /// Says that a content is in use. Whoever collects it now waits for this row, or has taken it before; then it is to be put back.
    func mark(_ digest: ContentDigest, size: Int64, on store: RecordStore) async throws {
        try await translating {
            _ = try await store.run(
                """
                INSERT INTO tessera.content (digest, size) VALUES (\(bind: digest.bytes), \(bind: size))
                ON CONFLICT (digest) DO UPDATE SET used_at = now()
                """)
        }
    }

    /// The row of a file whose content is marked and kept.
    func add(
        _ digest: ContentDigest, size: Int64, name: String, mediaType: String, access: Access, on store: RecordStore
    ) async throws -> StoredFile {
        let id = GUID.version7()
        return try await translating {
            let result = try await store.run(
                """
                INSERT INTO tessera.file (id, name, media_type, size, digest, created_by, unreferenced_since)
                VALUES (\(bind: id.postgres), \(bind: name), \(bind: mediaType), \(bind: size), \(bind: digest.bytes),
                    \(bind: access.principal.postgres), now())
                RETURNING \(raw: Self.columns)
                """)
            guard let row = result.first else { throw FilesError(.storeFailed, "The database kept no row of the file.") }
            return try Self.file(row)
        }
    }

    // MARK: Out

    /// A file, if this access may read it.
    package func file(_ id: GUID, access: Access) async throws -> StoredFile? {
        let readable = AccessGuard.filePredicate(alias: "f", catalog: records.catalog, access: access)
        return try await translating {
            try await records.client.pipelined(
                "SELECT \(raw: Self.columns) FROM tessera.file AS f WHERE f.id = \(bind: id.postgres) AND \(readable)"
            ).first.map { try Self.file($0) }
        }
    }

    /// Hands over bytes of a file that `file` gave.
    package func read(_ file: StoredFile, _ range: Range<Int64>, piece: @Sendable (ByteBuffer) async throws -> Void) async throws {
        guard !range.isEmpty else { return }
        try await contents.read(file.digest, range, piece: piece)
    }

    private static let columns = """
        id, name, media_type, size, digest, replace((created_at AT TIME ZONE 'UTC')::text, ' ', 'T') || 'Z'
        """

    private static func file(_ row: PostgresRow) throws -> StoredFile {
        guard let digest = ContentDigest(bytes: try row.decode([UInt8].self, 4)) else {
            throw FilesError(.contentMissing, "The digest of a file isn't one.")
        }
        return StoredFile(
            id: GUID(try row.decode(PostgresUUID.self, 0)), name: try row.decode(String.self, 1),
            mediaType: try row.decode(String.self, 2), size: try row.decode(Int64.self, 3), digest: digest,
            createdAt: try row.decode(String.self, 5))
    }

    func translating<R>(_ body: () async throws -> R) async throws -> R {
        do {
            return try await body()
        } catch let error as PostgresError {
            if error.code == .cancelled, Task.isCancelled { throw CancellationError() }
            logger.log(
                level: error.isOutage ? .debug : .error, "The database refused a statement about files.", metadata: ["error": "\(error)"])
            if error.isReadOnly { throw RecordsError(.unavailable, PostgresError.takesNoWrites, cause: error) }
            throw RecordsError(.unavailable, "The database can't be reached just now; try again.")
        }
    }
}

extension GUID {
    init(_ uuid: PostgresUUID) { self.init(high: uuid.high, low: uuid.low) }

    var postgres: PostgresUUID { PostgresUUID(high: high, low: low) }
}
