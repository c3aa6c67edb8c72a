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
        let exported = try await TestHost.with(modules) { host in
            try await Self.insertPhoto(host.lab)
            try await Self.fill(host)
            var exported: [String: [UInt8]] = [:]
            for collection in Self.collections { exported[collection] = try await Self.export(collection, host.lab) }
            return exported
        }
        try await TestStore.with(modules) { empty in
            try await Self.insertPhoto(empty)
            for collection in Self.collections {
                let file = try #require(exported[collection])
                try await Self.importing(file, collection, empty)
                let again = try await Self.export(collection, empty)
                #expect(again == file, "\(Self.firstDifference(file, again))")
            }
        }
    }

    // MARK: Steps

    private static let collections = ["places", "topics", "specimens"]
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    private static func insertPhoto(_ store: TestStore) async throws {
        _ = try await store.client.query(
            """
            INSERT INTO tessera.file (id, name, media_type, size, digest, content, created_by)
            SELECT \(bind: PostgresUUID(Specimens.photo)), 'photo.png', 'image/png', 1, sha256('x'), 'x', id FROM tessera.principal
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

    /// Everything but the moments at which the store made and changed the records.
    private static func export(_ collection: String, _ lab: TestStore) async throws -> [UInt8] {
        let type = try lab.type(collection)
        var names: [String] = []
        let links = type.fields.filter { if case .links = $0.type { true } else { false } }.map(\.key)
        for column in ExportColumn.columns(of: type, catalog: lab.catalog) where !["created_at", "updated_at"].contains(column.property) {
            if !names.contains(column.property), !links.contains(column.property) { names.append(column.property) }
        }
        let expanded = links.isEmpty ? "" : "&$expand=\(links.joined(separator: ","))"
        let options = try QueryOptions.parse(urlQuery: "$orderby=id&$select=\(names.joined(separator: ","))\(expanded)")
        let shape = try #require(lab.catalog.entityShape(named: type.id))
        let query = try QueryChecker(schema: lab.catalog).check(options, on: shape)
        var bytes: [UInt8] = []
        let exporter = Exporter(store: lab.store, type: type, access: .test)
        _ = try await exporter.run(ListRequest(type: type, query: query)) {
            bytes += $0
        } progress: { _ in
        }
        return bytes
    }

    private static func importing(_ bytes: [UInt8], _ collection: String, _ lab: TestStore) async throws {
        let path = "\(FileManager.default.temporaryDirectory.path)/tessera-\(UUID().uuidString).csv"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let plan = try ImportPlan(file: path, type: try lab.type(collection), catalog: lab.catalog, mapping: nil, match: [])
        #expect(plan.isExport)
        #expect(plan.unmapped == (collection == "specimens" ? ["number"] : []))
        let importer = Importer(
            store: lab.store, plan: plan, options: Importer.Options(), access: .test, changeSet: ChangeSet(id: .version7(), label: "import")
        )
        var reasons: [String] = []
        let report = try await importer.run(file: path) { cells, line, reason in
            reasons.append("line \(line): \(reason)")
        } progress: { _ in
        }
        #expect(reasons == [])
        #expect(report.created == plan.rows)
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
