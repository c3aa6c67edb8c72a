import Catalog
import Manifests
import Postgres
import QueryLanguage

/// Takes records about to be purged out of lists of links, as any other change of such a list: with a version, before-values and an event of the
/// records that hold them. Deleted records' lists too.
struct ListReleaseStatement {
    let source: RecordType
    let table: ChildTable
    let links: Links
    let access: Access
    let changeSet: ChangeSet

    /// Locks the records that hold such links, so that the statement behind reads lists that nobody changes any more.
    func locking(targets: [GUID], except kept: [GUID]) -> SQL { selection("t.id", targets: targets, except: kept) }

    func sql(targets: [GUID], except kept: [GUID]) -> SQL {
        let ids = targets.map { PostgresUUID(guid: $0) }
        let column = followed.map { "\($0)_id" }
        let assignment: SQL =
            column.map { name -> SQL in
                "\(identifier: name) = CASE WHEN t.\(identifier: name) = ANY(\(bind: ids)) THEN NULL ELSE t.\(identifier: name) END, "
            } ?? ""
        let link = column.map { name in
            { (alias: String) in
                " || CASE WHEN o.\"\(name)\" IS DISTINCT FROM r.\"\(name)\" THEN \(Trace.object(of: [name], alias: alias)) ELSE '{}' END"
            }
        }
        let before = SQL("jsonb_build_object('\(raw: table.field)', l.was)\(raw: link?("o") ?? "")")
        let after = SQL("jsonb_build_object('\(raw: table.field)', l.will)\(raw: link?("r") ?? "")")
        let rows = "rec r JOIN old o ON o.id = r.id JOIN lists l ON l.id = r.id"
        return """
            WITH old AS MATERIALIZED (\(selection("t.*", targets: targets, except: kept))), \
            lists AS MATERIALIZED (SELECT s.id, s.was, coalesce((SELECT jsonb_agg(e.item ORDER BY e.n) \
            FROM jsonb_array_elements(s.was) WITH ORDINALITY AS e(item, n) WHERE (e.item->>'target_id')::uuid <> ALL(\(bind: ids))), '[]') AS will \
            FROM (SELECT o.id, \(raw: ListRows.stored(table, alias: "o")) AS was FROM old o) s), \
            rec AS (UPDATE \(raw: source.table.sql) t SET \(assignment)version = t.version + 1, updated_at = now(), \
            updated_by = \(bind: PostgresUUID(guid: access.principal)) FROM old o WHERE o.id = t.id RETURNING t.*), \
            gone AS (DELETE FROM \(raw: table.name.sql) c USING old o WHERE c.source_id = o.id AND c.target_id = ANY(\(bind: ids))), \
            trace AS (\(Trace.change("update", type: source, changeSet: changeSet, before: before, from: rows))) \
            \(Trace.outbox("update", type: source, access: access, changeSet: changeSet, old: before, new: after, from: rows))
            """
    }

    /// The single link that points where the primary row points, if a purge may empty it.
    private var followed: String? {
        guard let primary = links.primary, case .link(let link)? = source.field(primary)?.type, link.onDelete == .clear else { return nil }
        return primary
    }

    private func selection(_ columns: String, targets: [GUID], except kept: [GUID]) -> SQL {
        """
        SELECT \(raw: columns) FROM \(raw: source.table.sql) t WHERE t.id IN (SELECT c.source_id FROM \(raw: table.name.sql) c \
        WHERE c.target_id = ANY(\(bind: targets.map { PostgresUUID(guid: $0) }))) AND t.id <> ALL(\(bind: kept.map { PostgresUUID(guid: $0) })) \
        ORDER BY t.id FOR NO KEY UPDATE OF t
        """
    }
}
