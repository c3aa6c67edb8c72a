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
    /// Shares a record with a user or team, or changes the share that is there. Nobody gives what they don't have, nor for longer than they have it:
    /// whoever reaches the record by a share with an end gives until then at most.
    ///
    /// - Parameter cause: 1 to 200 characters, for those who ask why somebody sees the record.
    /// - Throws: `records.not_found` for a record that can't be read, `records.forbidden` where the roles don't cover sharing it, or what is given,
    ///   `principals.forbidden` for a longer time than one's own, and where somebody else has given more already, `principals.invalid`, also for a detail,
    ///   which is shared with the record that its rights come from, `principals.not_found` for a grantee.
    package func share(
        _ record: GUID, with grantee: GUID, level: ShareLevel, cause: String, until endsAt: DateTime? = nil, access: Access
    ) async throws {
        let cause = normalizedNFC(cause)
        guard (1...200).contains(cause.unicodeScalars.count), !cause.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            throw PrincipalsError(.invalid, "A cause has 1 to 200 characters on one line.", target: "cause")
        }
        let end = endsAt.map { PostgresTimestamp(microsecondsSince1970: $0.microseconds) }
        let known = try await directory().principals[grantee]
        try await changing {
            try await self.records.transaction { store in
                let type = try await Self.shareable(record, level, store, access, giving: true)
                guard let entry = known, !entry.isDisabled, entry.kind != .system else {
                    throw PrincipalsError(.notFound, "There is no such user or team.", target: "grantee_id")
                }
                guard try await Self.allows(level, on: type, record, store, access, lasting: ShareDuration(until: endsAt)) else {
                    throw PrincipalsError(
                        .forbidden, "The record is shared with you until an end: give an ends_at that isn't later.", target: "ends_at")
                }
                // What somebody else gave is made no less by giving again. Administrators and whoever gave it may.
                let mayLower = access.rights.isUnlimited
                let written = try await store.run(
                    """
                    INSERT INTO tessera.share AS s (record_id, grantee_id, record_type, level, cause, ends_at, created_by) VALUES ( \
                    \(bind: PostgresUUID(guid: record)), \(bind: PostgresUUID(guid: grantee)), \(bind: type.id), \(raw: String(level.rawValue)), \
                    \(bind: cause), \(bind: end), \(bind: PostgresUUID(guid: access.principal))) ON CONFLICT (record_id, grantee_id) DO UPDATE \
                    SET level = excluded.level, cause = excluded.cause, ends_at = excluded.ends_at, created_by = excluded.created_by \
                    WHERE \(bind: mayLower) OR s.created_by = excluded.created_by OR s.ends_at <= now() OR (s.level <= excluded.level \
                    AND coalesce(s.ends_at, 'infinity') <= coalesce(excluded.ends_at, 'infinity')) RETURNING 1
                    """)
                guard !written.isEmpty else {
                    throw PrincipalsError(
                        .forbidden, "Somebody else has shared the record with them at a higher level, or for longer: end that share first.",
                        target: "grantee_id")
                }
            }
        }
    }

    /// Ends a share, for whoever gave it or could give it. One that isn't there changes nothing.
    ///
    /// - Throws: as `share`.
    package func unshare(_ record: GUID, with grantee: GUID, access: Access) async throws {
        try await changing {
            try await self.records.transaction { store in
                let share: SQL = """
                    tessera.share WHERE record_id = \(bind: PostgresUUID(guid: record)) AND grantee_id = \(bind: PostgresUUID(guid: grantee))
                    """
                let held = try await store.run("SELECT level, created_by FROM \(share) FOR UPDATE").rows.first
                var level = ShareLevel.read
                if let held, try held.guid(1) != access.principal {
                    level = ShareLevel(rawValue: Int(try held.decode(Int64.self, 0))) ?? .manage
                }
                _ = try await Self.shareable(record, level, store, access)
                _ = try await store.run("DELETE FROM \(share)")
            }
        }
    }

    /// With whom a record is shared now, for those who may share it.
    ///
    /// - Throws: as `share`.
    package func shares(of record: GUID, access: Access) async throws -> [ShareEntry] {
        _ = try await Self.shareable(record, .read, records, access)
        let sql: SQL = """
            SELECT record_id, grantee_id, level, cause, ends_at, created_by FROM tessera.share \
            WHERE record_id = \(bind: PostgresUUID(guid: record)) AND (ends_at IS NULL OR ends_at > now()) ORDER BY grantee_id
            """
        return try await PrincipalsError.translating {
            try await self.records.run(sql).rows.map { row in
                ShareEntry(
                    record: try row.guid(0), grantee: try row.guid(1),
                    level: ShareLevel(rawValue: Int(try row.decode(Int64.self, 2))) ?? .read, cause: try row.decode(String.self, 3),
                    endsAt: try row.moment(4), createdBy: try row.guid(5))
            }
        }
    }

    /// Whether a level is theirs to give: whoever manages a record may make themselves its owner, too.
    private static func allows(
        _ level: ShareLevel, on type: RecordType, _ record: GUID, _ store: RecordStore, _ access: Access, lasting: ShareDuration = .now
    ) async throws -> Bool {
        let needed: [RecordAction] =
            switch level {
            case .read: [.share]
            case .update: [.share, .update]
            case .manage: [.share, .update, .delete, .restore]
            }
        return try await store.allows(needed, on: type, record, access: access, givesAway: level == .manage, lasting: lasting)
    }

    private static func shareable(
        _ record: GUID, _ level: ShareLevel, _ store: RecordStore, _ access: Access, giving: Bool = false
    ) async throws -> RecordType {
        guard let type = try await store.type(ofRecord: record, access: access) else {
            throw RecordsError(.notFound, "There is no such record, or it is deleted.")
        }
        if giving, let parent = type.parent {
            throw PrincipalsError(
                .invalid, "Whoever sees its \(parent.field) sees the \(type.label.lowercased()): share that record of \(parent.type).",
                target: "record_id")
        }
        guard try await allows(level, on: type, record, store, access) else { throw RecordsError.forbidden(.share, type) }
        return type
    }
}
