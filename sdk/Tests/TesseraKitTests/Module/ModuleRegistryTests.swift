import TesseraKit
import Testing

@Suite("What a module registers")
struct ModuleRegistryTests {
    @Test("belongs to the module's own type unless it names another module")
    func names() {
        var registry = ModuleRegistry(moduleID: "acme.scoring")
        registry.beforeWrite("score", reads: ["a"], writes: ["b"]) { _, _ in [] }
        registry.beforeWrite("contacts.person", reads: [], writes: []) { _, _ in [] }
        #expect(registry.beforeWriteHooks.map(\.recordType) == ["acme.scoring.score", "contacts.person"])
        #expect(registry.beforeWriteHooks.first?.reads == ["a"])
        #expect(registry.beforeWriteHooks.first?.writes == ["b"])
        #expect(registry.phoneNormalizer == nil)
    }

    @Test("names only what it reads in an image")
    func image() {
        let image = RecordImage(position: 0, id: nil, operation: .create, fields: ["a": 1], changed: ["a"])
        #expect(image["a"] == 1)
        #expect(image["b"] == .null)
    }
}

@Suite("A module's log")
struct ModuleLoggerTests {
    @Test("takes entries from its level up", arguments: ModuleLogger.Level.allCases)
    func level(level: ModuleLogger.Level) async {
        await confirmation("entry", expectedCount: level <= .warning ? 1 : 0) { logged in
            let logger = ModuleLogger(level: level) { entryLevel, message, metadata in
                #expect(entryLevel == .warning)
                #expect(message == "m")
                #expect(metadata == ["k": "v"])
                logged()
            }
            logger.warning("m", ["k": "v"])
        }
    }

    @Test("doesn't make texts that nobody reads")
    func laziness() {
        let logger = ModuleLogger(level: .error) { _, _, _ in }
        func text() -> String {
            Issue.record("made")
            return ""
        }
        logger.debug(text())
    }

    @Test("has levels in order")
    func order() {
        #expect(ModuleLogger.Level.allCases == ModuleLogger.Level.allCases.sorted())
        #expect(ModuleLogger.Level.trace < .critical)
    }
}
