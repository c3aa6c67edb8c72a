import Foundation
import Testing

extension ProductTests {
    @Suite("What the documentation tells to type")
    struct Documentation {
        @Test("works as shown", arguments: DocumentationPage.all)
        func works(_ page: DocumentationPage) throws {
            let outcomes = try ExampleShell().type(page.examples)
            for (example, outcome) in zip(page.examples, outcomes) {
                let place = Comment(
                    rawValue:
                        "\(page.name):\(example.line): \(example.command)\nanswered, with exit code \(outcome.code):\n\(outcome.output)")
                if let answer = example.answer {
                    #expect(try ShownAnswer(answer).fits(outcome.output), place)
                } else {
                    #expect(outcome.code == 0, place)
                }
            }
        }

        @Test("compares what is shown with what was answered")
        func comparing() throws {
            let id = "01a20b40-d7cc-7984-8d59-c7cc6104f78c"
            let other = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
            #expect(try ShownAnswer("{\"id\": \"\(id)\",\n  \"n\": 1}").fits("{\"id\":\"\(other)\",\"n\":1}"))
            #expect(try !ShownAnswer("{\"id\": \"\(id)\"}").fits("{\"id\":\"1\"}"))
            #expect(try ShownAnswer("[1, …, 9]").fits("[1,2,3,9]"))
            #expect(try !ShownAnswer("[1, …, 9]").fits("[1,2,3]"))
            #expect(try ShownAnswer("2026-05-31T10:00:00Z").fits("2027-01-01T00:00:00.123456Z"))
            #expect(try !ShownAnswer("a").fits("ab"))
        }

        @Test("finds README's examples and those of the pages for integrators")
        func pages() {
            let names = Set(DocumentationPage.all.map(\.name))
            #expect(
                names.isSuperset(of: [
                    "README.md", "sdk/README.md", "docs/api.md", "docs/files.md", "docs/import.md", "docs/query-language.md",
                    "docs/operations.md", "docs/schema.md", "docs/sync.md",
                ]))
        }
    }
}
