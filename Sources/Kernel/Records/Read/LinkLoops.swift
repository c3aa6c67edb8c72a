package import Catalog
package import Postgres
package import QueryLanguage

/// Loops of links that may have none, made before the manifest said so: found to be told, since which link of a loop is the wrong one is for
/// people to say.
package struct LinkLoops: Sendable, Hashable {
    package var type: RecordType
    package var field: Field
    /// How many records are in loops.
    package var records: Int
    /// The first of them, in their order.
    package var ids: [GUID]

    /// How many records are named.
    static let named = 20

    /// One entry for each link that has loops.
    package static func find(_ catalog: Catalog, on client: PostgresClient) async throws -> [LinkLoops] {
        var found: [LinkLoops] = []
        for type in catalog.types {
            for field in type.acyclicLinks {
                let rows = try await client.query(statement(type, field)).rows
                guard let first = rows.first else { continue }
                let ids = try rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 1)) }
                found.append(LinkLoops(type: type, field: field, records: Int(try first.decode(Int64.self, 0)), ids: ids))
            }
        }
        return found
    }

    /// What hangs on a record without this link is in no loop. Of the rest, those to whom their own links lead back are.
    private static func statement(_ type: RecordType, _ field: Field) -> SQL {
        let (table, link) = (type.table.sql, ["\(field.key)_id"].quotedList)
        return """
            WITH RECURSIVE tree AS (
                SELECT c.id FROM \(raw: table) c JOIN \(raw: table) r ON r.id = c.\(raw: link) WHERE r.\(raw: link) IS NULL
                UNION ALL
                SELECT c.id FROM tree b JOIN \(raw: table) c ON c.\(raw: link) = b.id),
            rest AS (
                SELECT t.id, t.\(raw: link) AS next FROM \(raw: table) t
                WHERE t.\(raw: link) IS NOT NULL AND NOT EXISTS (SELECT FROM tree WHERE tree.id = t.id)),
            up AS (
                SELECT id AS origin, next AS here FROM rest
                UNION
                SELECT u.origin, r.next FROM up u JOIN rest r ON r.id = u.here WHERE u.here <> u.origin)
            SELECT count(*) OVER (), origin FROM up WHERE here = origin ORDER BY origin LIMIT \(bind: Int64(named))
            """
    }
}

extension LinkLoops: CustomStringConvertible {
    /// What is there, and what to do.
    package var description: String {
        let names = ids.map(\.description).joined(separator: ", ") + (records > ids.count ? ", …" : "")
        let (one, many) = (type.label.lowercased(), type.labelPlural.lowercased())
        return
            "\(type.id).\(field.key): \(records == 1 ? "1 \(one) is" : "\(records) \(many) are") in loops of \(field.label) (\(names)). They stay as "
            + "they are, and no further loop can be made: give one of each loop another \(field.label), or none."
    }
}

extension LinkLoops {
    /// As `--output json` shows it.
    package var value: Value {
        .complex([
            "type": .string(type.id), "field": .string(field.key), "records": .integer(Int64(records)),
            "ids": .collection(ids.map(Value.guid)),
        ])
    }
}
