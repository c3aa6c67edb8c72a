import Manifests
import Testing

@Suite("Values in manifests") struct ValueTests {
    @Test(
        "decimals are read without loss",
        arguments: [
            ("0", "0"), ("-0", "0"), ("-0.0", "0"), ("00.10", "0.1"), ("1.50", "1.5"), ("-12.345", "-12.345"), (".5", nil), ("1.", nil),
            ("1e3", nil), ("", nil),
            ("-", nil), ("+1", nil), ("1.2.3", nil), ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
            ("123456789012345678901234567890123456789", nil), ("1 ", nil), ("١", nil),
        ] as [(String, String?)]
    )
    func decimals(text: String, canonical: String?) {
        #expect(DecimalLiteral(text)?.description == canonical)
    }

    @Test("decimals are ordered by value")
    func decimalOrder() throws {
        let texts = ["-100", "-99.5", "-99.25", "-1", "-0.5", "0", "0.05", "0.1", "0.75", "1", "9.99", "10", "100.001"]
        let numbers = texts.compactMap { DecimalLiteral($0) }
        try #require(numbers.count == texts.count)
        #expect(numbers.shuffled().sorted() == numbers)
    }

    @Test(
        "days exist or are refused",
        arguments: [
            ("2026-02-28", true), ("2024-02-29", true), ("2026-02-29", false), ("1900-02-29", false), ("2000-02-29", true),
            ("2026-04-31", false),
            ("0001-01-01", true), ("9999-12-31", true), ("0000-01-01", false), ("2026-1-1", false), ("2026-13-01", false),
            ("2026-00-10", false),
            ("2026-01-00", false), ("2026-01-01T00:00:00Z", false), ("", false),
        ]
    )
    func days(text: String, exists: Bool) {
        #expect(DateLiteral(text)?.description == (exists ? text : nil))
    }

    @Test(
        "moments are counted from 1970 in microseconds",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.5Z", 500_000), ("1970-01-01T02:00:00+02:00", 0),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("2000-03-01T00:00:00Z", 951_868_800_000_000), ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999-23:59", 253_402_387_139_999_999), ("2026-02-28T24:00:00Z", nil), ("2026-02-28T09:30:60Z", nil),
            ("2026-02-28T09:30Z", nil), ("2026-02-28 09:30:00Z", nil), ("2026-02-28T09:30:00", nil), ("2026-02-28T09:30:00.1234567Z", nil),
        ] as [(String, Int64?)]
    )
    func moments(text: String, microseconds: Int64?) {
        #expect(DateTimeLiteral(text)?.microseconds == microseconds)
    }

    @Test(
        "lengths of time are counted in microseconds",
        arguments: [
            ("PT0S", 0), ("P1D", 86_400_000_000), ("PT1H30M", 5_400_000_000), ("P1DT2H3M4.5S", 93_784_500_000), ("-PT0.000001S", -1),
            ("PT90M", 5_400_000_000),
            ("P9999999D", 863_999_913_600_000_000), ("P10000000D", nil), ("P", nil), ("PT", nil), ("P1DT", nil), ("P1M", nil), ("P1Y", nil),
            ("P1W", nil),
            ("PT1M1H", nil), ("PT1S1S", nil), ("PT1.5M", nil), ("P1H", nil), ("PT1D", nil), ("1H", nil), ("PTS", nil), ("PT1", nil),
            ("PT1TS", nil),
        ] as [(String, Int64?)]
    )
    func durations(text: String, microseconds: Int64?) {
        #expect(DurationLiteral(text)?.microseconds == microseconds)
    }

    @Test("automatic numbers have parts and a period")
    func autoNumbers() throws {
        let yearly = try AutoNumberPattern("P-{yyyy}-{0000}")
        #expect(yearly.parts == [.literal("P-"), .year, .literal("-"), .counter(digits: 4)])
        #expect(yearly.period == .yearly)
        #expect(try AutoNumberPattern("{yy}{mm}{000}").period == .monthly)
        #expect(try AutoNumberPattern("{0}").period == .never)
    }

    @Test("places inside an expression are places in the file where the text stands as it is")
    func expressionPlaces() throws {
        let text = """
            manifest: 1
            id: shop
            version: 1.0.0
            name: Shop
            types:
              order:
                collection: orders
                fields: { total: { type: integer } }
                rules:
                  - { id: plain, check: total gt 0, message: No. }
                  - { id: quoted, check: "total gt 0", message: No. }
                  - { id: escaped, check: "total \\u0067t 0", message: No. }
                  - id: block
                    check: >
                      total gt 0
                    message: No.
            """
        let rules = try #require(ModuleManifest.parse(ManifestSource(path: "m.yaml", text: text)).manifest?.types.first?.rules)
        let places = rules.map { $0.check.location(at: 6).description }
        #expect(places == ["m.yaml:10:35", "m.yaml:11:37", "m.yaml:12:32", "m.yaml:14:16"])
    }

    @Test("columns count characters, not bytes")
    func columns() {
        let source = ManifestSource(
            path: "m.yaml", text: "manifest: 1\nid: shop\nversion: 1.0.0\nname: Shop\nrun: { x-é\u{1F600}: 1, mode: nothing }\n")
        #expect(
            ModuleManifest.parse(source).diagnostics.map(\.description) == [
                "m.yaml:5:23: error: run.mode: must be data or library, not 'nothing'"
            ])
    }

    @Test("bytes that are no UTF-8 are found where they stand")
    func notUTF8() {
        let bytes = Array("manifest: 1\nname: Caf".utf8) + [0xe9] + Array("\n".utf8)
        #expect(
            ModuleManifest.parse(ManifestSource(path: "m.yaml", bytes: bytes)).diagnostics.map(\.description) == [
                "m.yaml:2:10: error: the file is not UTF-8 from here on; save it as UTF-8"
            ])
    }

    @Test("files that are too large or hold too many values are refused")
    func sizes() {
        let large = ManifestSource(path: "m.yaml", bytes: Array(repeating: UInt8(ascii: "#"), count: ManifestSource.maxBytes + 1))
        #expect(
            ModuleManifest.parse(large).diagnostics.map(\.description) == [
                "m.yaml:1:1: error: the file has 262145 bytes; at most 262144 are allowed"
            ])
        let many = ManifestSource(path: "m.yaml", text: "x-list: [" + String(repeating: "1,", count: 30_000) + "1]\n")
        #expect(
            ModuleManifest.parse(many).diagnostics.map(\.description) == [
                "m.yaml:1:40004: error: x-list[19997]: the file has more than 20000 values"
            ])
    }
}
