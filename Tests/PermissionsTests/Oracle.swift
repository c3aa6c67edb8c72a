import Catalog
import Manifests
import Permissions
import Postgres
import QueryLanguage
import Records
import TestKernel

/// What PostgreSQL itself lets somebody see, by row-level security: made from the roles as they are written and the directory's tables, with nothing of
/// the predicates that are tested. Functions that are called once for each record are PL/pgSQL, which plans them once for a connection, and not for each call.
struct Oracle {
    let store: TestStore
    /// A role of the cluster, by whose rights statements run.
    let role: String

    static func make(_ store: TestStore) async throws -> Oracle {
        // Roles are the cluster's, which tests share.
        let oracle = Oracle(store: store, role: "oracle_\(UInt64.random(in: 0 ... .max))")
        for statement in oracle.statements { _ = try await store.client.query(SQL(verbatim: statement)) }
        return oracle
    }

    /// Tells it a role, as it is written.
    func tell(of role: Role) async throws {
        guard let grant = role.grants.first(where: { $0.type == "sales.account" }) else { return }
        for action in World.actions + [.assign] {
            _ = try await store.client.query(
                "INSERT INTO oracle.scope VALUES (\(bind: role.id), \(bind: action.rawValue), \(bind: grant.scope(of: action).rawValue))")
            // What is allowed with reading is allowed with exporting, and with making records with assigning them, of which these roles say so themselves or nothing.
            let other: [RecordAction: RecordAction] = [.export: .read, .assign: .create]
            let standIn = grant.scopes[action] == nil ? other[action] : nil
            for allowance in grant.allowances
            where allowance.actions.contains(action) || (standIn.map { allowance.actions.contains($0) } ?? false) {
                let condition = World.name(of: allowance.rule)
                _ = try await store.client.query(
                    "INSERT INTO oracle.allowance VALUES (\(bind: role.id), \(bind: action.rawValue), \(bind: condition))")
            }
            // Who gives a record to another owner changes it.
            for limit in grant.limits where limit.actions.contains(action) || (action == .assign && limit.actions.contains(.update)) {
                let condition = World.name(of: limit.rule)
                _ = try await store.client.query(
                    "INSERT INTO oracle.limitation VALUES (\(bind: role.id), \(bind: action.rawValue), \(bind: condition))")
            }
        }
        for grant in role.grants {
            // What is said of a detail's field is said of the accounts that it belongs to.
            let owner = grant.parent == nil ? "" : "\(grant.type) "
            for (field, scopes) in grant.fields {
                guard let read = scopes.read else { continue }
                _ = try await store.client.query(
                    "INSERT INTO oracle.field_scope VALUES (\(bind: role.id), \(bind: owner + field), \(bind: read.rawValue))")
            }
            for limit in grant.limits where grant.type == "sales.line" {
                for action in limit.actions {
                    let condition = World.name(of: limit.rule)
                    _ = try await store.client.query(
                        "INSERT INTO oracle.line_limitation VALUES (\(bind: role.id), \(bind: action.rawValue), \(bind: condition))")
                }
            }
        }
    }

    func forget() async throws {
        for table in ["scope", "field_scope", "allowance", "limitation", "line_limitation"] {
            _ = try await store.client.query("DELETE FROM oracle.\(raw: table)")
        }
    }

    func remove() async throws {
        _ = try await store.client.query(SQL(verbatim: "DROP OWNED BY \(role)"))
        _ = try await store.client.query(SQL(verbatim: "DROP ROLE \(role)"))
    }

    /// The accounts on which somebody may take an action.
    func accounts(_ action: RecordAction, for person: GUID) async throws -> Set<GUID> {
        try await records("account", action, for: person)
    }

    /// The records of a table on which somebody may take an action.
    func records(_ table: String, _ action: RecordAction, for person: GUID) async throws -> Set<GUID> {
        let statement =
            switch action {
            case .update: "UPDATE sales.\(table) SET version = version RETURNING id"
            case .delete: "DELETE FROM sales.\(table) RETURNING id"
            case .export, .assign: "SELECT id FROM sales.\(table) WHERE oracle.covers('\(action.rawValue)', NULL, \(table))"
            default: "SELECT id FROM sales.\(table)"
            }
        return try await rows(statement, for: person)
    }

    /// The accounts on which somebody sees a field.
    func accounts(showing field: String, to person: GUID) async throws -> Set<GUID> {
        try await records("account", showing: field, to: person)
    }

    /// The records of a table on which somebody sees a field.
    func records(_ table: String, showing field: String, to person: GUID) async throws -> Set<GUID> {
        try await rows("SELECT id FROM sales.\(table) WHERE oracle.covers('read', '\(field)', \(table))", for: person)
    }

    private func rows(_ statement: String, for person: GUID) async throws -> Set<GUID> {
        do {
            return try await store.client.transaction { transaction in
                try await transaction.execute(
                    "SET LOCAL ROLE \(role); SET LOCAL oracle.person = '\(person)'; SET LOCAL plan_cache_mode = force_generic_plan")
                let rows = try await transaction.query(SQL(verbatim: statement)).rows
                // Nothing of it is kept.
                throw Seen(ids: Set(try rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 0)) }))
            }
        } catch let seen as Seen {
            return seen.ids
        }
    }

    private struct Seen: Error { var ids: Set<GUID> }

    private var statements: [String] {
        [
            "CREATE SCHEMA oracle",
            "CREATE TABLE oracle.scope (role text, action text, scope text)",
            "CREATE TABLE oracle.field_scope (role text, field text, scope text)",
            "CREATE TABLE oracle.allowance (role text, action text, condition text)",
            "CREATE TABLE oracle.limitation (role text, action text, condition text)",
            "CREATE TABLE oracle.line_limitation (role text, action text, condition text)",
            "CREATE FUNCTION oracle.me() RETURNS uuid LANGUAGE sql STABLE AS $$SELECT current_setting('oracle.person')::uuid$$",
            """
            CREATE FUNCTION oracle.width(scope text) RETURNS int LANGUAGE sql IMMUTABLE AS
            $$SELECT array_position(ARRAY['none', 'own', 'shared', 'team', 'subtree', 'all'], scope) - 1$$
            """,
            """
            CREATE FUNCTION oracle.is_shared(record uuid, wanted text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
            BEGIN RETURN EXISTS (SELECT 1 FROM tessera.share s WHERE s.record_id = record AND (s.ends_at IS NULL OR s.ends_at > now())
                AND s.level >= CASE wanted WHEN 'update' THEN 2 WHEN 'delete' THEN 3 WHEN 'assign' THEN 3 ELSE 1 END
                AND (s.grantee_id = oracle.me() OR EXISTS (SELECT 1 FROM tessera.membership m
                    WHERE m.principal_id = oracle.me() AND m.team_id = s.grantee_id))); END
            $$
            """,
            """
            CREATE FUNCTION oracle.reaches(held_in uuid, below boolean, owner uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
            BEGIN RETURN (WITH RECURSIVE reach AS (
                SELECT m.team_id FROM tessera.membership m WHERE m.principal_id = oracle.me() AND (held_in IS NULL OR m.team_id = held_in)
                UNION SELECT t.id FROM tessera.team t JOIN reach r ON t.parent_id = r.team_id WHERE below)
            SELECT EXISTS (SELECT 1 FROM reach r WHERE r.team_id = owner
                OR EXISTS (SELECT 1 FROM tessera.membership m WHERE m.team_id = r.team_id AND m.principal_id = owner))); END
            $$
            """,
            """
            CREATE FUNCTION oracle.below() RETURNS SETOF uuid LANGUAGE plpgsql STABLE AS $$
            BEGIN RETURN QUERY WITH RECURSIVE reach AS (
                SELECT m.team_id FROM tessera.membership m WHERE m.principal_id = oracle.me()
                UNION SELECT t.id FROM tessera.team t JOIN reach r ON t.parent_id = r.team_id)
            SELECT reach.team_id FROM reach; END
            $$
            """,
            """
            CREATE FUNCTION oracle.meets(condition text, r sales.account) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
            BEGIN RETURN coalesce(CASE condition \(World.conditions.map { "WHEN '\($0.name)' THEN \($0.sql)" }.joined(separator: " ")) END, false); END
            $$
            """,
            """
            CREATE FUNCTION oracle.within(width int, held_in uuid, wanted text, r sales.account) RETURNS boolean LANGUAGE sql STABLE AS $$
            SELECT width >= 5 OR (width >= 1 AND (r).owner_id = oracle.me()) OR (width >= 2 AND oracle.is_shared((r).id, wanted))
                OR (width >= 3 AND oracle.reaches(held_in, width >= 4, (r).owner_id))
            $$
            """,
            """
            CREATE FUNCTION oracle.covers(wanted text, wanted_field text, r sales.account) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
            BEGIN RETURN EXISTS (
                SELECT 1 FROM tessera.role_assignment a JOIN oracle.scope s ON s.role = a.role AND s.action = wanted
                LEFT JOIN oracle.field_scope f ON f.role = a.role AND f.field = wanted_field
                WHERE a.principal_id = oracle.me()
                    AND (oracle.within(oracle.width(s.scope), a.team_id, wanted, r) OR EXISTS (
                        SELECT 1 FROM oracle.allowance x WHERE x.role = a.role AND x.action = wanted AND oracle.meets(x.condition, r)))
                    AND (f.scope IS NULL OR oracle.within(oracle.width(f.scope), a.team_id, wanted, r)))
            AND NOT EXISTS (
                SELECT 1 FROM tessera.role_assignment a JOIN oracle.limitation l ON l.role = a.role AND l.action = wanted
                WHERE a.principal_id = oracle.me() AND NOT oracle.meets(l.condition, r)); END
            $$
            """,
            // Details: who reads the account reads them, who updates it does the rest. A condition of lines' own is a further one. These run as who made
            // them, so that the policies below aren't asked once more of each account for each line.
            """
            CREATE FUNCTION oracle.meets_line(condition text, r sales.line) RETURNS boolean LANGUAGE sql STABLE AS $$
            SELECT coalesce(CASE condition \(World.lineConditions.map { "WHEN '\($0.name)' THEN \($0.sql)" }.joined(separator: " ")) END, false)
            $$
            """,
            """
            CREATE FUNCTION oracle.wanted_above(wanted text) RETURNS text LANGUAGE sql IMMUTABLE AS
            $$SELECT CASE WHEN wanted IN ('read', 'export') THEN wanted ELSE 'update' END$$
            """,
            """
            CREATE FUNCTION oracle.covers(wanted text, wanted_field text, r sales.line) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
            BEGIN RETURN EXISTS (
                SELECT 1 FROM sales.account a WHERE a.id = (r).account_id AND a.deleted_at IS NULL AND oracle.covers('read', NULL, a)
                    AND (wanted = 'read' AND wanted_field IS NULL
                        OR oracle.covers(oracle.wanted_above(wanted), 'sales.line ' || wanted_field, a)))
            AND NOT EXISTS (
                SELECT 1 FROM tessera.role_assignment x JOIN oracle.line_limitation l ON l.role = x.role AND l.action = wanted
                WHERE x.principal_id = oracle.me() AND NOT oracle.meets_line(l.condition, r)); END
            $$
            """,
            """
            CREATE FUNCTION oracle.covers(wanted text, wanted_field text, r sales.remark) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
            BEGIN RETURN EXISTS (
                SELECT 1 FROM sales.line l JOIN sales.account a ON a.id = l.account_id
                WHERE l.id = (r).line_id AND l.deleted_at IS NULL AND oracle.covers('read', NULL, l)
                    AND (wanted = 'read' OR oracle.covers(oracle.wanted_above(wanted), NULL, l))
                    AND (wanted_field IS NULL OR oracle.covers('read', 'sales.remark ' || wanted_field, a))); END
            $$
            """,
            "CREATE ROLE \(role)",
            "GRANT USAGE ON SCHEMA sales, oracle, tessera TO \(role)",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sales TO \(role)",
            "GRANT SELECT ON ALL TABLES IN SCHEMA oracle, tessera TO \(role)",
        ]
            + ["account", "line", "remark"].flatMap { table in
                [
                    "ALTER TABLE sales.\(table) ENABLE ROW LEVEL SECURITY",
                    "CREATE POLICY reading ON sales.\(table) FOR SELECT USING (deleted_at IS NULL AND oracle.covers('read', NULL, \(table)))",
                    "CREATE POLICY updating ON sales.\(table) FOR UPDATE USING (oracle.covers('update', NULL, \(table)))",
                    "CREATE POLICY deleting ON sales.\(table) FOR DELETE USING (oracle.covers('delete', NULL, \(table)))",
                ]
            }
    }
}
