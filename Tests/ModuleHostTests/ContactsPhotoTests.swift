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

/// Photos of people and logos of organisations, in and out with their cards.
@Suite("Photos and logos in cards")
struct ContactsPhotoTests {
    private static let png = [UInt8]([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) + (0..<300).map { UInt8($0 % 251) }
    private static let base64 = Data(png).base64EncodedString()

    private static func card(_ name: String, _ lines: String...) -> String {
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:\(name)\r\n" + lines.map { "\($0)\r\n" }.joined() + "END:VCARD\r\n"
    }

    /// Two people with the same photo.
    private static func two(_ content: String) -> String {
        card("Ada Lovelace", "EMAIL:ada@example.com", "PHOTO:data:image/png;base64,\(content)")
            + card("Ada Byron", "EMAIL:byron@example.com", "PHOTO:data:image/png;base64,\(content)")
    }

    private struct Book: Sendable {
        let contacts: TestStore
        let files: FileStore
        let folder: TemporaryFolder

        func run(
            _ text: String, _ collection: String = "people", match: [String] = [], isRehearsal: Bool = false
        ) async throws -> (counts: ImportCounts, reasons: [String], leftOut: [String]) {
            let path = try folder.write(text, to: "\(UUID().uuidString).vcf")
            let plan = try ImportPlan(
                file: path, type: contacts.type(collection), catalog: contacts.catalog, mapping: nil, match: match)
            let importer = Importer(plan: plan, options: Importer.Options(), access: .test, files: files)
            var reasons: [String] = []
            let counts: ImportCounts
            if isRehearsal {
                let key = ImportLedger.Key(source: path, collection: collection, digest: "", settings: importer.settings)
                counts = try await importer.rehearse(file: path, key: key, store: contacts.store) { _, _, reason in
                    reasons.append(reason)
                } progress: { _ in
                }.counts
            } else {
                counts = try await importer.run(file: path, label: "import", store: contacts.store) { _, _, reason in
                    reasons.append(reason)
                } progress: { _ in
                }.counts
            }
            return (counts, reasons, plan.unmapped)
        }

        func export(
            _ format: ExportFormat, _ collection: String = "people", options: String = "$orderby=id",
            notice: @escaping (String) -> Void = { _ in }
        ) async throws -> String {
            let type = try contacts.type(collection)
            let shape = try #require(contacts.catalog.entityShape(named: type.id))
            let query = try QueryChecker(schema: contacts.catalog).check(try QueryOptions.parse(urlQuery: options), on: shape)
            var bytes: [UInt8] = []
            _ = try await Exporter(store: contacts.store, type: type, access: .test, format: format, files: files).run(
                ListRequest(type: type, query: query)
            ) {
                bytes += $0
            } notice: {
                notice($0)
            } progress: { _ in
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        /// What is stored for a name: media type, name and content; nil without a photo.
        func photo(_ name: String, _ table: String = "person", _ column: String = "photo_id", by: String = "display_name") async throws -> (
            type: String, name: String, content: [UInt8]
        )? {
            let row = try await contacts.client.query(
                "SELECT \(raw: column) FROM contacts.\(raw: table) WHERE \(raw: by) = \(bind: name)"
            ).first
            guard let id = try row?.decode(PostgresUUID?.self, 0),
                let file = try await files.file(GUID(high: id.high, low: id.low), access: .test)
            else { return nil }
            return (file.mediaType, file.name, try await files.content(of: file))
        }

        func count(_ table: String) async throws -> Int64 {
            try await contacts.client.query("SELECT count(*) FROM \(raw: table)").first?.decode(Int64.self, 0) ?? -1
        }
    }

    private static func with<R: Sendable>(limit: Int64? = nil, _ body: @Sendable (Book) async throws -> R) async throws -> R {
        let folder = try TemporaryFolder()
        return try await TestStore.with(["contacts": ContactsDeployment.manifest()], hooks: ContactsDeployment.load()) { contacts in
            let contents = FolderStore(folder: folder.path + "/files")
            var limits = FileLimits()
            if let limit { limits.size = limit }
            let files = FileStore(
                records: contacts.store, contents: contents, staging: contents.staging, limits: limits,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            return try await body(Book(contacts: contacts, files: files, folder: folder))
        }
    }

    @Test("go out only where they are images, whatever else somebody has put there")
    func images() async throws {
        try await Self.with { book in
            _ = try await book.run(Self.two(Self.base64))
            let page = try book.files.hold(Array("<!DOCTYPE html><script>alert(1)</script>".utf8), claimed: "image/png") { _ in "photo.png"
            }
            let stored = try await book.files.keep(page, access: .test)
            let (id, field) = (PostgresUUID(high: stored.id.high, low: stored.id.low), "display_name")
            _ = try await book.contacts.client.query(
                "UPDATE contacts.person SET photo_id = \(bind: id) WHERE \(raw: field) = 'Ada Byron'")
            var notices: [String] = []
            let cards = try await book.export(.vcard(.v4_0)) { notices.append($0) }
            #expect(cards.split(separator: "PHOTO").count == 2, "\(cards)")
            #expect(!cards.contains("text/html") && cards.contains("FN:Ada Byron"))
            #expect(notices.count == 1 && notices.first?.contains("no image but text/html") == true, "\(notices)")
        }
    }

    @Test("stay behind with everything else that a query doesn't select")
    func selection() async throws {
        try await Self.with { book in
            _ = try await book.run(
                Self.card(
                    "Ada Lovelace", "N:Lovelace;Ada;;;", "EMAIL:ada@example.com", "TITLE:Countess", "PHOTO:data:;base64,\(Self.base64)"))
            let cards = try await book.export(.vcard(.v4_0), options: "$select=last_name,emails")
            for line in ["FN:Ada Lovelace\r\n", "N:Lovelace;;;;\r\n", "ada@example.com\r\n", "UID:urn:uuid:"] {
                #expect(cards.contains(line), "\(line) in \(cards)")
            }
            #expect(!cards.contains("PHOTO") && !cards.contains("Countess"))
            #expect(try await book.export(.vcard(.v4_0), options: "$select=id,photo").contains("PHOTO"))
            for (options, reason) in [
                ("$select=lifecycle", "no place for lifecycle"), ("$select=address/city", "address as a whole"),
                ("$expand=affiliations", "takes no $expand"),
            ] {
                let error = await #expect(throws: RecordsError.self) { try await book.export(.vcard(.v4_0), options: options) }
                #expect(error?.message.contains(reason) == true, "\(options): \(String(describing: error))")
            }
        }
    }

    @Test(
        "come in however a card holds them",
        arguments: [
            "PHOTO:data:image/png;base64,\(base64)", "PHOTO:DATA:image/png\\;BASE64\\,\(base64)", "PHOTO;ENCODING=b;TYPE=PNG:\(base64)",
            "PHOTO;ENCODING=BASE64;TYPE=JPEG:\(base64)", "PHOTO;PNG;BASE64:\(base64)",
            "PHOTO:https://example.com/a.png\r\nPHOTO:data:;base64,\(base64)",
        ])
    func forms(line: String) async throws {
        try await Self.with { book in
            let outcome = try await book.run(Self.card("Ada Lovelace", line))
            #expect(outcome.reasons == [] && outcome.counts.created == 1)
            let photo = try #require(try await book.photo("Ada Lovelace"))
            #expect(photo.type == "image/png" && photo.name == "photo.png" && photo.content == Self.png)
        }
    }

    @Test("go out as cards of every version and come in again unchanged", arguments: ["vcard", "vcard-3.0", "vcard-2.1"])
    func roundTrip(format: String) async throws {
        let format = try #require(ExportFormat(format))
        try await Self.with { book in
            _ = try await book.run(Self.card("Ada Lovelace", "PHOTO:data:image/png;base64,\(Self.base64)"))
            _ = try await book.run(
                Self.card("Acme", "LOGO:data:image/png;base64,\(Data(Self.png + [9]).base64EncodedString())"), "organisations")
            let (people, organisations) = (try await book.export(format), try await book.export(format, "organisations"))
            #expect(people.contains("\r\nPHOTO") && organisations.contains("\r\nLOGO"))
            #expect(format != .vcard(.v4_0) || people.contains("\r\nPHOTO:data:image/png;base64,"))
            #expect(format != .vcard(.v3_0) || people.contains("\r\nPHOTO;TYPE=PNG;ENCODING=b:"))
            #expect(try await book.run(people, match: ["id"]).counts == ImportCounts(unchanged: 1))
            try await Self.with { other in
                _ = try await other.run(people)
                _ = try await other.run(organisations, "organisations")
                #expect(try await other.export(format) == people)
                #expect(try await other.export(format, "organisations") == organisations)
                let logo = try #require(try await other.photo("Acme", "organisation", "logo_id", by: "name"))
                #expect(logo.content == Self.png + [9] && logo.name == "logo.png")
            }
        }
    }

    @Test("that can't be read, are none, or are too large fail their card with the reason, and no other")
    func refusals() async throws {
        let page = Data("<!DOCTYPE html><script>alert(1)</script>".utf8).base64EncodedString()
        let large = Data(Self.png + [UInt8](repeating: 7, count: 1_000)).base64EncodedString()
        let cards = [
            Self.card("Ada Lovelace", "PHOTO:data:image/png;base64,\(Self.base64)"), Self.card("Bob Broken", "PHOTO;ENCODING=b:?!?!"),
            Self.card("Carl Chopped", "PHOTO:data:image/png;base64,AAAAA"), Self.card("Dora Page", "PHOTO;ENCODING=b;TYPE=PNG:\(page)"),
            Self.card("Eve Large", "PHOTO:data:image/png;base64,\(large)"), Self.card("Fay Fine"), Self.card("Gus Empty", "PHOTO:"),
        ].joined()
        try await Self.with(limit: 1_000) { book in
            let dry = try await book.run(cards, isRehearsal: true)
            #expect(try await book.count("tessera.file") == 0)
            #expect(try await book.count("tessera.content") == 0)
            let real = try await book.run(cards)
            #expect(real.counts == ImportCounts(created: 3, failed: 4))
            #expect(
                real.reasons == [
                    "Photo: the PHOTO of the card is no Base64 that can be read.",
                    "Photo: the content is no image but application/octet-stream.",
                    "Photo: the content is no image but text/html.",
                    "Photo: A file may have 1000 bytes at most; this one has 1308.",
                ])
            #expect(dry.counts == real.counts && dry.reasons == real.reasons)
            #expect(try await book.count("tessera.file") == 1)
            #expect(try await book.photo("Gus Empty") == nil)
        }
    }

    @Test("of which a card has the address alone are left out, and listed")
    func addresses() async throws {
        try await Self.with { book in
            let outcome = try await book.run(
                Self.card("Ada Lovelace", "PHOTO;MEDIATYPE=image/png:https://example.com/ada.png")
                    + Self.card("Bob Byte", "PHOTO;VALUE=uri:https://example.com/bob.png"))
            #expect(outcome.counts == ImportCounts(created: 2))
            #expect(outcome.leftOut == ["PHOTO"])
            #expect(try await book.count("tessera.file") == 0)
        }
    }

    @Test("are stored once, and a card that comes again changes nothing; another photo does")
    func again() async throws {
        try await Self.with { book async throws in
            #expect(try await book.run(Self.two(Self.base64), match: ["primary_email"]).counts == ImportCounts(created: 2))
            #expect(try await book.count("tessera.file") == 1)
            #expect(try await book.run(Self.two(Self.base64), match: ["primary_email"]).counts == ImportCounts(unchanged: 2))
            let other = Data(Self.png + [1]).base64EncodedString()
            #expect(try await book.run(Self.two(other), match: ["primary_email"], isRehearsal: true).counts == ImportCounts(updated: 2))
            #expect(try await book.run(Self.two(other), match: ["primary_email"]).counts == ImportCounts(updated: 2))
            #expect(try await book.photo("Ada Byron")?.content == Self.png + [1])
            #expect(try await book.count("tessera.file") == 2)
        }
    }

    @Test("larger than a card may be are left out of exports, and told")
    func tooLargeForCards() async throws {
        try await Self.with { book in
            _ = try await book.run(Self.card("Ada Lovelace", "PHOTO:data:image/png;base64,\(Self.base64)"))
            let held = try book.files.hold(Self.png + [UInt8](repeating: 0, count: 11 << 20), claimed: nil) { _ in "large.png" }
            let file = try await book.files.keep(held, access: .test)
            _ = try await book.contacts.client.query(
                "UPDATE contacts.person SET photo_id = \(bind: PostgresUUID(high: file.id.high, low: file.id.low))")
            nonisolated(unsafe) var notices: [String] = []
            let text = try await book.export(.vcard(.v4_0)) { notices.append($0) }
            #expect(text.contains("FN:Ada Lovelace") && !text.contains("PHOTO"))
            #expect(notices.count == 1 && notices[0].hasPrefix("Photo of ") && notices[0].hasSuffix("and a card takes 11534336"))
        }
    }
}
