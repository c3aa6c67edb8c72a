import QueryLanguage
import Testing

@Suite("Values")
struct ValueTests {
    static let samples: [(Value, PropertyType, literal: String, json: String, text: String)] = [
        (.null, .string, "null", "null", ""),
        (true, .boolean, "true", "true", "true"),
        (-5, .int64, "-5", "-5", "-5"),
        (.decimal(DecimalNumber("1.50")!), .decimal, "1.50", "1.50", "1.50"),
        ("it's \"a\"\n\u{1}é", .string, "'it''s \"a\"\n\u{1}é'", "\"it's \\\"a\\\"\\n\\u0001é\"", "it's \"a\"\n\u{1}é"),
        (.date(CalendarDate("2024-02-29")!), .date, "2024-02-29", "\"2024-02-29\"", "2024-02-29"),
        (.timeOfDay(TimeOfDay("08:30")!), .timeOfDay, "08:30:00", "\"08:30:00\"", "08:30:00"),
        (
            .dateTime(DateTime("2024-02-29T08:30:00Z")!), .dateTimeOffset, "2024-02-29T08:30:00Z", "\"2024-02-29T08:30:00Z\"",
            "2024-02-29T08:30:00Z"
        ),
        (.duration(DayTimeDuration("PT1H")!), .duration, "duration'PT1H'", "\"PT1H\"", "PT1H"),
        (
            .guid(GUID(high: 0, low: 1)), .guid, "00000000-0000-0000-0000-000000000001", "\"00000000-0000-0000-0000-000000000001\"",
            "00000000-0000-0000-0000-000000000001"
        ),
        (.collection([1, "x", .null]), .untyped, "[1,\"x\",null]", "[1,\"x\",null]", "[1,\"x\",null]"),
        (.complex(["b": 1, "a": .collection([])]), .untyped, "{\"a\":[],\"b\":1}", "{\"a\":[],\"b\":1}", "{\"a\":[],\"b\":1}"),
    ]

    @Test("prints literals, JSON and bare text, and reads the text of single values")
    func forms() {
        for (value, type, literal, json, text) in Self.samples {
            #expect(value.literal == literal)
            #expect(value.json == json)
            if type != .untyped { #expect(Value(literal: literal) == value) }
            #expect(value.text == text)
            if type != .untyped, !value.isNull { #expect(Value(text: text, type: type) == value) }
        }
        #expect(Value(text: "x", type: .int64) == nil)
        #expect(Value(text: "TRUE", type: .boolean) == nil)
        #expect(Value(text: "c", type: .choice(ChoiceType(members: ["a", "b"]))) == nil)
        #expect(Value(text: "b", type: .choice(ChoiceType(members: ["a", "b"]))) == "b")
    }

    @Test("stays small: the kernel holds many of them")
    func size() {
        #expect(MemoryLayout<Value>.stride <= 24)
        #expect(MemoryLayout<DecimalNumber>.size <= 16)
    }

    @Test("orders by code point, never by canonical equivalence")
    func order() throws {
        #expect(Value.order("\u{E9}", "e\u{301}") != 0)
        #expect(try #require(Value.order("\u{FFFD}", "\u{10000}")) < 0)
        #expect(try #require(Value.order("a", "a\u{0301}")) < 0)
        #expect(Value.order(1, .decimal(DecimalNumber("1.0")!)) == 0)
        #expect(Value.order(1, "1") == nil)
        #expect(Value.order(.null, .null) == nil)
    }

    @Test(
        "finds the name that was meant, or none",
        arguments: [
            ("lst_name", "last_name"), ("Last_Name", "last_name"), ("nmae", "name"), ("agee", "age"), ("ag", "age"), ("zzz", nil),
            ("x", nil), ("first", "first_name"), ("LAST", "last_name"),
            ("first_nam", "first_name"), ("", nil),
        ])
    func spelling(word: String, meant: String?) {
        #expect(Spelling.closest(to: word, in: ["name", "age", "last_name", "first_name"]) == meant)
    }
}
