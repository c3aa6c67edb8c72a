import Catalog
import Logging
import Postgres
import QueryLanguage
import SchemaPlan
import TestPostgres

@testable import Records

/// A fresh database with the tables of `LabTypes`, and a store on it.
struct Lab {
    let client: PostgresClient
    let database: TestDatabase
    let store: RecordStore

    static let principal = GUID("00000000-0000-7000-8000-000000000001")!
    static let access = Access(principal: principal, channel: .system)

    var thing: RecordType { LabTypes.thing }
    var group: RecordType { LabTypes.group }

    static func with<R: Sendable>(_ body: (Lab) async throws -> R) async throws -> R {
        try await TestPostgres.withDatabase { database in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let client = PostgresClient(
                configuration: try PostgresConfiguration(url: database.url, settings: ["jit": "off"]), logger: logger)
            do {
                try await SchemaApplier(client: client, logger: logger).apply(DesiredSchema(catalog: LabTypes.catalog))
                let store = RecordStore(client: client, catalog: LabTypes.catalog, logger: logger)
                let result = try await body(Lab(client: client, database: database, store: store))
                await client.shutdown()
                return result
            } catch {
                await client.shutdown()
                throw error
            }
        }
    }

    // MARK: Rows

    /// Inserts rows as they are, by column names; what every record needs is added.
    func insert(_ type: RecordType, _ rows: [[String: Value]]) async throws {
        let complete = rows.map { row in
            var row = row
            for (name, value) in Self.standard where row[name] == nil { row[name] = value }
            if type.id == "lab.thing" {
                row["tags"] = row["tags"] ?? .collection([])
                row["colours"] = row["colours"] ?? .collection([])
            }
            return row
        }
        try await insert(into: type.table, complete)
    }

    func insert(into table: TableName, _ rows: [[String: Value]]) async throws {
        for start in stride(from: 0, to: rows.count, by: 1_000) {
            let json = Value.collection(rows[start..<min(start + 1_000, rows.count)].map { .complex($0.mapValues(Self.stored)) }).json
            let sql: SQL =
                "INSERT INTO \(raw: table.sql) SELECT * FROM jsonb_populate_recordset(NULL::\(raw: table.sql), \(bind: PostgresJSON(json)))"
            _ = try await client.query(sql)
        }
    }

    /// PostgreSQL does not read `-P1D`.
    private static func stored(_ value: Value) -> Value {
        if case .duration(let duration) = value { .string("\(duration.microseconds) microseconds") } else { value }
    }

    private static let standard: [String: Value] = [
        "version": 1, "created_at": "2024-01-02T03:04:05Z", "updated_at": "2024-01-02T03:04:05.678Z", "created_by": .guid(principal),
        "updated_by": .guid(principal), "owner_id": .guid(principal),
    ]

    /// Ids that are easy to read in tests: `…0000002a` for 42.
    static func id(_ number: Int, group: Bool = false) -> GUID {
        GUID(high: group ? 0x0190_0000_0000_7001 : 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 | UInt64(number))
    }

    // MARK: Queries

    static let checker = QueryChecker(schema: DeploymentSchema(catalog: LabTypes.catalog, hooks: NoHooks()))

    func query(_ text: String, on type: RecordType) throws -> CheckedQuery {
        try Self.query(text, shape: type.id)
    }

    static func query(_ text: String, shape name: String) throws -> CheckedQuery {
        guard let shape = LabTypes.catalog.entityShape(named: name) else { throw RecordsError(.internalFault, "no shape \(name)") }
        return try checker.check(QueryOptions.parse(urlQuery: text), on: shape)
    }

    static func expression(_ text: String, expecting type: PropertyType? = .boolean, shape name: String = "lab.thing") throws
        -> TypedExpression
    {
        guard let shape = LabTypes.catalog.entityShape(named: name) else { throw RecordsError(.internalFault, "no shape \(name)") }
        return try checker.check(Expression.parse(text), on: shape, expecting: type)
    }

    func list(
        _ text: String, on type: RecordType? = nil, format: ReadFormat = ReadFormat(), pageSize: Int = 100, includeDeleted: Bool = false
    ) async throws -> Page {
        let type = type ?? thing
        let request = ListRequest(
            type: type, query: try query(text, on: type), format: format, pageSize: pageSize, includeDeleted: includeDeleted)
        return try await store.list(request, access: Self.access)
    }

    /// The JSON of a list as text.
    func json(_ text: String, on type: RecordType? = nil, format: ReadFormat = ReadFormat()) async throws -> String {
        String(decoding: try await list(text, on: type, format: format).items, as: UTF8.self)
    }

    /// The names of the records a filter keeps, in the order of their ids.
    func names(_ filter: String, on type: RecordType? = nil) async throws -> [String] {
        let type = type ?? thing
        let escaped = filter.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            return scalar.isASCII && scalar.properties.isAlphabetic
                ? String(scalar) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        let text = try await json("select=\(type.displayField ?? "name")&filter=\(escaped)", on: type, format: ReadFormat(metadata: .none))
        return text.split(separator: "{").map { item in
            String(item.split(separator: ":", maxSplits: 1)[1].prefix { $0 != "}" }).replacing("\"", with: "")
        }
    }
}
