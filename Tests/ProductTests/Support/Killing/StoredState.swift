import Foundation

/// What lies in the database, read past the API in one statement: people that clients wrote, and everything that doesn't fit together.
struct StoredState {
    private(set) var people: [String: StoredPerson] = [:]
    /// Versions of the shared record by the number of employees that each brought.
    private(set) var sharedVersions: [Int: [Int]] = [:]
    private(set) var imported: [String: Int] = [:]
    private(set) var problems: [String] = []
    private(set) var rows = 0

    init(_ folder: DataFolder, shared: String) throws {
        let file = try folder.file("state.sql", Self.sql)
        var outcome = Outcome(code: 2, output: "", errors: "")
        // psql ends with 2 when it gets no connection, and isn't started while the server is about to start PostgreSQL.
        try waitUntil("PostgreSQL has recovered") {
            outcome = try folder.tessera("psql", "--", "-XAtq", "-v", "ON_ERROR_STOP=1", "-v", "shared=\(shared)", "-f", file)
            return outcome.code != 2 && !outcome.errors.contains("in use by process")
        }
        guard outcome.code == 0 else { throw TestFailure("psql: \(outcome.errors)") }
        for line in outcome.output.split(separator: "\n") {
            guard let fact = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else { continue }
            try take(fact, text: line)
        }
    }

    private mutating func take(_ fact: [String: Any], text: Substring) throws {
        switch fact["fact"] as? String {
        case "person":
            guard let name = fact["name"] as? String, let id = fact["id"] as? String, let version = fact["version"] as? Int else { break }
            let person = WrittenPerson(
                version: version, title: fact["title"] as? String ?? "", emails: fact["emails"] as? [String] ?? [],
                roles: fact["roles"] as? [String: String] ?? [:], isDeleted: fact["deleted"] as? Bool ?? false)
            if people.updateValue(StoredPerson(id: id, person: person), forKey: name) != nil { problems.append("\(name) is stored twice") }
        case "shared":
            guard let value = fact["value"] as? Int, let version = fact["version"] as? Int else { break }
            sharedVersions[value, default: []].append(version)
        case "imported":
            guard let name = fact["import"] as? String, let count = fact["count"] as? Int else { break }
            imported[name] = count
        case "rows": rows = fact["count"] as? Int ?? 0
        default: problems.append(String(text))
        }
    }

    /// One row of JSON for each fact. Everything comes from one snapshot, after the sessions of killed clients have come to rest.
    private static let sql = """
        DO $$ BEGIN
            WHILE EXISTS (
                SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid())
            LOOP
                PERFORM pg_sleep(0.01);
                PERFORM pg_stat_clear_snapshot();
            END LOOP;
        END $$;

        WITH
        event AS (
            SELECT record_id, version, record_type, action, old, new, change_set FROM tessera.outbox
            UNION ALL
            SELECT record_id, version, record_type, left(split_part(topic, '.', -1), -1), old, new, change_set FROM tessera.event),
        heard AS (
            SELECT record_id, version, topic LIKE '%.purged' AS is_purge FROM tessera.event
            WHERE position <= (SELECT position FROM tessera.subscription WHERE id = 'tessera.history')),
        purged AS (SELECT DISTINCT record_id FROM heard WHERE is_purge),
        record AS (
            SELECT 'contacts.person' AS type, id, version, to_jsonb(p) AS stored FROM contacts.person p
            UNION ALL SELECT 'contacts.organisation', id, version, to_jsonb(o) FROM contacts.organisation o),
        list AS (
            SELECT record_id AS id, 'emails' AS field, jsonb_agg(to_jsonb(l) - '{record_id,position}'::text[] ORDER BY position) AS stored
            FROM contacts.person__emails l GROUP BY 1
            UNION ALL
            SELECT record_id, 'phones', jsonb_agg(to_jsonb(l) - '{record_id,position}'::text[] ORDER BY position)
            FROM contacts.person__phones l GROUP BY 1
            UNION ALL
            SELECT source_id, 'affiliations', jsonb_agg(to_jsonb(l) - 'source_id' ORDER BY target_id)
            FROM contacts.person__affiliations l GROUP BY 1),
        trail AS (
            SELECT record_id AS id, min(record_type) AS type, min(version) AS first, max(version) AS last, count(*) AS count,
                bool_or(action = 'purge') AS is_purged
            FROM tessera.change GROUP BY 1),
        told AS (
            SELECT o.record_id AS id, n.key, (array_agg(n.value ORDER BY o.version DESC))[1] AS value
            FROM event o, jsonb_each(o.new) n GROUP BY 1, 2)

        SELECT jsonb_build_object('fact', 'person', 'name', p.last_name, 'id', p.id, 'version', p.version, 'title', p.job_title,
            'deleted', p.deleted_at IS NOT NULL,
            'emails', (SELECT jsonb_agg(e.address ORDER BY e.position) FROM contacts.person__emails e WHERE e.record_id = p.id),
            'roles', (SELECT jsonb_object_agg(a.target_id, a.role) FROM contacts.person__affiliations a WHERE a.source_id = p.id))
        FROM contacts.person p WHERE p.first_name = 'Written'
        UNION ALL
        SELECT jsonb_build_object('fact', 'shared', 'value', new->'employees', 'version', version)
        FROM event WHERE record_id = :'shared' AND new->'employees' IS NOT NULL
        UNION ALL
        SELECT jsonb_build_object('fact', 'imported', 'import', first_name, 'count', count(DISTINCT last_name))
        FROM contacts.person WHERE first_name LIKE 'Import%' GROUP BY first_name
        UNION ALL
        SELECT jsonb_build_object('fact', 'rows', 'count', (SELECT count(*) FROM record) + (SELECT sum(jsonb_array_length(stored)) FROM list)
            + (SELECT count(*) FROM tessera.change) + (SELECT count(*) FROM event))
        UNION ALL
        -- A record has a change for each of its versions, one that is gone has them up to its purge.
        SELECT jsonb_build_object('fact', 'record and changes differ', 'record', record, 'trail', trail)
        FROM record FULL JOIN trail USING (id)
        WHERE trail.id IS NULL OR (record.id IS NULL) <> trail.is_purged OR trail.first <> 1 OR trail.last <> trail.count
            OR record.version <> trail.last OR record.type <> trail.type
        UNION ALL
        -- Each change was told once, with the same before-values.
        SELECT jsonb_build_object('fact', 'change and event differ', 'change', c, 'event', o)
        FROM tessera.change c FULL JOIN event o USING (record_id, version)
        WHERE (c.change_set, c.action, c.record_type, c.before) IS DISTINCT FROM (o.change_set, o.action, o.record_type, o.old)
        UNION ALL
        SELECT jsonb_build_object('fact', 'told twice', 'record', record_id, 'version', version)
        FROM event GROUP BY record_id, version HAVING count(*) > 1
        UNION ALL
        -- Positions have no gaps, and those of a record rise with its versions.
        SELECT jsonb_build_object('fact', 'positions have gaps', 'head', h.position, 'events', e.count)
        FROM tessera.event_head h, (SELECT count(*), coalesce(max(position), 0) AS last FROM tessera.event) e
        WHERE (e.count, e.last) <> (h.position, h.position)
        UNION ALL
        SELECT jsonb_build_object('fact', 'out of order', 'record', record_id, 'position', position)
        FROM (SELECT record_id, position, version, lag(version) OVER (PARTITION BY record_id ORDER BY position) AS before FROM tessera.event) e
        WHERE version <= before
        UNION ALL
        -- History has each event that it has come to once; of what was purged, the purge alone.
        SELECT jsonb_build_object('fact', 'event and history differ', 'event', e, 'history', h)
        FROM (SELECT heard.record_id, heard.version FROM heard LEFT JOIN purged ON purged.record_id = heard.record_id
            WHERE is_purge OR purged.record_id IS NULL) e
        FULL JOIN tessera.history h USING (record_id, version)
        WHERE e.record_id IS NULL OR h.record_id IS NULL
        UNION ALL
        -- What was told, in order, is what is stored: columns of the record, and its lists.
        SELECT jsonb_build_object('fact', 'column is not as told', 'record', record.id, 'column', told.key, 'told', told.value, 'stored', record.stored->told.key)
        FROM told JOIN record USING (id)
        WHERE told.key NOT IN ('emails', 'phones', 'affiliations', 'updated_at', 'updated_by')
            AND coalesce(record.stored->told.key, 'null') <> told.value
        UNION ALL
        SELECT jsonb_build_object('fact', 'list is not as told', 'record', coalesce(told.id, list.id), 'list', coalesce(told.key, list.field),
            'told', told.value, 'stored', list.stored)
        FROM (SELECT told.* FROM told JOIN record USING (id) WHERE told.key IN ('emails', 'phones', 'affiliations') AND told.value <> '[]') told
        FULL JOIN list ON list.id = told.id AND list.field = told.key
        WHERE (SELECT jsonb_agg(jsonb_strip_nulls(e) ORDER BY e->>'target_id', i) FROM jsonb_array_elements(told.value) WITH ORDINALITY t(e, i))
            IS DISTINCT FROM (SELECT jsonb_agg(jsonb_strip_nulls(e) ORDER BY e->>'target_id', i)
                FROM jsonb_array_elements(list.stored) WITH ORDINALITY t(e, i))
        UNION ALL
        -- An imported person is whole.
        SELECT jsonb_build_object('fact', 'half imported', 'record', p.last_name)
        FROM contacts.person p WHERE p.first_name LIKE 'Import%' AND (
            p.job_title IS DISTINCT FROM 'title of ' || p.last_name
            OR (SELECT count(*) FROM contacts.person__emails e WHERE e.record_id = p.id) <> 2
            OR (SELECT count(*) FROM contacts.person__phones t WHERE t.record_id = p.id) <> 1
            OR (SELECT count(*) FROM contacts.person__affiliations a WHERE a.source_id = p.id) <> 1 OR p.organisation_id IS NULL)
        UNION ALL
        SELECT jsonb_build_object('fact', 'imported twice', 'person', last_name)
        FROM contacts.person WHERE first_name LIKE 'Import%' GROUP BY first_name, last_name HAVING count(*) > 1
        UNION ALL
        -- Numbers are given to what is stored, and to nothing else.
        SELECT jsonb_build_object('fact', 'numbers were lost', 'given', c.value, 'made', n.made)
        FROM tessera.counter c, (SELECT count(*) AS made FROM tessera.change
            WHERE action = 'create' AND record_type = 'contacts.organisation') n
        WHERE c.record_type = 'contacts.organisation' AND c.value <> n.made;
        """
}
