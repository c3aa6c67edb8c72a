import Foundation
import Testing

extension ProductTests {
    @Suite("On a terminal")
    struct TerminalTests {
        private static let rows = 3_000

        private static func people() -> String {
            "First name,Last name,Email\n" + (0..<rows).map { "Ada,Lovelace \($0),ada\($0)@example.com\n" }.joined()
        }

        /// `people  ████████████░░░░░░░░░░░░ 50 %  3,000  2,345/s  1.3 s left`
        private static var bar: Regex<Substring> {
            /\r\u{1B}\[K(?:people|organisations)  █{1,24}░{0,23} [0-9]{1,3} %  [0-9,]+  [0-9,]+\/s  [0-9.]+ (?:s|min [0-9]+ s) left/
        }

        @Test("import and seed show a bar with rate and remaining time, and wipe it")
        func bars() throws {
            let folder = try DataFolder()
            #expect(try folder.tessera("apply").code == 0)
            let file = try folder.file("people.csv", Self.people())
            let place = ["--data", folder.data, "--deployment", Program.starter]
            let seed = ["seed", "--people", "\(Self.rows)", "--organisations", "10"]
            for (words, last) in [
                (["import", "people", file], "3,000 created, 0 updated, 0 unchanged, 0 failed"), (seed, "people: 3,000 in"),
            ] {
                let shown = try Terminal.run(words + place)
                #expect(shown.code == 0, "\(shown.sent)")
                let bars = shown.sent.matches(of: Self.bar)
                #expect(!bars.isEmpty, "\(shown.sent)")
                #expect(shown.sent.contains("░ ") && shown.sent.contains("█"), "\(shown.sent)")
                // Of all that was drawn, the lines that stay are left.
                #expect(!shown.screen.joined().contains { "█░".contains($0) }, "\(shown.screen)")
                #expect(shown.screen.contains { $0.hasPrefix(last) }, "\(shown.screen)")
                let closing = try #require(shown.screen.last { $0.hasPrefix("people: ") })
                #expect(closing.wholeMatch(of: /people: 3,000 in [0-9.]+ (?:s|min [0-9]+ s), [0-9,]+\/s/) != nil, "\(closing)")
            }
            #expect(try folder.query("SELECT count(*) FROM contacts.person") == ["6000"])
        }

        @Test("nothing of it appears where no terminal is")
        func piped() throws {
            let folder = try DataFolder()
            #expect(try folder.tessera("apply").code == 0)
            let file = try folder.file("people.csv", Self.people())
            let place = ["--data", folder.data, "--deployment", Program.starter]
            for words in [["import", "people", file], ["seed", "--people", "\(Self.rows)", "--organisations", "10"], ["doctor"]] {
                let outcome = try Program.run(words + place)
                #expect(outcome.code == 0, "\(outcome)")
                let text = outcome.output + outcome.errors
                #expect(!text.unicodeScalars.contains { "█░\u{1B}\r".unicodeScalars.contains($0) }, "\(text)")
                if words[0] != "doctor" { #expect(outcome.errors.contains("people: 3,000 in "), "\(outcome.errors)") }
            }
        }

        @Test("what others wrote doesn't steer a terminal")
        func foreignText() throws {
            let folder = try DataFolder()
            #expect(try folder.tessera("apply").code == 0)
            let file = try folder.file("people.csv", "Description,\u{1B}[31mColour\nAda\u{7}\u{1B}[2J\u{9B}m,red\n")
            let place = ["--data", folder.data, "--deployment", Program.starter]
            let imported = try Program.run(["import", "people", file] + place)
            #expect(imported.code == 0 && imported.errors.contains("\\u{1b}[31mColour  is left out"), "\(imported)")
            let shown = try Terminal.run(["query", "run", "people?select=description"] + place, environment: ["NO_COLOR": "1"])
            #expect(shown.screen.contains("Ada\\u{7}\\u{1b}[2J\\u{9b}m"), "\(shown.screen)")
            for steering in ["\u{7}", "\u{1B}[2J", "\u{9B}"] { #expect(!shown.sent.contains(steering), "\(shown.sent)") }
        }

        @Test("output has colours, unless NO_COLOR is set or it goes elsewhere")
        func colours() throws {
            let words = ["check", "--deployment", Program.starter]
            let coloured = try Terminal.run(words)
            #expect(coloured.code == 0)
            #expect(coloured.sent.contains("\u{1B}[1mcontacts 0.1.0  Contacts\u{1B}[0m\r\n"), "\(coloured.sent)")
            // Set to nothing, it says nothing (https://no-color.org).
            #expect(try Terminal.run(words, environment: ["NO_COLOR": ""]).sent == coloured.sent)
            let plain = try Terminal.run(words, environment: ["NO_COLOR": "1"])
            #expect(!plain.sent.contains("\u{1B}"), "\(plain.sent)")
            #expect(plain.screen == coloured.screen)
            let filed = try Terminal.run(words, filesOutput: true)
            #expect(filed.sent.isEmpty && filed.filed.split(separator: "\n").map(String.init) == plain.screen.filter { !$0.isEmpty })
        }
    }
}
