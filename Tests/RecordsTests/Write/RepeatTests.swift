import Catalog
import QueryLanguage
import Records
import TestKernel
import Testing

@Suite("The same entry twice")
struct RepeatTests {
    @Test("is refused with its place, in numbers however they are written and in links however they name their target")
    func refused() async throws {
        try await TestStore.with { lab in
            let oslo = try await lab.create("places", ["name": "Oslo"])
            let input = RecordInput([
                "title": "A", "phones": .collection(["22 33", "23", "2233"]), "emails": .collection(["a@x.no", "A@X.no"]),
                "places": .collection([.complex(["name": "Oslo"]), .guid(oslo)]),
            ])
            let outcome = try await lab.store.create(lab.type("samples"), [input], options: .single, access: .test).first
            guard case .failed(let error)? = outcome else {
                Issue.record("\(String(describing: outcome))")
                return
            }
            #expect(Set(error.details.map(\.code)) == ["records.duplicate_entry"])
            #expect(
                error.details.map { "\($0.target ?? "") \($0.message)" } == [
                    "emails/1 Entry 2 of Emails is the same as entry 1; leave one of them out.",
                    "phones/2 Entry 3 of Phones is the same as entry 1; leave one of them out.",
                    "places/1 Entry 2 of Places is the same as entry 1; leave one of them out.",
                ])
        }
    }

    @Test("upserts find records by the form that a web address is stored in")
    func urls() async throws {
        try await TestStore.with { lab in
            for expected in [Outcome.created, .unchanged(version: 1)] {
                let outcomes = try await lab.store.upsert(
                    lab.type("samples"), by: ["site"], [RecordInput(["title": "A", "site": "web.example"])], options: .single, access: .test
                )
                #expect(outcomes.map(Outcome.init) == [expected])
            }
        }
    }
}
