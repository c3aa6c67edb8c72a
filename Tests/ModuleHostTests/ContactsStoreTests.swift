import ModuleHost
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

/// The contacts module in the writes of a real store.
@Suite("Contacts in the store")
struct ContactsStoreTests {
    @Test("tidies a person on creation and on every later change that matters")
    func person() async throws {
        try await withContacts { contacts in
            let id = try await contacts.create(
                "people",
                [
                    "first_name": " Ada ", "emails": .collection(["Ada.L@Example.COM"]),
                    "phones": .collection([.complex(["number": "(415) 555-2671 ext. 12"]), "call Ada at 5"]),
                ])
            let names =
                "SELECT concat_ws('|', first_name, last_name, display_name, primary_email, primary_phone, version) FROM contacts.person"
            #expect(try await contacts.text(names) == "Ada|Ada|Ada.L@example.com|(415) 555-2671 ext. 12|1")
            let phones = """
                SELECT string_agg(concat_ws('|', number, normalised, extension, invalid), ', ' ORDER BY position) FROM contacts.person__phones
                """
            #expect(try await contacts.text(phones) == "(415) 555-2671 ext. 12|+14155552671|12|f, call Ada at 5|calladaat5|t")
            #expect(
                try await contacts.text("SELECT address || '|' || normalised FROM contacts.person__emails")
                    == "Ada.L@example.com|ada.l@example.com")

            try await contacts.update("people", id, ["last_name": "Lovelace"])
            #expect(try await contacts.text(names) == "Ada|Lovelace|Ada Lovelace|Ada.L@example.com|(415) 555-2671 ext. 12|2")
            try await contacts.update("people", id, ["first_name": .null, "last_name": .null])
            #expect(try await contacts.text("SELECT display_name FROM contacts.person") == "Ada.L")
            try await contacts.update("people", id, ["emails": .collection([])])
            #expect(try await contacts.text("SELECT display_name FROM contacts.person") == "(415) 555-2671 ext. 12")
            try await contacts.update("people", id, ["phones": .collection(["415 555 2672"])])
            #expect(try await contacts.text("SELECT display_name FROM contacts.person") == "415 555 2672")
            #expect(try await contacts.text("SELECT normalised FROM contacts.person__phones") == "+14155552672")
        }
    }

    @Test("names a person of whom nothing is given that names are made of")
    func nameless() async throws {
        try await withContacts { contacts in
            _ = try await contacts.create("people", ["job_title": "Agent"])
            #expect(try await contacts.text("SELECT display_name FROM contacts.person") == "Unnamed person")
        }
    }

    @Test("doesn't take a display name from outside")
    func displayName() async throws {
        try await withContacts { contacts in
            let outcomes = try await contacts.store.create(
                contacts.type("people"), [RecordInput(["display_name": "Boss", "first_name": "Ada"])], options: .single, access: .test)
            guard case .failed(let error)? = outcomes.first else {
                Issue.record("stored: \(outcomes)")
                return
            }
            #expect(error.details.map(\.target) == ["display_name"])
        }
    }

    @Test("gives an organisation the domain of its website once")
    func organisation() async throws {
        try await withContacts { contacts in
            let id = try await contacts.create("organisations", ["name": "Acme", "website": "https://www.Acme.example/about"])
            #expect(try await contacts.text("SELECT domain FROM contacts.organisation") == "acme.example")
            try await contacts.update("organisations", id, ["website": "https://acme.org"])
            #expect(try await contacts.text("SELECT domain FROM contacts.organisation") == "acme.example")
            try await contacts.update("organisations", id, ["domain": .null])
            #expect(try await contacts.text("SELECT domain FROM contacts.organisation") == "acme.org")
        }
    }

    @Test("finds a person by a phone number in any notation")
    func phoneKey() async throws {
        try await withContacts { contacts in
            let people = (0..<300).map {
                RecordInput(["first_name": .string("P\($0)"), "phones": .collection([.string("415-555-2\(100 + $0)")])])
            }
            let outcomes = try await contacts.store.create(contacts.type("people"), people, options: .bulk("test"), access: .test)
            #expect(outcomes.count { if case .created = $0 { true } else { false } } == 300)
            let number = try contacts.store.hooks.normalisePhones(["+1 (415) 555 2217"]).first?.normalised ?? ""
            let name =
                "SELECT display_name FROM contacts.person JOIN contacts.person__phones ON id = record_id WHERE normalised = '\(number)'"
            #expect(try await contacts.text(name) == "P117")
        }
    }

    private func withContacts(_ body: @Sendable (TestStore) async throws -> Void) async throws {
        try await TestStore.with(["contacts": ContactsDeployment.manifest()], hooks: ContactsDeployment.load(), body)
    }
}

extension TestStore {
    fileprivate func create(_ collection: String, _ values: [String: Value]) async throws -> GUID {
        let outcomes = try await store.create(type(collection), [RecordInput(values)], options: .single, access: .test)
        guard case .created(let id, 1)? = outcomes.first else { throw TestStoreError("not created: \(outcomes)") }
        return id
    }

    fileprivate func update(_ collection: String, _ id: GUID, _ values: [String: Value]) async throws {
        let item = RecordUpdate(key: .id(id), input: RecordInput(values))
        let outcomes = try await store.update(type(collection), [item], options: .single, access: .test)
        guard case .updated? = outcomes.first else { throw TestStoreError("not updated: \(outcomes)") }
    }

    /// One value as text.
    fileprivate func text(_ sql: String) async throws -> String? {
        try await client.query(SQL(verbatim: sql)).first?.decode(String?.self, 0)
    }
}
