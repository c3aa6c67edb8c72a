import Catalog
package import Permissions
import Postgres
package import QueryLanguage
package import Records

/// A record shared with somebody.
package struct ShareEntry: Sendable, Equatable {
    package var record: GUID
    package var grantee: GUID
    package var level: ShareLevel
    /// Why: what a person wrote, or the rule that shared it.
    package var cause: String
    package var endsAt: DateTime?
    package var createdBy: GUID

    package var value: Value {
        .complex([
            "record_id": .guid(record), "grantee_id": .guid(grantee), "level": .string(level.name), "cause": .string(cause),
            "ends_at": endsAt.map(Value.dateTime) ?? .null, "created_by": .guid(createdBy),
        ])
    }
}

/// Single records that are given to others, beyond what their roles reach.
extension PrincipalStore {
    /// Shares a record with a user or team, or changes the share that is there. Nobody gives what they don't have.
    ///
    /// - Parameter cause: 1 to 200 characters, for those who ask why somebody sees the record.
    /// - Throws: `records.not_found` for a record that can't be read, `records.forbidden` where the roles don't cover sharing it, or what is given,
    ///   `principals.invalid`, also for a detail, which is shared with the record that its rights come from, `principals.not_found` for a grantee.
    package func share(
        _ record: GUID, with grantee: GUID, level: ShareLevel, cause: String, until endsAt: DateTime? = nil, access: Access
    ) async throws {
        let cause = normalizedNFC(cause)
        guard (1...200).contains(cause.unicodeScalars.count), !cause.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            throw PrincipalsError(.invalid, "A cause has 1 to 200 characters on one line.", target: "cause")
        }
        let type = try await shareable(record, level, access, giving: true)
        guard let entry = try await directory().principals[grantee], !entry.isDisabled, entry.kind != .system else {
            throw PrincipalsError(.notFound, "There is no such user or team.", target: "grantee_id")
        }
        let end = endsAt.map { PostgresTimestamp(microsecondsSince1970: $0.microseconds) }
        _ = try await changing {
            try await self.client.query(
                """
                INSERT INTO tessera.share (record_id, grantee_id, record_type, level, cause, ends_at, created_by) VALUES ( \
                \(bind: PostgresUUID(guid: record)), \(bind: PostgresUUID(guid: grantee)), \(bind: type.id), \(raw: String(level.rawValue)), \
                \(bind: cause), \(bind: end), \(bind: PostgresUUID(guid: access.principal))) ON CONFLICT (record_id, grantee_id) DO UPDATE \
                SET level = excluded.level, cause = excluded.cause, ends_at = excluded.ends_at, created_by = excluded.created_by
                """)
        }
    }

    /// Ends a share. One that isn't there changes nothing.
    ///
    /// - Throws: as `share`.
    package func unshare(_ record: GUID, with grantee: GUID, access: Access) async throws {
        _ = try await shareable(record, .read, access)
        _ = try await changing {
            try await self.client.query(
                """
                DELETE FROM tessera.share WHERE record_id = \(bind: PostgresUUID(guid: record)) \
                AND grantee_id = \(bind: PostgresUUID(guid: grantee))
                """)
        }
    }

    /// With whom a record is shared now, for those who may share it.
    ///
    /// - Throws: as `share`.
    package func shares(of record: GUID, access: Access) async throws -> [ShareEntry] {
        _ = try await shareable(record, .read, access)
        let sql: SQL = """
            SELECT record_id, grantee_id, level, cause, ends_at, created_by FROM tessera.share \
            WHERE record_id = \(bind: PostgresUUID(guid: record)) AND (ends_at IS NULL OR ends_at > now()) ORDER BY grantee_id
            """
        return try await PrincipalsError.translating {
            try await self.client.query(sql).rows.map { row in
                ShareEntry(
                    record: try row.guid(0), grantee: try row.guid(1),
                    level: ShareLevel(rawValue: Int(try row.decode(Int64.self, 2))) ?? .read, cause: try row.decode(String.self, 3),
                    endsAt: try row.moment(4), createdBy: try row.guid(5))
            }
        }
    }

    private func shareable(_ record: GUID, _ level: ShareLevel, _ access: Access, giving: Bool = false) async throws -> RecordType {
        guard let type = try await records.type(ofRecord: record, access: access) else {
            throw RecordsError(.notFound, "There is no such record, or it is deleted.")
        }
        if giving, let parent = type.parent {
            throw PrincipalsError(
                .invalid, "Whoever sees its \(parent.field) sees the \(type.label.lowercased()): share that record of \(parent.type).",
                target: "record_id")
        }
        var needed: [RecordAction] = [.share]
        if level >= .update { needed.append(.update) }
        if level >= .manage { needed.append(.delete) }
        guard try await records.allows(needed, on: type, record, access: access) else { throw RecordsError.forbidden(.share, type) }
        return type
    }
}
