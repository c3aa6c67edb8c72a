package import Catalog
import NIOCore
import Postgres
package import QueryLanguage
package import Records
import Synchronization

/// A file that is small enough to be held in memory: its content, and what its bytes say of it.
package struct HeldFile: Sendable {
    package let content: [UInt8]
    package let name: String
    package let mediaType: String
    package let digest: ContentDigest
}

/// Files that come within something else, such as a card of an address book.
extension FileStore {
    /// Looks at a content without keeping it.
    ///
    /// - Parameters:
    ///   - claimed: the media type its sender says; it counts where the bytes allow it.
    ///   - name: what to call it, by its media type.
    /// - Throws: `files.too_large`
    package func hold(_ content: [UInt8], claimed: String?, name: (_ mediaType: String) -> String) throws(FilesError) -> HeldFile {
        guard Int64(content.count) <= limits.size else {
            throw FilesError(.tooLarge, "A file may have \(limits.size) bytes at most; this one has \(content.count).")
        }
        guard let digest = ContentDigest(of: content) else { throw FilesError(.storeFailed, "The digest of a file can't be computed.") }
        let head = Array(content.prefix(StagingFile.headSize))
        let mediaType = MediaTypeSniffer.mediaType(of: head, claimed: claimed, name: "")
        return HeldFile(content: content, name: FileName.cleaned(name(mediaType)), mediaType: mediaType, digest: digest)
    }

    /// Keeps a content, and makes a file of it.
    package func keep(_ file: HeldFile, access: Access) async throws -> StoredFile {
        let staging = try await receive()
        try await staging.write(ByteBuffer(bytes: file.content))
        return try await keep(staging, name: file.name, claimed: file.mediaType, access: access)
    }

    /// Does all of it but for the content itself, within a transaction that will be undone.
    package func rehearse(_ file: HeldFile, on store: RecordStore, access: Access) async throws -> GUID {
        try await mark(file.digest, size: Int64(file.content.count), on: store)
        return try await add(
            file.digest, size: Int64(file.content.count), name: file.name, mediaType: file.mediaType, access: access, on: store
        ).id
    }

    /// For each content a file that has it, that this access may read, and that won't be collected at any moment; the oldest.
    package func known(_ digests: Set<ContentDigest>, on store: RecordStore, access: Access) async throws -> [ContentDigest: GUID] {
        let readable = AccessGuard.filePredicate(alias: "f", catalog: store.catalog, access: access)
        let sql: SQL = """
            SELECT DISTINCT ON (f.digest) f.digest, f.id FROM tessera.file f
            WHERE f.digest = ANY(\(bind: digests.map(\.bytes)))
                AND (f.unreferenced_since IS NULL OR f.unreferenced_since > now() - interval '12 hours') AND \(readable)
            ORDER BY f.digest, f.id
            """
        return try await translating {
            var known: [ContentDigest: GUID] = [:]
            for row in try await store.run(sql).rows {
                if let digest = ContentDigest(bytes: try row.decode([UInt8].self, 0)) {
                    known[digest] = GUID(try row.decode(PostgresUUID.self, 1))
                }
            }
            return known
        }
    }

    /// The files that records refer to by one field, by record; of those that this access may read.
    package func referred(
        by records: [GUID], _ type: RecordType, _ field: Field, on store: RecordStore, access: Access
    ) async throws -> [GUID: (id: GUID, digest: ContentDigest)] {
        guard !records.isEmpty, let column = field.columns.first else { return [:] }
        var readable = AccessGuard.predicate(.read, on: type, alias: "r", access: access)
        if let mask = AccessGuard.mask(of: field.key, on: type, alias: "r", access: access) { readable += " AND " + mask }
        let sql: SQL = """
            SELECT r.id, f.id, f.digest FROM \(raw: type.table.sql) r JOIN tessera.file f ON f.id = r.\(identifier: column.name)
            WHERE r.id = ANY(\(bind: records.map(\.postgres))) AND \(readable)
            """
        return try await translating {
            var files: [GUID: (id: GUID, digest: ContentDigest)] = [:]
            for row in try await store.run(sql).rows {
                guard let digest = ContentDigest(bytes: try row.decode([UInt8].self, 2)) else { continue }
                files[GUID(try row.decode(PostgresUUID.self, 0))] = (GUID(try row.decode(PostgresUUID.self, 1)), digest)
            }
            return files
        }
    }

    /// The whole content of a file that `file` gave: for those that are known to be small.
    package func content(of file: StoredFile) async throws -> [UInt8] {
        let bytes = Mutex<[UInt8]>([])
        try await read(file, 0..<file.size) { piece in bytes.withLock { $0 += piece.readableBytesView } }
        return bytes.withLock { $0 }
    }
}
