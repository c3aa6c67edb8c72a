import Foundation
import TesseraKit
import Testing

@Suite("Field values as JSON")
struct FieldValueCodableTests {
    @Test(
        "are the JSON that one expects",
        arguments: [
            (nil, "null"), (true, "true"), (.integer(.min), "-9223372036854775808"), (0, "0"), ("Ærø \"x\"", #""Ærø \"x\"""#), ([], "[]"),
            ([:], "{}"),
            (.decimal(ExactDecimal("-12.500")!), #"{"$decimal":"-12.500"}"#),
            (.date(CalendarDate("2026-01-31")!), #"{"$date":"2026-01-31"}"#),
            (.dateTime(Timestamp("2026-01-31T10:00:00.5+01:00")!), #"{"$date_time":"2026-01-31T10:00:00.5+01:00"}"#),
            (.duration(TimeSpan("PT5M")!), #"{"$duration":"PT5M"}"#),
            (.guid(Guid(high: 1, low: 2)), #"{"$guid":"00000000-0000-0001-0000-000000000002"}"#),
            ([1, [nil], ["a": "b"]], #"[1,[null],{"a":"b"}]"#), (["$date": "x", "$$": 1], #"{"$$$":1,"$$date":"x"}"#),
            (["$": 1], #"{"$$":1}"#),
            (["address": "a@x.org", "is_primary": true], #"{"address":"a@x.org","is_primary":true}"#),
        ] as [(FieldValue, String)])
    func roundTrip(value: FieldValue, json: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(String(decoding: try encoder.encode(value), as: UTF8.self) == json)
        #expect(try JSONDecoder().decode(FieldValue.self, from: Data(json.utf8)) == value)
    }

    @Test(
        "are refused when a kind is unknown or its text isn't one",
        arguments: [
            #"{"$decimal":"1e3"}"#, #"{"$decimal":1}"#, #"{"$date":"2026-02-30"}"#, #"{"$date_time":"2026-01-31"}"#, #"{"$duration":"5"}"#,
            #"{"$guid":""}"#, #"{"$money":"1"}"#, #"{"$date":"2026-01-31","a":1}"#, "1.5", "1e400", "9223372036854775808", "[1.5]",
        ])
    func refused(json: String) {
        #expect(throws: (any Error).self) { try JSONDecoder().decode(FieldValue.self, from: Data(json.utf8)) }
    }

    @Test("carry whole records and answers")
    func records() throws {
        let image = RecordImage(
            position: 3, id: Guid(high: 1, low: 2), operation: .update, fields: ["name": "x", "size": nil], changed: ["name"])
        let patch = image.patch(["size": 4])
        let refusal = image.refusal(RecordProblem(field: "name", code: "a.b", message: "C."))
        #expect(try Self.copy(image) == image)
        #expect(try Self.copy(patch) == RecordPatch(position: 3, values: ["size": 4], problems: []))
        #expect(
            try Self.copy(refusal) == RecordPatch(position: 3, problems: [RecordProblem(field: "name", code: "a.b", message: "C.")]))
        let phone = NormalizedPhone(e164: "+1", extension: "2", isValid: true, display: .init(national: "3", international: "4"))
        #expect(try Self.copy(phone) == phone)
    }

    private static func copy<Value: Codable>(_ value: Value) throws -> Value {
        try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    }
}
