import TesseraKit
import Testing

@Suite("Settings of a module")
struct ModuleSettingsTests {
    let settings = ModuleSettings([
        "name": "n", "count": 3, "on": true, "rate": .decimal(ExactDecimal("0.25")!), "wait": .duration(TimeSpan(microseconds: 5)),
        "tags": ["a", "b"], "mixed": ["a", 1], "empty": nil,
    ])

    @Test("are found by key and kind")
    func found() throws {
        #expect(try settings.text("name") == "n")
        #expect(try settings.integer("count", default: 9) == 3)
        #expect(try settings.boolean("on") == true)
        #expect(try settings.decimal("rate").description == "0.25")
        #expect(try settings.decimal("count").description == "3")
        #expect(try settings.duration("wait").microseconds == 5)
        #expect(try settings.texts("tags") == ["a", "b"])
        #expect(settings["count"] == 3)
        #expect(settings["missing"] == .null)
    }

    @Test("have the caller's default where there is no value", arguments: ["missing", "empty"])
    func fallback(key: String) throws {
        #expect(try settings.text(key, default: "d") == "d")
        #expect(try settings.integer(key, default: 1) == 1)
        #expect(try settings.texts(key, default: []) == [])
    }

    @Test("are an error without value and default", arguments: ["missing", "empty"])
    func missing(key: String) {
        let error = #expect(throws: ModuleError.self) { try settings.text(key) }
        #expect(error?.code == .settingMissing)
        #expect(error?.message.contains("'\(key)'") == true)
    }

    @Test("are an error of another kind, default or not")
    func wrongKind() {
        let error = #expect(throws: ModuleError.self) { try settings.integer("name", default: 1) }
        #expect(
            error?.description == "module.setting_kind: The setting 'name' is of kind text, not integer. Declare it so in the manifest.")
        #expect(throws: ModuleError.self) { try settings.texts("mixed") }
        #expect(throws: ModuleError.self) { try settings.boolean("count") }
        #expect(throws: ModuleError.self) { try settings.duration("count") }
    }
}
