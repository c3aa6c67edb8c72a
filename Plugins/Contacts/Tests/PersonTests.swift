import TesseraKit
import Testing

@Suite("Writing a person")
struct PersonTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let fields: [String: FieldValue]
        let patch: [String: FieldValue]
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "both names", fields: ["first_name": "Ada", "last_name": "Lovelace"], patch: ["display_name": "Ada Lovelace"]),
        Case(name: "first name alone", fields: ["first_name": "Ada"], patch: ["display_name": "Ada"]),
        Case(name: "last name alone", fields: ["last_name": "Lovelace"], patch: ["display_name": "Lovelace"]),
        Case(
            name: "white space", fields: ["first_name": "  Mary\u{a0} \tAnn ", "last_name": "Van  Dyke\n"],
            patch: ["first_name": "Mary Ann", "last_name": "Van Dyke", "display_name": "Mary Ann Van Dyke"]),
        Case(
            name: "blank name", fields: ["first_name": "  ", "last_name": "Lovelace"],
            patch: ["first_name": nil, "display_name": "Lovelace"]),
        Case(
            name: "letters beyond ASCII", fields: ["first_name": "Søren", "last_name": "Ærø 北京"],
            patch: ["display_name": "Søren Ærø 北京"]),
        Case(
            name: "mail alone", fields: ["emails": [["address": "Ada.L@Example.COM"]]],
            patch: ["emails": [["address": "Ada.L@example.com"]], "display_name": "Ada.L"]),
        Case(
            name: "primary mail",
            fields: ["emails": [["address": "a@x.org"], ["address": "b@x.org", "is_primary": true, "kind": "work"]]],
            patch: ["display_name": "b"]),
        Case(
            name: "phone alone", fields: ["phones": [["number": " (415)  555-0123 ", "kind": "work"]]],
            patch: ["display_name": "(415) 555-0123"]),
        Case(
            name: "mail before phone", fields: ["emails": [["address": "a@x.org"]], "phones": [["number": "1"]]],
            patch: ["display_name": "a"]),
        Case(
            name: "mail without local part", fields: ["emails": [["address": "@x.org"]], "phones": [["number": "1"]]],
            patch: ["display_name": "1"]),
        Case(name: "nothing", fields: ["first_name": nil, "emails": [], "phones": nil], patch: ["display_name": "Unnamed person"]),
        Case(
            name: "all there already", fields: ["first_name": "Ada", "display_name": "Ada", "emails": [["address": "Ada@x.org"]]],
            patch: [:]),
        Case(
            name: "display name of somebody else", fields: ["first_name": "Ada", "display_name": "Grace"], patch: ["display_name": "Ada"]),
        Case(
            name: "lists of the wrong shape", fields: ["first_name": "Ada", "emails": ["a@x.org", nil, ["address": 7]], "phones": "1"],
            patch: ["display_name": "Ada"]),
    ]

    @Test("tidies names and addresses and says what to call the person", arguments: cases)
    func patches(testCase: Case) async throws {
        #expect(try await ContactsFixture().patch("contacts.person", testCase.fields) == testCase.patch)
    }

    @Test("keeps everything else of a mail address")
    func otherMembers() async throws {
        let email: FieldValue = ["address": " a@X.org", "kind": "work", "is_primary": true, "opted_out": true, "invalid": false]
        let patch = try await ContactsFixture().patch("contacts.person", ["first_name": "A", "display_name": "A", "emails": [email]])
        #expect(patch == ["emails": [["address": "a@x.org", "kind": "work", "is_primary": true, "opted_out": true, "invalid": false]]])
    }

    @Test("answers for each record of a batch by its position")
    func batch() async throws {
        let hook = try #require(ContactsFixture().registry.beforeWriteHooks.first { $0.recordType == "contacts.person" })
        let images = (0..<1000).map { position in
            let isDone = position % 2 == 0
            return RecordImage(
                position: position, id: nil, operation: .create,
                fields: ["first_name": .text("P\(position)"), "display_name": isDone ? .text("P\(position)") : .null], changed: [])
        }
        let patches = try await hook.handler(
            images, WriteCall(recordType: "contacts.person", actor: Guid(high: 0, low: 1), channel: "import"))
        #expect(patches.map(\.position) == Array(stride(from: 1, to: 1000, by: 2)))
        #expect(patches.allSatisfy { $0.values == ["display_name": .text("P\($0.position)")] })
    }
}
