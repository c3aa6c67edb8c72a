import ModuleHost
import QueryLanguage
import TesseraKit
import Testing

@Suite("Values that cross to a module and back")
struct ValueConversionTests {
    @Test(
        "stay what they are",
        arguments: [
            (.null, nil), (.bool(true), true), (.integer(.min), .integer(.min)), (.string("Ærø"), "Ærø"),
            (.decimal(DecimalNumber("-12.500")!), .decimal(ExactDecimal("-12.500")!)),
            (.date(QueryLanguage.CalendarDate("2024-02-29")!), .date(TesseraKit.CalendarDate("2024-02-29")!)),
            (.date(.earliest), .date(TesseraKit.CalendarDate("0001-01-01")!)),
            (.date(.latest), .date(TesseraKit.CalendarDate("9999-12-31")!)),
            (.dateTime(DateTime("2026-01-31T10:00:00.5+01:00")!), .dateTime(Timestamp("2026-01-31T10:00:00.5+01:00")!)),
            (.dateTime(.earliest), .dateTime(Timestamp("0001-01-01T00:00:00Z")!)),
            (.dateTime(.latest), .dateTime(Timestamp("9999-12-31T23:59:59.999999Z")!)),
            (.duration(DayTimeDuration(microseconds: .min)), .duration(TimeSpan(microseconds: .min))),
            (.guid(GUID(high: 1, low: .max)), .guid(Guid(high: 1, low: .max))), (.collection([]), []), (.complex([:]), [:]),
            (
                .collection([.complex(["address": "a@x.org", "is_primary": true]), .null]),
                [["address": "a@x.org", "is_primary": true], nil]
            ),
        ] as [(Value, FieldValue)])
    func roundTrip(value: Value, fieldValue: FieldValue) {
        #expect(FieldValue(value) == fieldValue)
        #expect(Value(fieldValue) == value)
    }

    @Test(
        "are refused when a module can't be shown them",
        arguments: [
            .timeOfDay(TimeOfDay(microseconds: 0)!), .collection([.timeOfDay(TimeOfDay(microseconds: 0)!)]),
            .complex(["a": .timeOfDay(TimeOfDay(microseconds: 0)!)]), .decimal(DecimalNumber(String(repeating: "9", count: 1001))!),
        ] as [Value])
    func unshowable(value: Value) {
        #expect(FieldValue(value) == nil)
    }

    @Test(
        "are refused when no record can hold them",
        arguments: [
            .date(TesseraKit.CalendarDate("0000-12-31")!), .date(TesseraKit.CalendarDate("10000-01-01")!),
            .dateTime(Timestamp("0000-12-31T00:00:00Z")!), .dateTime(Timestamp("10000-01-01T00:00:00Z")!),
            [.date(TesseraKit.CalendarDate("0000-12-31")!)], ["a": .date(TesseraKit.CalendarDate("0000-12-31")!)],
        ] as [FieldValue])
    func unholdable(value: FieldValue) {
        #expect(Value(value) == nil)
    }

    @Test("are refused when they nest too deep, and never exhaust the stack")
    func depth() {
        var value: FieldValue = 1
        for _ in 0..<16 { value = [value] }
        #expect(Value(value) != nil)
        #expect(Value([value]) == nil)
        for _ in 0..<10_000 { value = ["deep": value] }
        #expect(Value(value) == nil)
    }
}
