import TestRandom
import Testing

@testable import Transfer

@Suite("Date formats")
struct DateFormatTests {
    @Test(
        "reads a date in its format",
        arguments: [
            ("d-M-yy", "20-10-16", "2016-10-20"), ("d-M-yy", "1-3-69", "1969-03-01"), ("d-M-yy", "01-03-68", "2068-03-01"),
            ("M/d/yyyy", "10/20/2016", "2016-10-20"), ("yyyy-MM-dd", " 2016-10-20 ", "2016-10-20"), ("d.M.yyyy", "29.2.2016", "2016-02-29"),
            ("yyyyMMdd", "20161020", "2016-10-20"), ("ddMMyyyy", "20102016", "2016-10-20"), ("d MMM yyyy", "20 Oct 2016", "2016-10-20"),
            ("d MMM yyyy", "5. May 2020", "2020-05-05"), ("MMM d, yyyy", "October 20, 2016", "2016-10-20"),
            ("MMM d, yyyy", "Thu, Oct. 20th 2016", "2016-10-20"), ("d-MMM-yy", "20-oct-16", "2016-10-20"),
            ("yyyy MMM d", "2016 Sept 1", "2016-09-01"),
            ("d/M/yyyy", "1 / 2 / 2016", "2016-02-01"),
        ])
    func dates(pattern: String, text: String, expected: String) throws {
        let format = try #require(DateFormat(pattern: pattern))
        #expect(format.date(text)?.text(withTime: false) == expected)
        #expect(format.date(text)?.time == nil)
    }

    @Test(
        "reads a time after the date",
        arguments: [
            ("yyyy-MM-dd HH:mm", "2016-10-20 08:05", "2016-10-20T08:05:00"),
            ("yyyy-MM-dd'T'HH:mm:ssXXX", "2016-10-20T08:05:06Z", "2016-10-20T08:05:06Z"),
            ("yyyy-M-d H:mm", "2016-10-20T08:05:06.789+02:00", "2016-10-20T08:05:06.789+02:00"),
            ("yyyy-M-d H:mm", "2016-10-20 23:59:59,123456789012-0530", "2016-10-20T23:59:59.123456789-05:30"),
            ("M/d/yyyy h:mm a", "10/20/2016, 8:05 PM", "2016-10-20T20:05:00"),
            ("M/d/yy h:mm:ss a", "1/2/03 12:00:01 a.m.", "2003-01-02T00:00:01"),
            ("d.M.yyyy HH:mm", "20.10.2016", "2016-10-20T00:00:00"),
            ("d MMM yyyy HH:mm", "Thu, 20 Oct 2016 08:05:06 GMT", "2016-10-20T08:05:06Z"),
        ])
    func times(pattern: String, text: String, expected: String) throws {
        let format = try #require(DateFormat(pattern: pattern))
        #expect(format.date(text)?.text(withTime: true) == expected)
    }

    @Test(
        "takes nothing else for a date",
        arguments: [
            ("d-M-yyyy", "31-4-2016"), ("d-M-yyyy", "29-2-2015"), ("d-M-yyyy", "29-2-1900"), ("d-M-yyyy", "0-1-2016"),
            ("d-M-yyyy", "1-13-2016"),
            ("d-M-yyyy", "1-1-0000"), ("d-M-yyyy", "1-1-16"), ("d-M-yy", "1-1-2016"), ("d-M-yyyy", "1/1/2016"), ("d-M-yyyy", "1-1/2016"),
            ("d-M-yyyy", "1-1-2016 10:00"), ("d-M-yyyy", ""), ("d-M-yyyy", "n/a"), ("d-M-yyyy", "1-1-2016 x"), ("d-M-yyyy", "1-1-20166"),
            ("d-M-yyyy H:mm", "1-1-2016 24:00"), ("d-M-yyyy H:mm", "1-1-2016 10:60"), ("d-M-yyyy H:mm", "1-1-2016 10"),
            ("d-M-yyyy h:mm a", "1-1-2016 13:00 PM"), ("d-M-yyyy H:mm", "1-1-2016 10:00 PM"), ("d-M-yyyy H:mm", "1-1-2016 10:00+25:00"),
            ("yyyyMMdd", "12345678"), ("yyyyMMdd", "2016102"), ("d MMM yyyy", "20 Okt 2016"), ("d MMM yyyy", "May May 2016"),
            ("d-M-yyyy", "99999999999999999999-1-2016"),
        ])
    func refuses(pattern: String, text: String) throws {
        let format = try #require(DateFormat(pattern: pattern))
        #expect(format.date(text) == nil)
    }

    @Test("knows every format again by its pattern")
    func patterns() {
        for order in DateFormat.Order.allCases {
            for clock in DateFormat.Clock.allCases {
                for separator in DateFormat.Separator.allCases {
                    for hasMonthName in [false, true] {
                        for hasTwoDigitYear in [false, true] {
                            let format = DateFormat(
                                order, separator, hasMonthName: hasMonthName, hasTwoDigitYear: hasTwoDigitYear, clock: clock)
                            #expect(DateFormat(pattern: format.pattern) == format, "\(format.pattern)")
                        }
                    }
                }
                let compact = DateFormat(order, nil, clock: clock)
                #expect(DateFormat(pattern: compact.pattern) == compact, "\(compact.pattern)")
            }
        }
        #expect(DateFormat(pattern: "dd/MM/yyyy")?.pattern == "d/M/yyyy")
        #expect(DateFormat(pattern: "MMMM dd, yyyy hh:mm:ss a")?.pattern == "MMM d, yyyy h:mm a")
        for pattern in ["", "d/M", "foo", "yyyy-yyyy-M", "H:mm", String(repeating: "d", count: 1000)] {
            #expect(DateFormat(pattern: pattern) == nil)
        }
    }

    @Test(
        "finds the format over the whole column",
        arguments: [
            (["03-04-16", "25-10-16"], ["d-M-yy"]), (["03/04/2016", "10/25/2016"], ["M/d/yyyy"]),
            (["03/04/2016", "04/05/2017"], ["d/M/yyyy", "M/d/yyyy"]),
            (["01-02-03"], ["d-M-yy", "M-d-yy"]), (["16-10-31", "17-03-25"], ["d-M-yy"]), (["70-10-31", "71-03-25"], ["yy-M-d"]),
            (["2016-04-03", "2016-10-25"], ["yyyy-M-d"]), (["5 Jan 2020", "6 May 2021"], ["d MMM yyyy"]),
            (["Jan 5, 2020", "May 6, 2021"], ["MMM d, yyyy"]),
            (["20161020", "20170301"], ["yyyyMMdd"]), (["2016-10-20 10:00", "2016-10-21"], ["yyyy-M-d H:mm"]),
            (["2016-10-20T10:00:00Z", "2016-10-21T11:12:13.5+02:00"], ["yyyy-M-d H:mm"]),
            (["1/2/2016 1:00 PM", "1/13/2016 12:30 AM"], ["M/d/yyyy h:mm a"]),
            (["", "  ", "25.10.2016", ""], ["d.M.yyyy"]), (["1/13/16", "2/14/16", "3/15/16", "4/16/16", "unknown"], ["M/d/yy"]),
            (["1/13/16", "unknown", "?", "none"], []), (["abc"], []), ([], []), (["1", "2"], []), (["3.5", "4.25"], []),
            (["1/2/2016", "2/1/2016", "13/1/2016", "1/13/2016"], []),
        ] as [([String], [String])])
    func guesses(column: [String], expected: [String]) {
        var guess = DateFormatGuess()
        for (index, text) in column.enumerated() { guess.add(text, line: index + 2) }
        switch guess.outcome {
        case .recognised(let format): #expect([format.pattern] == expected)
        case .ambiguous(let formats): #expect(formats.map(\.pattern) == expected)
        case .none: #expect(expected.isEmpty)
        }
    }

    @Test("tells how much fits and which lines are no dates at all")
    func evidence() throws {
        var guess = DateFormatGuess()
        for (index, text) in ["1/13/16", "2/14/16", "", "3/15/16", "4/16/16", "?"].enumerated() { guess.add(text, line: index + 2) }
        #expect(guess.values == 5)
        #expect(guess.matching(try #require(DateFormat(pattern: "M/d/yy"))) == 4)
        #expect(guess.unreadableLines == [7])
    }

    @Test("finds the day first in the sales data", .enabled(if: SharedData.folder != nil, "the shared data are not there"))
    func sales() throws {
        let rows = try CSVReader.rows(of: SharedData.bytes("sales/sales_pipeline.csv"))
        for name in ["engage_date", "close_date"] {
            let column = try #require(rows[0].firstIndex(of: name))
            var guess = DateFormatGuess()
            for (index, row) in rows.dropFirst().enumerated() { guess.add(row[column], line: index + 2) }
            #expect(guess.outcome == .recognised(DateFormat(.dayMonthYear, .hyphen, hasTwoDigitYear: true)))
        }
    }

    @Test("never traps on arbitrary text")
    func arbitrary() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "0", "1", "12", "31", "99", "2016", "20161020", "-", "/", ".", " ", ",", "T", "Jan", "may", "th", ":", "+", "Z", "pm", "é",
            "99999999999",
        ]
        var guess = DateFormatGuess()
        for round in 0..<20000 {
            let text = (0..<Int.random(in: 0...10, using: &random)).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }
                .joined()
            guess.add(text, line: round)
            for format in [DateFormat(.dayMonthYear, .hyphen), DateFormat(.yearMonthDay, nil, clock: .twentyFour)] {
                if let date = format.date(text) {
                    #expect(ParsedDate.exists(year: date.year, month: date.month, day: date.day), "seed \(seed), round \(round)")
                }
            }
        }
        #expect(guess.unreadableLines.count == 5)
    }
}
