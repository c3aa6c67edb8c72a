import TestPostgres
import Testing

@testable import Postgres

@Suite struct ConfigurationTests {
    @Test("reads URLs and key-value strings")
    func forms() throws {
        let network = try PostgresConfiguration(url: "postgres://me:p%40ss@db.example:5433/crm?sslmode=require&connect_timeout=3")
        #expect(network.host == "db.example")
        #expect(network.database == "crm")
        #expect(network.user == "me")
        #expect(network.connectTimeout == .seconds(3))
        let keywords = Dictionary(uniqueKeysWithValues: network.connectionKeywords)
        #expect(keywords["password"] == "p@ss")
        #expect(keywords["keepalives_idle"] == "30")
        #expect("\(network)" == "PostgreSQL database \"crm\" at db.example, port 5433")
        let local = try PostgresConfiguration(url: "host=/run/postgresql dbname=crm", settings: ["statement_timeout": "5 s"])
        #expect(local.host == "/run/postgresql")
        let options = Dictionary(uniqueKeysWithValues: local.connectionKeywords)
        #expect(options["keepalives_idle"] == nil)
        #expect(options["options"]?.contains("-c statement_timeout=5\\ s ") == true)
        #expect(local.with(database: "other").database == "other")
    }

    @Test(
        "refuses nonsense without repeating it, since it may hold a password",
        arguments: ["postgres://u:secret@[", "hosst=x password=secret", "="])
    func nonsense(url: String) {
        let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(url: url) }
        #expect(error?.code == .configuration)
        #expect(error.map { String(reflecting: $0).contains("secret") } == false)
    }

    @Test("sets up every connection the same way")
    func settings() async throws {
        try await withClient(settings: [
            "IntervalStyle": "postgres", "TimeZone": "Asia/Tokyo", "statement_timeout": "5s", "search_path": "\"a b\", public",
        ]) { client, _ in
            for name in ["TimeZone", "IntervalStyle", "statement_timeout", "search_path", "application_name", "client_encoding"] {
                let pipelined = try await client.pipelined("SELECT current_setting(\(bind: name))").text(row: 0, column: 0)
                let pooled = try await client.query("SELECT current_setting(\(bind: name))").text(row: 0, column: 0)
                #expect(pipelined == pooled)
            }
            #expect(try await client.query("SHOW IntervalStyle").text(row: 0, column: 0) == "iso_8601")
            #expect(try await client.query("SHOW TimeZone").text(row: 0, column: 0) == "Asia/Tokyo")
            #expect(try await client.query("SHOW statement_timeout").text(row: 0, column: 0) == "5s")
            #expect(try await client.query("SHOW search_path").text(row: 0, column: 0) == "\"a b\", public")
        }
    }

    @Test("knows what the environment says to libpq: what changes answers, and what says where a database is")
    func environment() {
        let answers = ConnectionEnvironment.names(.answers)
        #expect(Set(answers).isSuperset(of: ["PGDATESTYLE", "PGTZ", "PGGEQO", "PGOPTIONS"]))
        #expect(!answers.contains("PGPASSWORD") && !answers.contains("PGSSLROOTCERT"))
        let all = Set(ConnectionEnvironment.names(.everything))
        #expect(all.isSuperset(of: answers))
        #expect(
            all.isSuperset(of: [
                "PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGSERVICE", "PGSERVICEFILE", "PGTARGETSESSIONATTRS", "PGREQUIREPEER",
                "PGPASSWORD",
            ]))
    }

    @Test(
        "reads the SQLSTATE out of a refusal in any language",
        arguments: [
            ("connection to server failed: FATAL:  28P01: password authentication failed\nLOCATION: x", "28P01"),
            ("FATAL:  3D000: Datenbank »x« existiert nicht", "3D000"),
        ])
    func refusals(message: String, sqlState: String) {
        #expect(Connector.sqlState(in: message) == sqlState)
    }

    @Test("finds no SQLSTATE where there is none", arguments: ["", "could not connect: No such file", "a:  bcdef: x", "::::::::::"])
    func noSQLState(message: String) {
        #expect(Connector.sqlState(in: message) == nil)
    }

    @Test("refuses servers older than PostgreSQL 15, for good")
    func oldServers() {
        #expect(Connector.refusal(ofServerVersion: 150_000) == nil)
        #expect(Connector.refusal(ofServerVersion: 180_001) == nil)
        let refusal = Connector.refusal(ofServerVersion: 140_012)
        #expect(refusal?.isPermanent == true)
        #expect(refusal?.error.code == .unsupportedServer)
        #expect(refusal?.error.message.contains("version 14.12") == true)
    }

    @Test("names versions as PostgreSQL does")
    func versions() {
        #expect(Connector.versionText(140_012) == "14.12")
        #expect(Connector.versionText(90_624) == "9.6.24")
    }

    @Test("fails at once when the database doesn't exist, instead of trying again")
    func permanentRefusal() async throws {
        let server = try await TestPostgres.shared()
        let configuration = try PostgresConfiguration(url: server.url(database: "no_such_database"))
        let client = PostgresClient(
            configuration: configuration, options: PoolOptions(acquireTimeout: .seconds(3600)), logger: silentLogger)
        for attempt in 0..<2 {
            let error = await #expect(throws: PostgresError.self) {
                attempt == 0 ? try await client.query("SELECT 1") : try await client.pipelined("SELECT 1")
            }
            #expect(error?.code == .connection)
            #expect(error?.sqlState == "3D000")
        }
        await #expect(throws: PostgresError.self) { try await client.notifications(channel: "x") }
        await client.shutdown()
    }

    @Test("says where it found no server when the waiting time is over")
    func unreachable() async throws {
        let configuration = try PostgresConfiguration(url: "postgres:///x?host=/tmp/no-such-folder")
        let client = PostgresClient(
            configuration: configuration, options: PoolOptions(acquireTimeout: .milliseconds(200)), logger: silentLogger)
        let error = await #expect(throws: PostgresError.self) { try await client.query("SELECT 1") }
        #expect(error?.code == .connection)
        #expect(error?.message.contains("/tmp/no-such-folder") == true)
        #expect(client.statistics.isServerReachable == false)
        await client.shutdown()
        let after = await #expect(throws: PostgresError.self) { try await client.query("SELECT 1") }
        #expect(after?.code == .closed)
    }
}
