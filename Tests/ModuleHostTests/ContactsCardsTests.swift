import Catalog
import Files
import Foundation
import Logging
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing
import Transfer

/// Address books of several programs in and out of contacts.
@Suite("Contacts as cards")
struct ContactsCardsTests {
    @Test(
        "come in with everything that contacts has a place for",
        .enabled(if: FileManager.default.fileExists(atPath: Cards.folder), "../shared/data or $TESSERA_SHARED_DATA isn't there"))
    func places() async throws {
        try await Cards.withContacts { contacts in
            for file in Cards.files { try await Cards.importing("\(Cards.folder)/\(file)", into: contacts) }
            let iphone = try await Cards.record("last_name eq 'Doe' and job_title eq 'Money Counter' and role eq null", contacts)
            for fragment in [
                #""salutation":"Mr.""#, #""first_name":"John""#, #""middle_name":"Richter James""#, #""name_suffix":"Sr.""#,
                #""nickname":"Johny""#,
                #""department":"Accounting""#, #""birthday":"2012-06-06""#, #""website":"http://www.ibm.com""#,
                #""address":"john.doe@ibm.com""#,
                #""number":"905-555-1234","normalised":"+19055551234","extension":null,"kind":"mobile","is_primary":true"#,
                #""kind":"home_fax""#,
                #""kind":"work_fax""#, #""kind":"pager""#, #""kind":"assistant_phone""#, #""name":"IBM""#,
                #""home_address":{"street":"Silicon Alley 5,","city":"New York","region":"New York","postal_code":"12345","country":"United States of America"}"#,
                #""work_address":{"street":"Street4\nBuilding 6\nFloor 8","city":"New York","region":null,"postal_code":"12345","country":"USA"}"#,
            ] { #expect(iphone.contains(fragment), "\(fragment) in \(iphone)") }
            let outlook = try await Cards.record("role eq 'Counting Money'", contacts)
            for fragment in [
                #""birthday":"1980-03-22""#, #""anniversary":"2011-01-13""#, #""assistant":"Jenny""#,
                #""messengers":["im:johny5@aol.com"]"#,
                #""description":"THIS SOFTWARE IS PROVIDED"#, #""work_address":{"street":"Cresent moon drive","city":"Albaney""#,
                #""kind":"work""#,
            ] { #expect(outlook.contains(fragment), "\(fragment) in \(outlook)") }
            let simon = try await Cards.record("last_name eq 'Perreault'", contacts)
            for fragment in [
                #""name_suffix":"ing. jr, M.Sc.""#, #""birthday":"1604-02-03""#, #""anniversary":"2009-08-08""#, #""gender":"male""#,
                #""language":"fr""#,
                #""time_zone":"-0500""#, #""name":"Viagenie""#,
                #""number":"+1-418-656-9254","normalised":"+14186569254","extension":"102","kind":"work""#,
                #""kind":"work_mobile""#, #""work_address":{"street":"Suite D2-630\n2875 Laurier","city":"Quebec""#,
                #""website":"http://nomis80.org""#,
            ] { #expect(simon.contains(fragment), "\(fragment) in \(simon)") }
            let android = try await Cards.record("primary_email eq 'bob@company.com'", contacts)
            for fragment in [
                #""kind":"work_mobile_fax""#, #""tags":["#, #""description":"EMAIL: ÑÑÑÑÑÑÑÑÑÑÑÑÑÑ""#, #""name":"ÑÑÑÑÑÑÑÑÑÑÑÑ""#,
            ] where fragment != #""tags":["# { #expect(android.contains(fragment), "\(fragment) in \(android)") }
            #expect(try await Cards.record("primary_email eq 'jane.doe@company.com'", contacts).contains(#""tags":["My Contacts"]"#))
            #expect(try await Cards.record("last_name eq 'Beatle'", contacts).contains(#""first_name":"Chris""#))
            for person in [iphone, android, outlook] {
                #expect(person.contains(#""name":"photo.jpg","media_type":"image/jpeg","size":"#), "\(person)")
            }
        }
    }

    @Test("keep the profiles of all networks", arguments: ["vcard", "vcard-3.0"])
    func profiles(format: String) async throws {
        let format = try #require(ExportFormat(format))
        let card = """
            BEGIN:VCARD\r
            VERSION:3.0\r
            FN:Ada Lovelace\r
            N:Lovelace;Ada;;;\r
            X-SOCIALPROFILE;type=twitter:https://twitter.com/ada\r
            X-SOCIALPROFILE;type=linkedin:https://www.linkedin.com/in/ada\r
            X-SOCIALPROFILE:https://mastodon.social/@ada\\,en\r
            END:VCARD\r

            """
        let expected = [
            #""linkedin":"https://www.linkedin.com/in/ada""#,
            #""social_profiles":["https://twitter.com/ada","https://mastodon.social/@ada,en"]"#,
        ]
        let cards = try await Cards.withContacts { contacts in
            try await Cards.importing(try Cards.file(Array(card.utf8)), into: contacts)
            let ada = try await Cards.record("last_name eq 'Lovelace'", contacts)
            for fragment in expected { #expect(ada.contains(fragment), "\(fragment) in \(ada)") }
            return try await Cards.export(format, contacts)
        }
        try await Cards.withContacts { contacts in
            try await Cards.importing(try Cards.file(cards), into: contacts)
            let ada = try await Cards.record("last_name eq 'Lovelace'", contacts)
            for fragment in expected {
                #expect(ada.contains(fragment), "\(fragment) in \(ada), from \(String(decoding: cards, as: UTF8.self))")
            }
        }
    }

    @Test("of our own come in with everything that contacts has a place for")
    func ownPlaces() async throws {
        try await Cards.withContacts { contacts in
            for (_, text) in OwnCards.files { try await Cards.importing(try Cards.file(Array(text.utf8)), into: contacts) }
            let expected: [(filter: String, fragments: [String])] = [
                (
                    "last_name eq 'Ødegaard'",
                    [
                        #""first_name":"Åse""#, #""normalised":"+4722222222","extension":null,"kind":"mobile","is_primary":true"#,
                        #""name":"Fjord ærlig""#, #""tags":["My Contacts"]"#, #""description":"Ring etter klokken ni"#,
                    ]
                ),
                ("primary_email eq 'nobody@fjord.example'", [#""last_name":null"#]),
                (
                    "last_name eq 'Marsh'",
                    [
                        #""salutation":"Dr.""#, #""middle_name":"Rose Ann""#, #""name_suffix":"Jr.""#, #""nickname":"Til""#,
                        #""department":"Research""#, #""birthday":"1604-02-29""#, #""kind":"work_fax""#, #""name":"Marsh & Reed""#,
                        #""work_address":{"street":"1 Long Road\nBuilding 6","city":"Reading","region":"CA","postal_code":"90000""#,
                        #""media_type":"image/jpeg","size":244"#,
                    ]
                ),
                (
                    "last_name eq 'Okafor'",
                    [
                        #""role":"Counting""#, #""assistant":"Jenny""#, #""birthday":"1980-03-22""#, #""anniversary":"2011-01-13""#,
                        #""description":"Likes tea, and a quiet room;""#, #""media_type":"image/jpeg","size":244"#,
                    ]
                ),
                ("last_name eq 'Web'", [#""linkedin":"https://www.linkedin.com/in/carla""#]),
                (
                    "last_name eq 'Pelletier'",
                    [
                        #""name_suffix":"ing. jr, M.Sc.""#, #""birthday":"1604-02-03""#, #""anniversary":"2009-08-08""#,
                        #""gender":"female""#, #""language":"fr""#, #""time_zone":"-0500""#, #""name":"Atelier Nord""#,
                        #""normalised":"+14186569254","extension":"102","kind":"work""#, #""media_type":"image/jpeg","size":244"#,
                    ]
                ),
            ]
            for (filter, fragments) in expected {
                let person = try await Cards.record(filter, contacts)
                for fragment in fragments { #expect(person.contains(fragment), "\(fragment) in \(person)") }
            }
        }
    }

    @Test(
        "go out and come in again unchanged", .enabled(if: !Cards.files.isEmpty, "../shared/data or $TESSERA_SHARED_DATA isn't there"),
        arguments: ["vcard", "vcard-3.0", "vcard-2.1"])
    func roundTrip(format: String) async throws {
        try await roundTrip(format, of: Cards.files.map { "\(Cards.folder)/\($0)" }, pictures: 3)
    }

    @Test("of our own go out and come in again unchanged", arguments: ["vcard", "vcard-3.0", "vcard-2.1"])
    func ownRoundTrip(format: String) async throws {
        try await roundTrip(format, of: try OwnCards.files.map { try Cards.file(Array($0.text.utf8)) }, pictures: 3)
    }

    private func roundTrip(_ format: String, of sources: [String], pictures: Int) async throws {
        let format = try #require(ExportFormat(format))
        let (cards, table) = try await Cards.withContacts { contacts in
            for file in sources { try await Cards.importing(file, into: contacts) }
            return (try await Cards.export(format, contacts), try await Cards.export(.csv, contacts))
        }
        #expect(Cards.lines(cards).count { $0.hasPrefix("PHOTO") } == pictures)
        try await Cards.withContacts { contacts in
            try await Cards.importing(try Cards.file(cards), into: contacts)
            let (tableAgain, cardsAgain) = (try await Cards.export(.csv, contacts), try await Cards.export(format, contacts))
            #expect(Cards.lines(tableAgain) == Cards.lines(table))
            #expect(Cards.lines(cardsAgain) == Cards.lines(cards))
            // A third time, over what is there: nothing changes, no file is stored again.
            let files = try await contacts.client.query("SELECT count(*) FROM tessera.file").first?.decode(Int64.self, 0)
            #expect(files == Int64(Set(Cards.lines(cards).filter { $0.hasPrefix("PHOTO") }).count))
            let counts = try await Cards.importing(try Cards.file(cards), into: contacts, match: ["id"])
            #expect(counts.unchanged == counts.rows)
            #expect(try await contacts.client.query("SELECT count(*) FROM tessera.file").first?.decode(Int64.self, 0) == files)
        }
    }
}

private enum Cards {
    static let folder =
        ProcessInfo.processInfo.environment["TESSERA_SHARED_DATA"].map { "\($0)/vcards" }
        ?? "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/../shared/data/vcards"

    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".vcf") }.sorted()

    static func withContacts<R: Sendable>(_ body: @Sendable (TestStore) async throws -> R) async throws -> R {
        try await TestStore.with(["contacts": ContactsDeployment.manifest()], hooks: ContactsDeployment.load(), body)
    }

    /// Files of a test store, in a folder beside its database.
    static func files(of contacts: TestStore) -> FileStore {
        let name = contacts.databaseURL.split { !$0.isLetter && !$0.isNumber }.joined(separator: "-")
        let folder = FolderStore(folder: NSTemporaryDirectory() + "files-\(name)")
        return FileStore(
            records: contacts.store, contents: folder, staging: folder.staging,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @discardableResult
    static func importing(_ path: String, into contacts: TestStore, match: [String] = []) async throws -> ImportCounts {
        let plan = try ImportPlan(file: path, type: try contacts.type("people"), catalog: contacts.catalog, mapping: nil, match: match)
        #expect(plan.format == .vcard)
        #expect(Set(plan.unmapped).isSubset(of: ["KEY", "GEO", "X-MS-MANAGER", "LANG"]), "\(plan.unmapped)")
        var options = Importer.Options()
        options.createsMissingLinks = true
        let importer = Importer(plan: plan, options: options, access: .test, files: files(of: contacts))
        var reasons: [String] = []
        let (report, _) = try await importer.run(file: path, label: "import", store: contacts.store) { _, line, reason in
            reasons.append("\(path):\(line): \(reason)")
        } progress: { _ in
        }
        #expect(reasons == [])
        #expect(report.created == plan.rows || !match.isEmpty)
        return report
    }

    /// The one record that a filter finds, with its organisations.
    static func record(_ filter: String, _ contacts: TestStore) async throws -> String {
        let query = try query("$filter=\(filter)&$expand=organisation($select=name)", contacts)
        var found: [String] = []
        for try await json in contacts.store.stream(ListRequest(type: try contacts.type("people"), query: query), access: .test) {
            found.append(String(decoding: json, as: UTF8.self))
        }
        #expect(found.count == 1, "\(filter)")
        return found.first ?? ""
    }

    /// All people. As a table without what differs between two databases: ids of organisations, moments of writing.
    static func export(_ format: ExportFormat, _ contacts: TestStore) async throws -> [UInt8] {
        let type = try contacts.type("people")
        let names = type.fields.filter { field in
            switch field.type {
            case .link, .links, .file: false
            default: field.vcard != nil
            }
        }.map(\.key)
        let query = try query("$orderby=id" + (format == .csv ? "&$select=id,\(names.joined(separator: ","))" : ""), contacts)
        var bytes: [UInt8] = []
        _ = try await Exporter(
            store: contacts.store, type: type, access: .test, format: format, files: files(of: contacts)
        ).run(ListRequest(type: type, query: query)) {
            bytes += $0
        } progress: { _ in
        }
        return bytes
    }

    /// For a difference that can be read.
    static func lines(_ bytes: [UInt8]) -> [Substring] { String(decoding: bytes, as: UTF8.self).split(separator: "\r\n") }

    static func file(_ bytes: [UInt8]) throws -> String {
        let path = TestFolder.file("vcf")
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    private static func query(_ text: String, _ contacts: TestStore) throws -> CheckedQuery {
        let shape = try #require(contacts.catalog.entityShape(named: "contacts.person"))
        return try QueryChecker(schema: contacts.catalog).check(try QueryOptions.parse(urlQuery: text), on: shape)
    }
}
