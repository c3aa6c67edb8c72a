import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing
import Transfer

/// Tables brought into contacts, whose module tidies what it is given.
@Suite("Contacts from tables")
struct ContactsImportTests {
    @Test("people match by the names that the module keeps, and organisations by their stored website")
    func tidiedKeys() async throws {
        try await withContacts { contacts async throws in
            let people = "First name,Last name\nMary  Ann,Blank\n  Bob ,Page\n"
            #expect(try await contacts.bring(people, match: ["first_name", "last_name"]) == "2 created")
            #expect(try await contacts.bring(people, match: ["first_name", "last_name"]) == "2 unchanged")
            let websites = "Name,Website\nWeb1,web1.example\n"
            #expect(try await contacts.bring(websites, into: "organisations", match: ["website"]) == "1 created")
            #expect(try await contacts.bring(websites, into: "organisations", match: ["website"]) == "1 unchanged")
        }
    }

    @Test("a name in one is taken apart")
    func wholeNames() async throws {
        try await withContacts { contacts async throws in
            let file = "Name,Email\nAda King Lovelace,ada@x.no\nPlato,p@x.no\n"
            #expect(try await contacts.bring(file) == "2 created")
            let names =
                "SELECT string_agg(concat_ws('|', first_name, last_name, display_name), ', ' ORDER BY display_name) FROM contacts.person"
            #expect(try await contacts.line(names) == "Ada King|Lovelace|Ada King Lovelace, Plato|Plato")
            #expect(try await contacts.bring(file, match: ["primary_email"]) == "2 unchanged")
        }
    }

    @Test("managers who aren't there are made from their names, once")
    func managers() async throws {
        try await withContacts { contacts async throws in
            let file = "Last name,Reports to\nA,Ada  Lovelace\nB,Ada Lovelace\nC,A\n"
            #expect(try await contacts.bring(file, match: ["last_name"], createsLinks: true) == "3 created")
            let tree = """
                SELECT string_agg(p.display_name || '<' || m.display_name, ', ' ORDER BY p.display_name) FROM contacts.person p \
                JOIN contacts.person m ON m.id = p.reports_to_id
                """
            #expect(try await contacts.line(tree) == "A<Ada Lovelace, B<Ada Lovelace, C<A")
            #expect(try await contacts.bring(file, match: ["last_name"], createsLinks: true) == "3 unchanged")
            let made = "SELECT string_agg(first_name || '|' || last_name, ', ') FROM contacts.person WHERE first_name IS NOT NULL"
            #expect(try await contacts.line(made) == "Ada|Lovelace")
        }
    }

    @Test("the same number in two columns is one number, whatever stands before it")
    func numbers() async throws {
        try await withContacts { contacts async throws in
            let file = "Last name,Phone,Mobile,Work phone\nA,(415) 555-2671,+1 415 555 2671,415 555 2672\n"
            #expect(try await contacts.bring(file) == "1 created")
            let numbers = "SELECT string_agg(concat_ws(':', kind, normalised), ' ' ORDER BY position) FROM contacts.person__phones"
            #expect(try await contacts.line(numbers) == "mobile:+14155552671 work:+14155552672")
            // What joins a list is known by the same form.
            #expect(try await contacts.bring("Last name,Phone\nA,4155552672\n", match: ["last_name"]) == "1 unchanged")
            // A second extension of the same number has no place, and isn't lost without a word.
            let refusal =
                "2: Entry 2 of Phones has the number of entry 1 with another extension, and a record has each number once; leave one of them out."
            let extended = "Last name,Phone,Work phone\nB,(415) 555-2671 x1,(415) 555-2671 x2\n"
            #expect(try await contacts.bring(extended) == refusal)
            #expect(try await contacts.bring(extended.replacing("B,", with: "A,"), match: ["last_name"]) == refusal)
            // Words in place of digits are other numbers than their digits alone.
            _ = try await contacts.bring("Last name,Phone\nC,1-800-FLOWERS-NOW-AND-THEN\nD,1-800-GOFEDEX-NOW-AND-THEN\n")
            let letters = "SELECT count(DISTINCT normalised)::text FROM contacts.person__phones WHERE number LIKE '1-800%'"
            #expect(try await contacts.line(letters) == "2")
        }
    }

    private func withContacts(_ body: @Sendable (TestStore) async throws -> Void) async throws {
        try await TestStore.with(["contacts": ContactsDeployment.manifest()], hooks: ContactsDeployment.load(), body)
    }
}

extension TestStore {
    /// Imports a table, and tells how many of its rows became what and why others failed.
    fileprivate func bring(
        _ text: String, into collection: String = "people", match: [String] = [], createsLinks: Bool = false
    ) async throws -> String {
        let folder = try TemporaryFolder()
        let path = try folder.write(text, to: "file.csv")
        let plan = try ImportPlan(file: path, type: type(collection), catalog: catalog, mapping: nil, match: match)
        var options = Importer.Options()
        options.createsMissingLinks = createsLinks
        var told: [String] = []
        let importer = Importer(plan: plan, options: options, access: .test)
        let (counts, _) = try await importer.run(file: path, label: "import", store: store) { _, line, reason in
            told.append("\(line): \(reason)")
        } progress: { _ in
        }
        let parts = [(counts.created, "created"), (counts.updated, "updated"), (counts.unchanged, "unchanged")]
        return (parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" } + told).joined(separator: ", ")
    }

    /// One value as text.
    fileprivate func line(_ sql: String) async throws -> String? {
        try await client.query(SQL(verbatim: sql)).first?.decode(String?.self, 0)
    }
}
