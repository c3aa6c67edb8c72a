import Catalog
import NIOHTTP1
import QueryLanguage
import Records
import TestKernel
import TestRandom
import Testing

@testable import Server

@Suite("Bodies")
struct RecordDecoderTests {
    static let model: ApiModel? = try? ApiModel(TestStore.catalog(["lab": TestManifests.everyField]))

    func samples() throws -> ApiType { try #require(Self.model?.types["samples"]) }

    func decode(_ text: String, ieee754: Bool = false) throws -> [String: Value] {
        try RecordDecoder.record(try samples(), Array(text.utf8), ieee754Compatible: ieee754).input.values
    }

    @Test("takes every type of field in its own shape")
    func everyType() throws {
        let values = try decode(
            """
            {"title": "A\\u030a", "amount": 9007199254740993, "weight": 1.500, "price": 1e2, "price_currency": "EUR", "ready": true,
             "start_date": "2026-02-28", "measured_at": "2026-01-02T03:04:05.5+02:00", "effort": "PT90M", "state": "used",
             "hazards": ["acid"], "emails": [{"address": "a@b", "is_primary": true, "normalised": "x"}],
             "origin": {"city": "Oslo", "street": null},
             "tags": null, "place_id": "0190A1B2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "parent": null, "data": {"x": [1, 2.50, "y", null]},
             "places": [{"name": "Oslo", "since": "2026-01-01"}], "subject": {"@id": "topics(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)"}}
            """)
        let id = try #require(GUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"))
        let expected: [String: Value] = [
            "title": "Å", "amount": .integer(9_007_199_254_740_993), "weight": .decimal(try #require(DecimalNumber("1.500"))),
            "price": .decimal(try #require(DecimalNumber("100"))), "price_currency": "EUR", "ready": true,
            "start_date": .date(try #require(CalendarDate("2026-02-28"))),
            "measured_at": .dateTime(try #require(DateTime("2026-01-02T01:04:05.5Z"))),
            "effort": .duration(DayTimeDuration(microseconds: 5_400_000_000)), "state": "used", "hazards": .collection(["acid"]),
            "emails": .collection([.complex(["address": "a@b", "is_primary": true])]),
            "origin": .complex(["city": "Oslo", "street": .null]),
            "tags": .collection([]), "place_id": .guid(id), "parent": .null,
            "data": .complex(["x": .collection([1, .decimal(try #require(DecimalNumber("2.50"))), "y", .null])]),
            "places": .collection([
                .complex(["name": "Oslo", "_link": .complex(["since": .date(try #require(CalendarDate("2026-01-01")))])])
            ]),
            "subject_type": "lab.topic", "subject_id": .guid(id),
        ]
        for (name, value) in expected { #expect(values[name] == value, "\(name)") }
        #expect(values.count == expected.count)
        #expect(values["title"].map { if case .string(let text) = $0 { Array(text.unicodeScalars).count } else { 0 } } == 1)
    }

    static let wrong: [(String, String, String)] = [
        (#"{"amount": 9223372036854775808}"#, "amount", "json.wrong_type"),
        (#"{"amount": "7"}"#, "amount", "json.wrong_type"),
        (#"{"weight": 1e1000000}"#, "weight", "json.wrong_type"),
        ("{\"data\": [\(Array(repeating: "1e999", count: 11).joined(separator: ","))]}", "data/10", "json.too_large"),
        (#"{"start_date": "2026-02-30"}"#, "start_date", "json.wrong_type"),
        (#"{"measured_at": "2026-01-01"}"#, "measured_at", "json.wrong_type"),
        (#"{"place_id": "x"}"#, "place_id", "json.wrong_type"),
        (#"{"tags": ["a", 1]}"#, "tags/1", "json.wrong_type"),
        (#"{"origin": "Oslo"}"#, "origin", "json.wrong_type"),
        (#"{"origin": {"town": "Oslo"}}"#, "origin/town", "records.unknown_property"),
        (#"{"emails": {"address": "a"}}"#, "emails", "json.wrong_type"),
        (#"{"place": {}}"#, "place", "records.no_key"),
        (#"{"place": {"@id": "topics(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)"}}"#, "place/@id", "records.no_key"),
        (#"{"subject": {"@id": "samples(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)"}}"#, "subject", "records.no_key"),
        (#"{"parts": []}"#, "parts", "records.not_supported"),
        (#"[]"#, "", "json.wrong_type"),
    ]

    @Test("names the value that is wrong", arguments: wrong)
    func refuses(text: String, target: String, code: String) throws {
        let error = #expect(throws: APIError.self) { try decode(text) }
        #expect(error?.code == code, "\(error?.message ?? "")")
        #expect(error?.target ?? "" == target)
        #expect(error?.status.code == 400)
    }

    @Test("takes numbers as text only when the body says so")
    func ieee754() throws {
        #expect(try decode(#"{"amount": "7", "weight": "0.10"}"#, ieee754: true)["amount"] == .integer(7))
    }

    @Test("survives any mutation of a body: a record or an error, never a trap")
    func anyBody() throws {
        var generator = SeededGenerator(seed: .random(in: .min ... .max))
        print("seed \(generator.seed)")
        let type = try samples()
        let seedText = Array(
            """
            {"title":"a","amount":1,"places":[{"id":"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b","_link":{"role":"x"}}],
            "place@odata.bind":"places(x)","data":{"q":[1e5]}}
            """.utf8)
        for _ in 0..<5_000 {
            var bytes = seedText
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let position = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[position] = UInt8.random(in: .min ... .max, using: &generator)
                case 1: bytes.remove(at: position)
                default: bytes.insert(contentsOf: bytes[position..<min(bytes.count, position + 5)], at: position)
                }
            }
            do {
                _ = try RecordDecoder.record(type, bytes)
            } catch {
                #expect(error.status.code == 400)
            }
        }
    }
}
