import Testing

@testable import Postgres

/// Every type goes to a real server and comes back: bound in its own form, read from the server's text.
@Suite struct ValueTests {
    private func roundTrip<T: PostgresEncodable & PostgresDecodable & Equatable>(_ values: [T], as type: String, _ client: PostgresClient)
        async throws
    {
        for value in values {
            // The cast and the comparison make the server understand the value, rather than echo it.
            let sql: SQL = "SELECT \(bind: value)::\(raw: type), (\(bind: value)::\(raw: type))::text::\(raw: type)"
            let result = try await client.pipelined(sql)
            #expect(try result.decode(T.self, row: 0, column: 0) == value)
            #expect(try result.decode(T.self, row: 0, column: 1) == value)
        }
        let nothing = try await client.pipelined("SELECT \(bind: T?.none)::\(raw: type)")
        #expect(try nothing.decode(T?.self, row: 0, column: 0) == nil)
    }

    @Test("carries numbers and truth values with their extremes")
    func numbers() async throws {
        try await withClient { client, _ in
            try await roundTrip([true, false], as: "bool", client)
            try await roundTrip([Int16.min, -1, 0, .max], as: "int2", client)
            try await roundTrip([Int32.min, -1, 0, .max], as: "int4", client)
            try await roundTrip([Int64.min, -1, 0, .max], as: "int8", client)
            try await roundTrip([Int.min, .max], as: "int8", client)
            try await roundTrip([0.1, -0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity, -.infinity], as: "float8", client)
            try await roundTrip([Float(0.1), .greatestFiniteMagnitude, -.infinity], as: "float4", client)
            let notANumber = try await client.pipelined("SELECT \(bind: Double.nan)")
            #expect(try notANumber.decode(Double.self, row: 0, column: 0).isNaN)
        }
    }

    @Test("carries decimal numbers digit by digit")
    func numerics() async throws {
        let texts = [
            "0", "1234567890123456789012345678901234567890", "-0.0000000000000000000000000000000000000001",
            "99999999999999999999.99999999999999999999", "1.10",
        ]
        try await withClient { client, _ in
            try await roundTrip(texts.map { PostgresNumeric($0)! }, as: "numeric", client)
            let special = try await client.pipelined("SELECT 'NaN'::numeric, 'Infinity'::numeric")
            #expect(try special.decode(PostgresNumeric.self, row: 0, column: 0).description == "NaN")
            #expect(try special.decode(PostgresNumeric.self, row: 0, column: 1).isFinite == false)
        }
        for text in ["", "-", "1e5", "NaN", "Infinity", "1.", ".5", "1,5", " 1", "0x10", "١"] { #expect(PostgresNumeric(text) == nil) }
    }

    @Test("carries text, bytes, uuids and JSON")
    func texts() async throws {
        try await withClient { client, _ in
            try await roundTrip(["", "ä🐘", "'; DROP TABLE x; --", "\\x00", String(repeating: "x", count: 300_000)], as: "text", client)
            try await roundTrip([[UInt8](), [0], Array(0...255)], as: "bytea", client)
            try await roundTrip([PostgresUUID(high: 0, low: 0), PostgresUUID(high: .max, low: .max), .random()], as: "uuid", client)
            let json = try await client.pipelined("SELECT \(bind: PostgresJSON(#"{"b": [1, "x"], "a": null}"#)) -> 'b'")
            #expect(try json.decode(PostgresJSON.self, row: 0, column: 0).text == #"[1, "x"]"#)
        }
    }

    @Test("carries days and points in time, before Christ and to infinity")
    func times() async throws {
        let dates = [
            PostgresDate(year: 2026, month: 2, day: 28)!, PostgresDate(year: 2000, month: 2, day: 29)!,
            PostgresDate(year: -43, month: 3, day: 15)!,
            PostgresDate(year: -4712, month: 1, day: 1)!, PostgresDate(year: 5_874_897, month: 12, day: 31)!, .infinity, .negativeInfinity,
        ]
        let stamps = [
            PostgresTimestamp(microsecondsSince2000: 0), PostgresTimestamp(microsecondsSince2000: 1),
            PostgresTimestamp(microsecondsSince2000: -1),
            PostgresTimestamp(microsecondsSince2000: -211_813_488_000_000_000),
            PostgresTimestamp(microsecondsSince2000: 9_223_371_331_199_999_999), .infinity, .negativeInfinity,
        ]
        try await withClient { client, _ in
            try await roundTrip(dates, as: "date", client)
            try await roundTrip(stamps, as: "timestamptz", client)
            let offset = try await client.withConnection { connection in
                try await connection.execute("SET TimeZone = 'Asia/Kathmandu'")
                return try await connection.query("SELECT '2026-02-28 09:30:00.25+00'::timestamptz")
            }
            #expect(try offset.decode(PostgresTimestamp.self, row: 0, column: 0).description == "2026-02-28T09:30:00.25Z")
        }
    }

    @Test("carries intervals part by part")
    func intervals() async throws {
        let intervals = [
            PostgresInterval(), PostgresInterval(months: 14, days: -3, microseconds: 14_706_700_000),
            PostgresInterval(months: -1, microseconds: -1),
            PostgresInterval(months: .max, days: .max, microseconds: .max),
            PostgresInterval(months: .min, days: .min, microseconds: .min + 1),
        ]
        try await withClient { client, _ in try await roundTrip(intervals, as: "interval", client) }
    }

    @Test("carries arrays, empty ones and ones with NULL")
    func arrays() async throws {
        try await withClient { client, _ in
            try await roundTrip([[Int](), [.min, 0, .max]], as: "int8[]", client)
            try await roundTrip([[Int32?](), [1, nil, -1]], as: "int4[]", client)
            try await roundTrip([["", "NULL", "a,b", "{\"x\\y\"}", "ä"], []], as: "text[]", client)
            try await roundTrip([["x", nil]], as: "text[]", client)
            try await roundTrip([[PostgresNumeric("1.50")!, nil, PostgresNumeric("-7")!], []], as: "numeric[]", client)
            try await roundTrip([[[UInt8](), [1, 2], [92, 34]]], as: "bytea[]", client)
            try await roundTrip([[true, nil, false]], as: "bool[]", client)
            try await roundTrip([[PostgresUUID.random(), nil]], as: "uuid[]", client)
            try await roundTrip([[PostgresDate.infinity, PostgresDate(year: -43, month: 3, day: 15)!]], as: "date[]", client)
            try await roundTrip([[PostgresTimestamp(microsecondsSince2000: 5), .infinity, nil]], as: "timestamptz[]", client)
            try await roundTrip([[PostgresInterval(days: 2), nil]], as: "interval[]", client)
            try await roundTrip([[PostgresJSON(#"{"a": "\"q\""}"#), nil]], as: "jsonb[]", client)
            try await roundTrip([[1.5, .infinity]], as: "float8[]", client)
            let shifted = try await client.pipelined("SELECT '[2:3]={7,8}'::int4[], '{{1,2},{3,4}}'::int4[]")
            #expect(try shifted.decode([Int32].self, row: 0, column: 0) == [7, 8])
            #expect(throws: PostgresError.self) { try shifted.decode([Int32].self, row: 0, column: 1) }
        }
    }

    @Test("refuses text with NUL before anything is sent")
    func nulCharacters() async throws {
        try await withClient { client, _ in
            for sql in ["SELECT \(bind: "a\0b")" as SQL, "SELECT \(bind: PostgresParameter.literal("\0"))", "SELECT 1\(raw: "\0")"] {
                let error = await #expect(throws: PostgresError.self) { try await client.pipelined(sql) }
                #expect(error?.code == .encode)
            }
        }
    }

    @Test("writes dates, times and intervals in words")
    func descriptions() {
        #expect(PostgresDate(year: -43, month: 3, day: 15)!.description == "0044-03-15 BC")
        #expect(PostgresDate(year: 2023, month: 2, day: 29) == nil)
        #expect(PostgresDate(year: .max, month: 1, day: 1) == nil)
        #expect(PostgresTimestamp(microsecondsSince1970: 0)?.description == "1970-01-01T00:00:00Z")
        #expect(PostgresTimestamp(microsecondsSince1970: .min) == nil)
        #expect(PostgresInterval(months: 14, days: -3, microseconds: -1_500_000).description == "P1Y2M-3DT-1.5S")
        #expect(PostgresUUID("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11")?.description == "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
        #expect(PostgresUUID("a0eebc99-9c0b-4ef8-bb6d6bb9bd380a11-") == nil)
    }

    @Test(
        "reads no nonsense as a value",
        arguments: ["", "x", "-", "{", "{1", "{1,}", "[", "[1:2]", "\\x0", "2026-13-01", "P", "1-2-3", "{\"", "{\\"])
    func nonsense(text: String) {
        var copy = text
        copy.withUTF8 { buffer in
            let cell = PostgresCell(bytes: UnsafeRawBufferPointer(buffer), type: .text)
            #expect(throws: PostgresCell.Mismatch.self) { try Int.decode(cell) }
            #expect(throws: PostgresCell.Mismatch.self) { try PostgresDate.decode(cell) }
            #expect(throws: PostgresCell.Mismatch.self) { try PostgresTimestamp.decode(cell) }
            #expect(throws: PostgresCell.Mismatch.self) { try PostgresUUID.decode(cell) }
            #expect(throws: PostgresCell.Mismatch.self) { try [Int].decode(cell) }
            #expect(throws: PostgresCell.Mismatch.self) { try [UInt8].decode(cell) }
            #expect(throws: PostgresCell.Mismatch.self) { try PostgresNumeric.decode(cell) }
        }
    }
}
