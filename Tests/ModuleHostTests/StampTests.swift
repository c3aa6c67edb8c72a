import Foundation
import ModuleHost
import TesseraKit
import Testing

/// Libraries that are no modules of this server, made by a C compiler: what is refused must be refused without any Swift in it.
@Suite("The stamp of a module")
struct StampTests {
    @Test("is the same in the library and in who uses it")
    func ownStamp() {
        #expect(ContractStamp.ofCaller() == ContractStamp.ofLibrary())
        #expect(ContractStamp.ofCaller().hasPrefix("TesseraKit 0.1.0, layout "))
        #expect(ContractStamp.ofCaller().contains(", swift 6"))
        #expect(ContractStamp.ofCaller().utf8.count < 191)
    }

    @Test("refuses a module of another stamp and prints both")
    func otherStamp() async throws {
        let error = try await load(entry("1", "sizeof(struct entry)", "TesseraKit 0.0.9, layout 0, debug, swift 60200"))
        #expect(error.findings.map(\.code) == [.stampMismatch])
        let message = error.findings[0].message
        #expect(message.contains("\n  module: TesseraKit 0.0.9, layout 0, debug, swift 60200\n"))
        #expect(message.contains("\n  server: \(ContractStamp.ofCaller())\n"))
        #expect(message.contains("Rebuild the module with this server"))
    }

    @Test("refuses a stamp that doesn't end")
    func endlessStamp() async throws {
        let error = try await load(entry("1", "sizeof(struct entry)", String(repeating: "x", count: 192)))
        #expect(error.findings.map(\.code) == [.stampMismatch])
        #expect(error.description.contains("\n  module: \(String(repeating: "x", count: 192))\n"))
    }

    @Test("refuses an entry of another version without reading on", arguments: ["0", "2"])
    func otherVersion(version: String) async throws {
        let error = try await load(entry(version, "0", ""))
        #expect(error.findings.map(\.code) == [.stampMismatch])
        #expect(error.description.contains("has a module entry of version \(version), this server reads version 1."))
    }

    @Test("refuses an entry that is too short")
    func shortEntry() async throws {
        let error = try await load(entry("1", "16", ""))
        #expect(error.findings.map(\.code) == [.stampMismatch])
        #expect(error.description.contains("has a module entry of 16 bytes"))
    }

    @Test(
        "refuses a library without entry, and one whose entry gives nothing",
        arguments: ["int other;", "void *tessera_module_entry(void) { return 0; }"])
    func noEntry(source: String) async throws {
        let error = try await load(source)
        #expect(error.findings.map(\.code) == [.noEntry])
        #expect(error.description.contains("exports no tessera_module_entry"))
    }

    @Test("refuses a module of the right stamp that hands out nothing")
    func noModule() async throws {
        let error = try await load(entry("1", "sizeof(struct entry)", ContractStamp.ofCaller()))
        #expect(error.findings.map(\.code) == [.noEntry])
        #expect(error.description.hasSuffix("hands out no module."))
    }

    @Test("says what the linker misses")
    func unloadable() async throws {
        let error = try await load("int missing_function(void); int *f(void) { return (int *)missing_function; }")
        #expect(error.findings.map(\.code) == [.libraryUnloadable])
        #expect(error.description.contains("missing_function"))
    }

    @Test("refuses a file that is no library")
    func noLibrary() throws {
        let folder = try TemporaryFolder()
        try folder.write("no library", to: "libStub.so")
        let error = #expect(throws: ModuleHostError.self) {
            try GreetingDeployment.load(
                GreetingDeployment.module(library: "Stub"), folders: LibraryFolders(modulePath: folder.path))
        }
        #expect(error?.findings.map(\.code) == [.libraryUnloadable])
    }

    /// A module entry in C. A module with such an entry would crash if its factory's answer were taken for a Swift object.
    private func entry(_ version: String, _ size: String, _ stamp: String) -> String {
        """
        struct entry { unsigned version; unsigned size; char stamp[192]; void *(*factory)(void); };
        static void *factory(void) { return 0; }
        static struct entry it = { \(version), \(size), "\(stamp)", factory };
        struct entry *tessera_module_entry(void) { return &it; }
        """
    }

    private func load(_ source: String) async throws -> ModuleHostError {
        let folder = try TemporaryFolder()
        try await compile(folder.write(source, to: "stub.c"), to: folder.path + "/libStub.so")
        return try #require(throws: ModuleHostError.self) {
            try GreetingDeployment.load(GreetingDeployment.module(library: "Stub"), folders: LibraryFolders(modulePath: folder.path))
        }
    }

    private func compile(_ source: String, to library: String) async throws {
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = ["clang", "-w", "-shared", "-fPIC", "-o", library, source]
        let status = try await withCheckedThrowingContinuation { continuation in
            compiler.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try compiler.run() } catch { continuation.resume(throwing: error) }
        }
        try #require(status == 0)
    }
}
