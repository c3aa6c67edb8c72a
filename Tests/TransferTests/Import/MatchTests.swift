import Manifests
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Transfer

@Suite("Matching rows")
struct MatchTests {
    private let tree =
        "ARRAY(SELECT concat_ws('<', s.title, p.title) FROM lab.sample s LEFT JOIN lab.sample p ON p.id = s.parent_id WHERE s.deleted_at IS NULL ORDER BY s.title)"

    private static func file(_ rows: [(String, String)]) -> String { "title,parent\n" + rows.map { "\($0),\($1)\n" }.joined() }

    private static func rows(_ range: Range<Int>) -> String { "title,code\n" + range.map { "Sample \($0),AA\($0)\n" }.joined() }

    @Test("finds records by the mail address they have, in whatever writing, and leaves the others of the list")
    func emails() async throws {
        try await ImportLab.with { lab in
            _ = try await lab.run("title,emails\nAda,work:Ada@Example.com; home:ada@home.example\nBob,bob@example.com\n")
            let file = "title,email\nAda Lovelace, ADA@example.COM\nCarl,carl@example.com\nBob,BOB@EXAMPLE.COM\n"
            let dry = try await lab.run(file, match: ["primary_email"], isRehearsal: true)
            let real = try await lab.run(file, match: ["primary_email"])
            #expect(dry == real)
            #expect(real == .init(counts: ImportCounts(created: 1, updated: 1, unchanged: 1)))
            #expect(try await lab.text("SELECT count(*) FROM lab.sample") == "3")
            #expect(
                try await lab.text(
                    "SELECT string_agg(e.address || ' ' || coalesce(e.kind, '-') || ' ' || e.is_primary, ', ' ORDER BY e.position) FROM lab.sample s JOIN lab.sample__emails e ON e.record_id = s.id WHERE s.title = 'Ada Lovelace'"
                )
                    == "Ada@example.com work true, ada@home.example home false")
        }
    }

    @Test("finds records by what they link to, whichever way a file names that")
    func links() async throws {
        try await ImportLab.with { lab in
            _ = try await lab.run("name\nOslo\nBergen\n", into: "places")
            _ = try await lab.run("title,amount,place\nA,1,Oslo\nA,2,Bergen\nB,3,Oslo\n")
            let file = "title,amount,place\nA,10,Oslo\nA,20,Bergen\nC,30,Bergen\nC,31,Bergen\nD,1,Rome\nE,1,\n"
            let dry = try await lab.run(file, match: ["title", "place"], isRehearsal: true)
            let real = try await lab.run(file, match: ["title", "place"])
            #expect(dry == real)
            #expect(real.counts == ImportCounts(created: 1, updated: 3, failed: 2))
            #expect(real.failures == ["6: There is no place with the name 'Rome'.", "7: The key property place has no value."])
            let made = try await lab.run(
                "title,amount,place\nD,1,Rome\nD,2,Rome\n", match: ["title", "place"], createsMissingLinks: true)
            #expect(made.counts == ImportCounts(created: 1, updated: 1))
            #expect(
                try await lab.text(
                    "SELECT string_agg(s.title || p.name || s.amount, ' ' ORDER BY s.title, p.name) FROM lab.sample s JOIN lab.place p ON p.id = s.place_id"
                )
                    == "ABergen20 AOslo10 BOslo3 CBergen31 DRome2")
        }
    }

    @Test("says of ids that are those of deleted records what they are and what can be done", arguments: [[], ["id"]])
    func deleted(match: [String]) async throws {
        try await ImportLab.with { lab in
            _ = try await lab.run("title,code\nGone,AA1\nHere,AA2\n")
            let (gone, here) = (try await lab.id("AA1"), try await lab.id("AA2"))
            let type = try lab.lab.type("samples")
            _ = try await lab.lab.store.delete(type, [RecordReference(key: .id(gone))], options: .single, access: .test)
            let file = "id,title\n\(gone),Back\n\(here),Here\n"
            let real = try await lab.run(file, match: match)
            #expect(
                real.failures.first
                    == "2: This id is that of a deleted sample: restore it and change it then, or leave the id out for another one.")
            // Restored, it is there to be changed.
            _ = try await lab.lab.store.restore(type, [RecordReference(key: .id(gone))], options: .single, access: .test)
            let again = try await lab.run(file, match: ["id"])
            #expect(again.counts == ImportCounts(updated: 1, unchanged: 1))
        }
    }

    @Test("makes one record of what several rows name and isn't there, also where names aren't unique", arguments: [1, 100])
    func missingOnce(batch: Int) async throws {
        try await ImportLab.with(["lab": Self.firms]) { lab in
            let file = "name,employer,former\nA,Acme,\nB,Acme,Acme\nC,,Acme\nD,Bolt,Acme\n"
            let real = try await lab.run(
                file, into: "people", createsMissingLinks: true, batch: batch,
                mapping: ImportMapping(
                    collection: "people", match: [],
                    columns: [("name", "name"), ("employer", "employer/name"), ("former", "former/name")].map {
                        ImportMapping.Column(header: $0, target: $1)
                    }))
            #expect(real.counts == ImportCounts(created: 4) && real.failures == [])
            #expect(try await lab.text("SELECT string_agg(name, ' ' ORDER BY name) FROM lab.firm") == "Acme Bolt")
        }
    }

    @Test("finds records by a number that the store makes, and makes none by it")
    func numbered() async throws {
        try await ImportLab.with(["lab": Self.firms]) { lab in
            _ = try await lab.run("title\nOne\nTwo\n", into: "tickets")
            let file = "number,title\nT-0002,Three\nT-0007,Seven\n,Nine\n"
            let dry = try await lab.run(file, into: "tickets", match: ["number"], isRehearsal: true)
            let real = try await lab.run(file, into: "tickets", match: ["number"])
            #expect(dry == real)
            #expect(real.counts == ImportCounts(updated: 1, failed: 2))
            #expect(
                real.failures == [
                    "3: There is no ticket with that number, and none is made by it: the store makes its numbers itself.",
                    "4: The key property number has no value.",
                ])
            let records = "SELECT string_agg(t.number || ' ' || t.title, ', ' ORDER BY t.number) FROM lab.ticket t"
            #expect(try await lab.text(records) == "T-0001 One, T-0002 Three")
            let repeated = await #expect(throws: ImportError.self) { try await lab.run(file, into: "tickets", match: ["title", "title"]) }
            #expect(repeated?.message.contains("title is named twice") == true, "\(String(describing: repeated))")
            // Where it finds nothing, it fills nothing.
            let mapping = ImportMapping(collection: "tickets", match: [], columns: [.init(header: "number", target: "number")])
            let refusal = await #expect(throws: ImportError.self) {
                try await lab.run("number\nT-0002\n", into: "tickets", mapping: mapping)
            }
            #expect(refusal?.message.contains("written by the store") == true, "\(String(describing: refusal))")
        }
    }

    @Test("finds what links lead to by numbers, days and choices, in the formats of their column")
    func typedKeys() async throws {
        try await ImportLab.with(["lab": Self.depots]) { lab in
            _ = try await lab.run("code,opened,level\n1101,2020-03-01,high\n1102,2020-04-02,low\n", into: "depots")
            let stored = "SELECT string_agg(v.name || d.code, ' ' ORDER BY v.name) FROM lab.van v JOIN lab.depot d ON d.id = v.depot_id"
            func run(_ text: String, _ target: String, creates: Bool = false) async throws -> ImportLab.Outcome {
                try await lab.run(
                    text, into: "vans", createsMissingLinks: creates,
                    mapping: ImportMapping(
                        collection: "vans",
                        columns: [.init(header: "name", target: "name"), .init(header: "at", target: target)]))
            }
            #expect(try await run("name,at\nA,\"1,101\"\nB,\"1,102\"\n", "depot/code") == .init(counts: ImportCounts(created: 2)))
            #expect(
                try await run("name,at\nC,01.03.2020\nD,13.04.2020\n", "depot/opened").failures == [
                    "3: There is no depot with the opened '2020-04-13'."
                ])
            #expect(try await run("name,at\nE,Medium\n", "depot/level").counts == ImportCounts(created: 1))
            #expect(try await lab.text(stored) == "A1101 B1102 C1101 E1102")
            #expect(try await run("name,at\nF,soon\n", "depot/code").failures == ["2: at: 'soon' is not a whole number"])
            #expect(try await run("name,at\nG,1103\n", "depot/code", creates: true).counts == ImportCounts(created: 1))
            // What the file itself calls its depot is guessed to be the number that names depots.
            let guessed = try await lab.run("name,Depot,Stops\nH,1102,1101; 1102\n", into: "vans")
            #expect(guessed == .init(counts: ImportCounts(created: 1)))
            #expect(try await lab.text("SELECT count(*) FROM lab.van__stops") == "2")
        }
    }

    private static let depots = """
        manifest: 1
        id: lab
        version: "1.0.0"
        name: Laboratory
        platform: ">=0.1 <1.0"
        types:
          depot:
            collection: depots
            label: Depot
            display: code
            fields:
              code: { type: integer, label: Code, unique: true }
              opened: { type: date, label: Opened, unique: true }
              level: { type: choice, label: Level, unique: true, choices: { low: { label: Medium }, medium: { label: Low }, high: { label: High } } }
          van:
            collection: vans
            label: Van
            display: name
            fields:
              name: { type: text, label: Name, required: true }
              depot: { type: link, label: Depot, to: depot }
              stops: { type: links, label: Stops, to: depot }
        """

    private static let firms = """
        manifest: 1
        id: lab
        version: "1.0.0"
        name: Laboratory
        platform: ">=0.1 <1.0"
        types:
          firm:
            collection: firms
            label: Firm
            display: name
            fields:
              name: { type: text, label: Name, required: true }
          person:
            collection: people
            label: Person
            display: name
            fields:
              name: { type: text, label: Name, required: true }
              employer: { type: link, label: Employer, to: firm }
              former: { type: link, label: Former employer, to: firm }
          ticket:
            collection: tickets
            label: Ticket
            display: title
            fields:
              number: { type: auto_number, label: Number, pattern: "T-{0000}" }
              title: { type: text, label: Title }
        """

    @Test("stays right from one import to the next where records link to one another")
    func parents() async throws {
        try await ImportLab.with { lab in
            // Parents stand before and after their parts, and in other batches.
            let first = Self.file([("A", ""), ("B", "A"), ("C", "E"), ("D", "C"), ("E", "A"), ("F", "G"), ("G", "")])
            let made = try await lab.run(first, match: ["title"], batch: 2)
            #expect(made == .init(counts: ImportCounts(created: 7)))
            #expect(try await lab.text("SELECT \(tree)") == "{A,B<A,C<E,D<C,E<A,F<G,G}")
            #expect(try await lab.run(first, match: ["title"], batch: 2).counts == ImportCounts(unchanged: 7))
            // Others, some of them new and further down.
            let second = Self.file([("B", "H"), ("C", "B"), ("D", "I"), ("E", ""), ("H", "A"), ("I", "H"), ("G", "Z")])
            let dry = try await lab.run(second, match: ["title"], batch: 2, isRehearsal: true)
            let real = try await lab.run(second, match: ["title"], batch: 2)
            #expect(dry == real)
            #expect(real.counts == ImportCounts(created: 2, updated: 3, unchanged: 1, failed: 1))
            #expect(real.failures == ["8: There is no sample with the title 'Z'."])
            #expect(try await lab.text("SELECT \(tree)") == "{A,B<H,C<B,D<I,E<A,F<G,G,H<A,I<H}")
            let third = Self.file([("B", "H"), ("C", "B"), ("D", "I"), ("H", "A"), ("I", "H")])
            #expect(try await lab.run(third, match: ["title"], batch: 2).counts == ImportCounts(unchanged: 5))
        }
    }

    @Test("fails the rows of a loop that may not be, whether they make records or change some")
    func loops() async throws {
        let tree = "ARRAY(SELECT concat_ws('<', u.name, p.name) FROM lab.unit u LEFT JOIN lab.unit p ON p.id = u.parent_id ORDER BY u.name)"
        let reason =
            "Parent unit leads back to this unit itself (deleted ones count): choose another unit, or first change the link of one in between."
        try await ImportLab.with(["lab": TestManifests.tree]) { lab in
            let file = "name,parent\nA,C\nB,A\nC,B\nD,\nE,D\n"
            let dry = try await lab.run(file, into: "units", isRehearsal: true)
            let real = try await lab.run(file, into: "units")
            #expect(dry == real)
            #expect(real.counts == ImportCounts(created: 2, failed: 3))
            #expect(real.failures == ["2: \(reason)", "3: \(reason)", "4: \(reason)"])
            #expect(try await lab.text("SELECT \(tree)") == "{D,E<D}")
            // One of the rows closes the loop, and fails.
            let changed = try await lab.run("name,parent\nD,E\nF,D\n", into: "units", match: ["name"])
            #expect(changed.counts == ImportCounts(created: 1, failed: 1) && changed.failures == ["2: \(reason)"])
            #expect(try await lab.text("SELECT \(tree)") == "{D,E<D,F<D}")
        }
    }

    @Test("makes what the rows link to only where the whole file doesn't have it")
    func missingOnes() async throws {
        try await ImportLab.with { lab in
            let file = "title,parent\nA,C\nB,Z\nC,\nD,Z\nE,D\n"
            let dry = try await lab.run(file, createsMissingLinks: true, batch: 2, isRehearsal: true)
            let real = try await lab.run(file, createsMissingLinks: true, batch: 2)
            #expect(dry == real)
            #expect(real == .init(counts: ImportCounts(created: 5)))
            #expect(try await lab.text("SELECT \(tree)") == "{A<C,B<Z,C,D<Z,E<D,Z}")
        }
    }

    @Test("has the database look at tables that an import made much larger")
    func statistics() async throws {
        try await ImportLab.with { lab in
            let known =
                "SELECT coalesce((SELECT n_distinct FROM pg_stats WHERE schemaname = 'lab' AND tablename = 'sample' AND attname = 'code'), 0)"
            _ = try await lab.run(Self.rows(0..<400))
            #expect(try await lab.text(known) == "0")
            _ = try await lab.run(Self.rows(400..<1_400))
            #expect(try await lab.text(known) == "-1")
            let count = "SELECT reltuples FROM pg_class WHERE oid = 'lab.sample'::regclass"
            #expect(try await lab.text(count) == "1400")
            // A tenth more isn't worth it; much more is.
            _ = try await lab.run(Self.rows(1_400..<1_500))
            #expect(try await lab.text(count) == "1400")
            _ = try await lab.run(Self.rows(1_500..<2_500))
            #expect(try await lab.text(count) == "2500")
        }
    }

    @Test("finds records by what would be stored, so that the same file twice changes nothing")
    func storedForms() async throws {
        try await ImportLab.with { lab async throws in
            let file = "title,site\nA,lab.example/a\nB,https://lab.example/b\n"
            #expect(try await lab.run(file, match: ["site"]).counts == ImportCounts(created: 2))
            #expect(try await lab.run(file, match: ["site"]).counts == ImportCounts(unchanged: 2))
            let links = ImportMapping(
                collection: "samples",
                columns: [.init(header: "title", target: "title"), .init(header: "part of", target: "parent/site")])
            #expect(try await lab.run("title,part of\nC,lab.example/a\n", mapping: links).counts == ImportCounts(created: 1))
            #expect(try await lab.text("SELECT p.title FROM lab.sample s JOIN lab.sample p ON p.id = s.parent_id") == "A")
        }
    }

    private let phones =
        "SELECT string_agg(concat_ws(':', p.kind, p.number) || CASE WHEN p.is_primary THEN '*' ELSE '' END, ' ' ORDER BY p.position) FROM lab.sample__phones p"
    private let places =
        "SELECT string_agg(concat_ws(':', p.name, l.role, l.since) || CASE WHEN l.is_primary THEN '*' ELSE '' END, ' ' ORDER BY p.name) FROM lab.sample__places l JOIN lab.place p ON p.id = l.target_id"

    @Test("adds to the lists of a record what is new, and replaces them where the mapping says so")
    func lists() async throws {
        try await ImportLab.with { lab in
            _ = try await lab.run("name\nOslo\nBergen\n", into: "places")
            _ = try await lab.run(
                "title,phones,places\nA,\"mobile:22 33 44 55; 66\",\"Oslo [role=head, since=2020-01-01]\"\n")
            let file = "title,phones,places\nA,\"fax:77; work:66; 22334455\",\"Bergen [role=guest]; Oslo\"\n"
            #expect(try await lab.run(file, match: ["title"], isRehearsal: true).counts == ImportCounts(updated: 1))
            #expect(try await lab.run(file, match: ["title"]).counts == ImportCounts(updated: 1))
            #expect(try await lab.text(phones) == "mobile:22 33 44 55* work:66 fax:77")
            #expect(try await lab.text(places) == "Bergen:guest Oslo:head:2020-01-01*")
            #expect(try await lab.text("SELECT p.name FROM lab.sample s JOIN lab.place p ON p.id = s.place_id") == "Oslo")
            #expect(try await lab.run(file, match: ["title"]).counts == ImportCounts(unchanged: 1))
            // Flagged entries become primary.
            let flagged = "title,phones,places\nA,\"77 [primary]\",\"Bergen [primary]\"\n"
            #expect(try await lab.run(flagged, match: ["title"]).counts == ImportCounts(updated: 1))
            #expect(try await lab.text(phones) == "mobile:22 33 44 55 work:66 fax:77*")
            #expect(try await lab.text(places) == "Bergen:guest* Oslo:head:2020-01-01")
            #expect(try await lab.text("SELECT p.name FROM lab.sample s JOIN lab.place p ON p.id = s.place_id") == "Bergen")
            let whole = ImportMapping(
                collection: "samples", match: ["title"],
                columns: [
                    .init(header: "title", target: "title"), .init(header: "phones", target: "phones", replaces: true),
                    .init(header: "places", target: "places/name", replaces: true),
                ])
            #expect(ImportMapping.parse(ManifestSource(path: "m.yaml", text: whole.yaml)).manifest == whole)
            #expect(try await lab.run("title,phones,places\nA,88,Oslo\n", mapping: whole).counts == ImportCounts(updated: 1))
            #expect(try await lab.text(phones) == "88*")
            #expect(try await lab.text(places) == "Oslo*")
        }
    }

    @Test("changes the members of an address that the file has, and no others")
    func addresses() async throws {
        try await ImportLab.with { lab in
            _ = try await lab.run("title,origin/street,origin/city,origin/country\nA,Main 1,Oslo,NO\n")
            #expect(try await lab.run("title,City\nA,Bergen\n", match: ["title"]).counts == ImportCounts(updated: 1))
            let address = "SELECT concat_ws(', ', origin_street, origin_city, origin_country) FROM lab.sample"
            #expect(try await lab.text(address) == "Main 1, Bergen, NO")
        }
    }

    @Test("takes an entry that a row has twice once, with all that is said of it")
    func repeats() async throws {
        try await ImportLab.with { lab in
            _ = try await lab.run("name\nOslo\n", into: "places")
            let file = "title,Phone,Mobile,Email,Email 2,places\nA,22 33 44 55,22334455,a@x.no,A@x.no,\"Oslo; Oslo [role=head]\"\n"
            let made = try await lab.run(file)
            #expect(made == .init(counts: ImportCounts(created: 1)))
            #expect(try await lab.text(phones) == "mobile:22 33 44 55*")
            #expect(try await lab.text(places) == "Oslo:head*")
            #expect(try await lab.text("SELECT string_agg(address, ' ') FROM lab.sample__emails") == "a@x.no")
        }
    }

    @Test("says why a record that links lead to can't be made")
    func unmade() async throws {
        try await ImportLab.with { lab in
            let mapping = ImportMapping(
                collection: "samples",
                columns: [.init(header: "title", target: "title"), .init(header: "at", target: "place/name")])
            let long = String(repeating: "x", count: 60)
            let real = try await lab.run("title,at\nA,\(long)\n", createsMissingLinks: true, mapping: mapping)
            #expect(
                real.failures == [
                    "2: There is no place with the name '\(long)'. None was made: Name may have at most 50 characters; it has 60."
                ])
        }
    }
}
