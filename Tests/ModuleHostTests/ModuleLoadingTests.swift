import Foundation
import Glibc
import Logging
import ModuleHost
import QueryLanguage
import Records
import TesseraKit
import Testing

@Suite("Loading a module")
struct ModuleLoadingTests {
    @Test("loads a library, starts the module and takes its hooks")
    func loads() throws {
        let log = LogCollector()
        let loaded = try GreetingDeployment.load(GreetingDeployment.module(), log: log)
        #expect(loaded.modules.map(\.id) == ["greetings"])
        #expect(loaded.modules.first?.path.hasSuffix("/libGreetingFixture.so") == true)
        #expect(loaded.interest(in: "greetings.card") == HookInterest(reads: ["name", "text"], writes: ["text"]))
        #expect(loaded.interest(in: "contacts.person") == HookInterest(reads: ["first_name"], writes: ["greeting"]))
        #expect(loaded.interest(in: "contacts.organisation") == nil)
        #expect(
            log.entries == [
                .init(
                    level: .notice, message: "Ready to greet",
                    metadata: ["module": "greetings", "deployment": "fixture", "currency": "NOK"])
            ])
    }

    @Test("runs the module's code over a batch")
    func runs() async throws {
        let loaded = try GreetingDeployment.load(GreetingDeployment.module(["greeting": "Hei"]))
        let results = try await loaded.beforeWrite(
            recordType: "greetings.card", choices: [:],
            images: [.new(["name": "Ada"]), .new(["name": "Bo", "text": "Yo"]), .new(["name": "nobody"]), .new([:])], access: .importer)
        #expect(
            results == [
                .patch(["text": "Hei, Ada (import)"]), .patch([:]),
                .refuse([RecordsError.Detail(code: "greetings.nobody", target: "name", message: "Nobody can't be greeted.")]), .patch([:]),
            ])
    }

    @Test("knows a type of the SDK again that comes from the library")
    func sharedTypes() async throws {
        let loaded = try GreetingDeployment.load(GreetingDeployment.module())
        // The message shows only if the error thrown in the library could be cast to the host's ModuleError.
        let error = await #expect(throws: RecordsError.self) {
            try await loaded.beforeWrite(recordType: "greetings.card", choices: [:], images: [.new(["name": "strike"])], access: .importer)
        }
        #expect(error?.code.description == "records.module_failed")
        #expect(
            error?.message
                == "The hook of the module 'greetings' on 'greetings.card' failed: module.unavailable: The greetings are on strike. "
                + "Nothing was written. The module's makers have to mend that.")
    }

    @Test("names the type alone of an error that only the module knows")
    func foreignError() async throws {
        let loaded = try GreetingDeployment.load(GreetingDeployment.module())
        let error = await #expect(throws: RecordsError.self) {
            try await loaded.beforeWrite(recordType: "greetings.card", choices: [:], images: [.new(["name": "fall"])], access: .importer)
        }
        #expect(error?.message.contains("it threw GreetingError.") == true)
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        let name: String
        let module: ModuleToLoad
        let findings: [String]
        var testDescription: String { name }
    }

    static let failures = [
        Failure(
            name: "a name that isn't one", module: GreetingDeployment.module(library: "../GreetingFixture"),
            findings: [
                "modules.library_name: module 'greetings': '../GreetingFixture' is no library name. "
                    + "Letters, digits, '_', '-' and '.' make one, without 'lib' and '.so'."
            ]),
        Failure(
            name: "another module's id", module: ModuleToLoad(id: "salutations", library: "GreetingFixture"),
            findings: [
                "modules.wrong_module: module 'salutations': FOLDER/libGreetingFixture.so holds the module 'greetings'. "
                    + "Name the right library under `run:` in the manifest of 'salutations'."
            ]),
        Failure(
            name: "a setting without value", module: GreetingDeployment.module([:]),
            findings: [
                "modules.settings: module 'greetings': It doesn't start: module.setting_missing: The setting 'greeting' has no value. "
                    + "Give it one in the deployment file, or a default in the manifest."
            ]),
        Failure(
            name: "a setting of the wrong kind", module: GreetingDeployment.module(["greeting": 7]),
            findings: [
                "modules.settings: module 'greetings': It doesn't start: module.setting_kind: "
                    + "The setting 'greeting' is of kind integer, not text. Declare it so in the manifest."
            ]),
        Failure(
            name: "a start that fails", module: GreetingDeployment.module(["greeting": "Hi", "misbehaviour": "start"]),
            findings: ["modules.start_failed: module 'greetings': It doesn't start: it threw GreetingError. A ModuleError would say why."]),
        Failure(
            name: "a registration that fails", module: GreetingDeployment.module(["greeting": "Hi", "misbehaviour": "register"]),
            findings: [
                "modules.register_failed: module 'greetings': It can't register what it does: "
                    + "module.unavailable: The greetings are on strike."
            ]),
        Failure(
            name: "a type that isn't there", module: GreetingDeployment.module(["greeting": "Hi", "misbehaviour": "unknown_type"]),
            findings: [
                "modules.undeclared: module 'greetings': It hooks into 'greetings.letter', and the deployment has no such record type."
            ]),
        Failure(
            name: "a type of another module", module: GreetingDeployment.module(["greeting": "Hi", "misbehaviour": "foreign_type"]),
            findings: [
                "modules.undeclared: module 'greetings': It hooks into 'contacts.organisation', which belongs to 'contacts'. "
                    + "A manifest that extends 'contacts.organisation' may do that."
            ]),
        Failure(
            name: "fields that aren't there", module: GreetingDeployment.module(["greeting": "Hi", "misbehaviour": "unknown_fields"]),
            findings: [
                "modules.undeclared: module 'greetings': Its hook on 'greetings.card' names the field 'nmae', which the type doesn't have. "
                    + "It has name, stamp, text.",
                "modules.undeclared: module 'greetings': Its hook on 'greetings.card' names the field 'txet', which the type doesn't have. "
                    + "It has name, stamp, text.",
            ]),
        Failure(
            name: "a field of another module", module: GreetingDeployment.module(["greeting": "Hi", "misbehaviour": "foreign_field"]),
            findings: [
                "modules.undeclared: module 'greetings': Its hook on 'contacts.person' wants to write 'first_name', "
                    + "which belongs to 'contacts'. A module writes only fields of its own."
            ]),
    ]

    @Test("refuses a module", arguments: failures)
    func refuses(failure: Failure) throws {
        let folder = try #require(GreetingDeployment.load(GreetingDeployment.module()).modules.first).path.dropLast(
            "/libGreetingFixture.so".count)
        let error = #expect(throws: ModuleHostError.self) { try GreetingDeployment.load(failure.module) }
        #expect(error?.findings.map { $0.description.replacing(folder, with: "FOLDER") } == failure.findings)
    }

    @Test("refuses to hook into a type that the manifest doesn't extend")
    func notExtended() {
        let module = ModuleToLoad(id: "greetings", library: "GreetingFixture", settings: ["greeting": "Hi"])
        let error = #expect(throws: ModuleHostError.self) { try GreetingDeployment.load(module) }
        #expect(error?.findings.map(\.code) == [.undeclared])
    }

    @Test("says which folders it searched")
    func missingLibrary() throws {
        let folders = LibraryFolders(modulePath: "/nowhere/a:/nowhere/b", folders: ["/nowhere/c"], executable: "/opt/tessera/bin/tessera")
        let error = #expect(throws: ModuleHostError.self) { try GreetingDeployment.load(GreetingDeployment.module(), folders: folders) }
        #expect(
            error?.description
                == "modules.library_missing: module 'greetings': libGreetingFixture.so is in none of the folders /nowhere/a, /nowhere/b, "
                + "/nowhere/c, /opt/tessera/bin, /opt/tessera/bin/../lib/tessera. "
                + "Put it beside the tessera program, or name its folder in TESSERA_MODULE_PATH.")
    }

    @Test("refuses a library that isn't whole, or no file, before the linker touches it", arguments: [100, 4_096, 100_000, nil] as [Int?])
    func damagedLibrary(kept: Int?) throws {
        let whole = try #require(GreetingDeployment.load(GreetingDeployment.module()).modules.first).path
        let folder = FileManager.default.temporaryDirectory.appending(path: "tessera-library-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "libGreetingFixture.so").path
        if let kept {
            #expect(FileManager.default.createFile(atPath: path, contents: try Data(contentsOf: URL(filePath: whole)).prefix(kept)))
        } else {
            #expect(mkfifo(path, 0o600) == 0)
        }
        let folders = LibraryFolders(modulePath: nil, folders: [folder.path], executable: "/opt/tessera/bin/tessera")
        let error = #expect(throws: ModuleHostError.self) { try GreetingDeployment.load(GreetingDeployment.module(), folders: folders) }
        #expect(error?.findings.map(\.code) == [.libraryUnloadable])
        let complaint = kept.map { "\(path) is cut off: it has \($0) of " } ?? "\(path) is no regular file"
        #expect(error?.description.contains(complaint) == true, "\(String(describing: error))")
    }

    @Test("tells the findings of all modules at once")
    func allFindings() {
        let error = #expect(throws: ModuleHostError.self) {
            try GreetingDeployment.load(
                GreetingDeployment.module(library: "Nowhere"), GreetingDeployment.module([:]), GreetingDeployment.module(library: "a/b"))
        }
        #expect(error?.findings.map(\.code) == [.libraryMissing, .settings, .libraryName])
    }

    @Test(
        "looks in the named folders first, then beside the program",
        arguments: [
            (nil, [], "/a/tessera", ["/a", "/a/../lib/tessera"]), ("", [], "/tessera", ["/", "/../lib/tessera"]),
            ("/x:/y::/x", ["/z", "/y"], "/y/tessera", ["/x", "/y", "/z", "/y/../lib/tessera"]),
        ] as [(String?, [String], String, [String])])
    func folders(modulePath: String?, folders: [String], executable: String, paths: [String]) {
        #expect(LibraryFolders(modulePath: modulePath, folders: folders, executable: executable).paths == paths)
    }
}
