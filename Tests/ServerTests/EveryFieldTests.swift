import Catalog
import Foundation
import JSONReading
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Transfer

@Suite("Every type of field")
struct EveryFieldTests {
    static let seed = ProcessInfo.processInfo.environment["TESSERA_SEED"].flatMap { UInt64($0) } ?? .random(in: 0..<1_000_000)

    @Test("is in the manifest of the specimens")
    func everyType() throws {
        let schema = try String(contentsOfFile: "\(Self.root)/manifests/schema/module.schema.json", encoding: .utf8)
        let line = try #require(schema.split(separator: "\n").first { $0.contains("\"enum\"") && $0.contains("\"auto_number\"") })
        let types = line.split(separator: "\"").map(String.init).filter { $0.allSatisfy { $0 == "_" || $0.isLowercase } && $0 != "enum" }
        #expect(types.count >= 23)
        for type in types {
            #expect(Specimens.manifest.contains("{ type: \(type)") || Specimens.manifest.contains("type: \(type)\n"), "\(type)")
        }
    }

    @Test("is stored, answered, exported and imported without a difference")
    func roundTrip() async throws {
        print("seed \(Self.seed) (set TESSERA_SEED to run it again)")
        let modules = ["museum": Specimens.manifest]
        let (tables, workbooks, numbers) = try await TestHost.with(modules) { host in
            try await Self.insertPhoto(host.lab)
            try await Self.fill(host)
            var tables: [String: [UInt8]] = [:]
            var workbooks: [String: [UInt8]] = [:]
            for collection in Self.collections {
                tables[collection] = try await Self.export(collection, host.lab)
                workbooks[collection] = try await Self.export(collection, host.lab, .xlsx)
            }
            return (tables, workbooks, try await Self.numbers(host.lab))
        }
        try await TestStore.with(modules) { empty in
            try await Self.insertPhoto(empty)
            for collection in Self.collections {
                let file = try #require(tables[collection])
                try await Self.importing(file, collection, empty)
                let again = try await Self.export(collection, empty)
                #expect(again == file, "\(Self.firstDifference(file, again))")
            }
            #expect(try await Self.numbers(empty) == numbers)
        }
        try await TestStore.with(modules) { empty in
            try await Self.insertPhoto(empty)
            for collection in Self.collections {
                try await Self.importing(try #require(workbooks[collection]), collection, empty)
                // A workbook doesn't tell an empty text from none.
                let first = try Self.cells(try #require(tables[collection]))
                let again = try Self.cells(try await Self.export(collection, empty))
                #expect(again.count == first.count)
                for (row, expected) in zip(again, first) { #expect(row == expected) }
            }
        }
    }

    // MARK: Steps

    private static let collections = ["places", "topics", "specimens"]
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    private static func insertPhoto(_ store: TestStore) async throws {
        _ = try await store.client.query(
            """
            WITH content AS (INSERT INTO tessera.content (digest, size) VALUES (sha256('x'), 1) RETURNING digest)
            INSERT INTO tessera.file (id, name, media_type, size, digest, created_by)
            SELECT \(bind: PostgresUUID(Specimens.photo)), 'photo.png', 'image/png', 1, content.digest, p.id
            FROM content, tessera.principal p
            """)
    }

    private static func fill(_ host: TestHost) async throws {
        for name in Specimens.placeNames { _ = try await host.create("places", Value.complex(["name": .string(name)]).json) }
        var topics: [String] = []
        for name in ["Minerals", "Minerals", "Shells"] {
            topics.append(try await host.create("topics", Value.complex(["name": .string(name)]).json))
        }
        var specimens = Specimens(seed: seed, topics: topics, keeper: "\(GUID.administrator)")
        for _ in 0..<60 {
            let body = specimens.next()
            let id = try await host.create("specimens", Value.complex(body).json)
            specimens.known.append(id)
            let answer = try await host.send("GET", "/api/specimens(\(id))?expand=places,topics")
            guard case .complex(let read) = try JSONReader.value(of: answer.body) else {
                Issue.record("\(answer.text)")
                continue
            }
            for (name, value) in body where name != "subject" {
                #expect(Same.holds(value, read[name] ?? .null), "\(name) was sent as \(value.json) and is \((read[name] ?? .null).json)")
            }
        }
    }

    /// Everything but the moments at which the store made and changed the records, and the numbers that it gives anew: rows that wait for the
    /// rows they link to come later.
    private static func export(_ collection: String, _ lab: TestStore, _ format: ExportFormat = .csv) async throws -> [UInt8] {
        let type = try lab.type(collection)
        var names: [String] = []
        let links = type.fields.filter { if case .links = $0.type { true } else { false } }.map(\.key)
        for column in ExportColumn.columns(of: type, catalog: lab.catalog)
        where !["created_at", "updated_at", "number"].contains(column.property) {
            if !names.contains(column.property), !links.contains(column.property) { names.append(column.property) }
        }
        let expanded = links.isEmpty ? "" : "&$expand=\(links.joined(separator: ","))"
        let options = try QueryOptions.parse(urlQuery: "$orderby=id&$select=\(names.joined(separator: ","))\(expanded)")
        let shape = try #require(lab.catalog.entityShape(named: type.id))
        let query = try QueryChecker(schema: lab.catalog).check(options, on: shape)
        var bytes: [UInt8] = []
        let exporter = Exporter(store: lab.store, type: type, access: .test, format: format)
        _ = try await exporter.run(ListRequest(type: type, query: query)) {
            bytes += $0
        } progress: { _ in
        }
        return bytes
    }

    /// The automatic numbers as an export has them, smallest first.
    private static func numbers(_ lab: TestStore) async throws -> [String] {
        let type = try lab.type("specimens")
        let shape = try #require(lab.catalog.entityShape(named: type.id))
        let query = try QueryChecker(schema: lab.catalog).check(
            try QueryOptions.parse(urlQuery: "$orderby=number&$select=number"), on: shape)
        var bytes: [UInt8] = []
        _ = try await Exporter(store: lab.store, type: type, access: .test).run(ListRequest(type: type, query: query)) {
            bytes += $0
        } progress: { _ in
        }
        let cells = try cells(bytes).flatMap(\.self)
        #expect(cells.first == "number" && Set(cells).count == 61)
        return cells
    }

    private static func importing(_ bytes: [UInt8], _ collection: String, _ lab: TestStore) async throws {
        let path = "\(FileManager.default.temporaryDirectory.path)/tessera-\(UUID().uuidString).csv"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let plan = try ImportPlan(file: path, type: try lab.type(collection), catalog: lab.catalog, mapping: nil, match: [])
        #expect(plan.isExport)
        #expect(plan.unmapped == [])
        let importer = Importer(plan: plan, options: Importer.Options(), access: .test)
        var reasons: [String] = []
        let (report, _) = try await importer.run(file: path, label: "import", store: lab.store) { cells, line, reason in
            reasons.append("line \(line): \(reason)")
        } progress: { _ in
        }
        #expect(reasons == [])
        #expect(report.created == plan.rows)
    }

    private static func cells(_ csv: [UInt8]) throws -> [[String]] {
        var reader = CSVReader()
        reader.append(csv)
        reader.finish()
        var row = TableRow()
        var rows: [[String]] = []
        while try reader.next(into: &row) { rows.append(row.texts) }
        return rows
    }

    private static func firstDifference(_ first: [UInt8], _ second: [UInt8]) -> String {
        let place = zip(first, second).prefix { $0 == $1 }.count
        func excerpt(_ bytes: [UInt8]) -> String { String(decoding: bytes.dropFirst(max(0, place - 80)).prefix(160), as: UTF8.self) }
        return "byte \(place):\n\(excerpt(first))\n---\n\(excerpt(second))"
    }
}

/// Whether what the API answers is what was sent, members that the store adds left aside.
private enum Same {
    static func holds(_ sent: Value, _ read: Value) -> Bool {
        switch (sent, read) {
        case (.decimal, _), (.integer, _): return number(sent) == number(read)
        case (.string(let left), .string(let right)):
            if left == right { return true }
            if let moment = DateTime(left) { return moment == DateTime(right) }
            return DayTimeDuration(left).map { $0 == DayTimeDuration(right) } ?? false
        case (.collection(let left), .collection(let right)):
            guard left.count == right.count else { return false }
            // Links come back by id, the others in the order that was sent.
            return zip(left, right).allSatisfy(holds) || left.allSatisfy { item in right.contains { holds(item, $0) } }
        case (.complex(let left), .complex(let right)): return left.allSatisfy { holds($1, right[$0] ?? .null) }
        default: return sent == read
        }
    }

    private static func number(_ value: Value) -> DecimalNumber? {
        switch value {
        case .integer(let integer): DecimalNumber(integer)
        case .decimal(let decimal): decimal
        default: nil
        }
    }
}
