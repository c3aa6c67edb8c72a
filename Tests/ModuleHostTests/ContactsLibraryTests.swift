import Catalog
import Foundation
import Logging
import Manifests
import ModuleHost
import QueryLanguage
import Records
import Testing

/// The contacts module as a server gets it: by its manifest, out of its library.
@Suite("The library of contacts")
struct ContactsLibraryTests {
    private func load() throws -> LoadedModules {
        try ContactsDeployment.load()
    }

    @Test("hooks into what its manifest declares")
    func interests() throws {
        let loaded = try load()
        #expect(loaded.modules.map(\.id) == ["contacts"])
        #expect(
            loaded.interest(in: "contacts.person")
                == HookInterest(
                    reads: ["first_name", "last_name", "display_name", "emails", "phones"],
                    writes: ["first_name", "last_name", "display_name", "emails"]))
        #expect(
            loaded.interest(in: "contacts.organisation")
                == HookInterest(reads: ["website", "domain", "emails"], writes: ["domain", "emails"]))
    }

    @Test("fills in what people leave out")
    func hooks() async throws {
        let loaded = try load()
        let people = try await loaded.beforeWrite(
            recordType: "contacts.person", choices: [:], images: [.new(["first_name": " Ada ", "last_name": "Lovelace"])], access: .importer
        )
        #expect(people == [.patch(["first_name": "Ada", "display_name": "Ada Lovelace"])])
        let organisations = try await loaded.beforeWrite(
            recordType: "contacts.organisation", choices: [:], images: [.new(["website": "https://www.Example.org/"])], access: .importer)
        #expect(organisations == [.patch(["domain": "example.org"])])
    }

    @Test("normalises phone numbers")
    func phones() throws {
        #expect(
            try load().normalisePhones(["(415) 555-2671 x3", "n/a 12"]) == [
                NormalisedPhone(normalised: "+14155552671", extension: "3", isValid: true),
                NormalisedPhone(normalised: "na12", extension: nil, isValid: false),
            ])
    }
}

/// The starter deployment of this repository.
enum ContactsDeployment {
    static func load() throws -> LoadedModules {
        let result = Composer(folders: [folder]).compose(folder + "/deployments/starter.yaml")
        #expect(result.diagnostics.map(\.description) == [])
        let composition = try #require(result.composition)
        let loader = ModuleLoader(folders: LibraryFolders(modulePath: nil), logger: LogCollector().logger)
        return try loader.load(composition, catalog: try Catalog(composition: composition))
    }

    static func manifest() throws -> String {
        try String(contentsOfFile: folder + "/contacts.yaml", encoding: .utf8)
    }

    private static let folder = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/manifests"
}
