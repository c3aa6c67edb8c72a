import Testing

@testable import Transfer

@Suite("Lists in a cell")
struct CellListTests {
    @Test(
        "are split into entries and what is said about them",
        arguments: [
            ("a; b ;;c", [CellList.Entry(text: "a"), .init(text: "b"), .init(text: "c")]),
            ("a\nb", [.init(text: "a"), .init(text: "b")]),
            ("\"a; b\"; c", [.init(text: "a; b", isQuoted: true), .init(text: "c")]),
            ("\"\"", [.init(text: "", isQuoted: true)]),
            ("\"say \"\"hi\"\"\"", [.init(text: "say \"hi\"", isQuoted: true)]),
            ("\"open; b", [.init(text: "\"open"), .init(text: "b")]),
            ("\"a\" b", [.init(text: "\"a\" b")]),
            ("a [primary]", [.init(text: "a", notes: [.init(name: "primary", value: .flag)])]),
            (
                "a [role=CEO, since=, note=\"x, y]\"]; b",
                [
                    .init(
                        text: "a",
                        notes: [
                            .init(name: "role", value: .text("CEO")), .init(name: "since", value: .none),
                            .init(name: "note", value: .text("x, y]")),
                        ]), .init(text: "b"),
                ]
            ),
            ("Acme [Berlin]", [.init(text: "Acme [Berlin]")]),
            ("a [primary] b", [.init(text: "a [primary] b")]),
            ("a [primary", [.init(text: "a [primary")]),
            ("[primary]", [.init(text: "", notes: [.init(name: "primary", value: .flag)])].filter { !$0.text.isEmpty }),
        ])
    func reading(text: String, entries: [CellList.Entry]) {
        #expect(CellList.entries(of: text, notes: ["primary", "role", "since", "note"]) == entries)
    }

    @Test("are read back as they were written, whatever they hold")
    func roundTrip() {
        let texts = ["a", "", " a", "a; b", "a, b", "[primary]", "x [primary]", "\"", "\"a\" b", "two\nlines", "role=x", "\u{A0}", "a]"]
        for text in texts {
            for other in texts {
                let entries = [
                    CellList.Entry(text: text, notes: [.init(name: "role", value: .text(other)), .init(name: "since", value: .none)]),
                    CellList.Entry(text: other, notes: [.init(name: "primary", value: .flag)]), CellList.Entry(text: text),
                ]
                let read = CellList.entries(of: CellList.text(entries), notes: ["primary", "role", "since"])
                #expect(read.map(\.text) == entries.map(\.text))
                #expect(read.map(\.notes) == entries.map(\.notes))
            }
        }
    }

    @Test(
        "of words are split at semicolons, or at commas where there are none",
        arguments: [("a, b", ["a", "b"]), ("a, b; c", ["a, b", "c"]), ("\"a, b\"", ["a, b"]), ("a", ["a"])])
    func words(text: String, words: [String]) {
        #expect(CellList.words(of: text) == words)
    }
}
