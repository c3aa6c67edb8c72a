import Contacts
import TesseraKit
import Testing

/// The module as a server starts it, and its hooks as a server calls them.
struct ContactsFixture {
    let registry: ModuleRegistry

    init(defaultRegion: String = "US") throws {
        let context = ModuleContext(
            deploymentName: "test", currency: "USD", timeZone: "UTC",
            settings: ModuleSettings(["default_region": .text(defaultRegion)]),
            logger: ModuleLogger(level: .error) { _, message, _ in Issue.record("The module logged: \(message)") })
        var registry = ModuleRegistry(moduleID: ContactsModule.moduleID)
        try ContactsModule(context: context).register(into: &registry)
        self.registry = registry
    }

    /// What the hooks of a type add to one new record.
    func patch(_ type: String, _ fields: [String: FieldValue]) async throws -> [String: FieldValue] {
        let hook = try #require(registry.beforeWriteHooks.first { $0.recordType == type })
        let image = RecordImage(position: 3, id: nil, operation: .create, fields: fields, changed: Set(fields.keys))
        #expect(Set(fields.keys).isSubset(of: hook.reads))
        let call = WriteCall(recordType: type, actor: Guid(high: 0, low: 1), channel: "api")
        let patches = try await hook.handler([image], call)
        #expect(patches.count <= 1)
        guard let patch = patches.first else { return [:] }
        #expect(patch.position == 3)
        #expect(patch.problems.isEmpty)
        #expect(Set(patch.values.keys).isSubset(of: hook.writes))
        return patch.values
    }

    func phone(_ text: String, region: String? = nil, wantsDisplay: Bool = false) throws -> NormalizedPhone {
        let normalize = try #require(registry.phoneNormalizer)
        let result = try normalize([PhoneText(text, region: region, wantsDisplay: wantsDisplay)])
        try #require(result.count == 1)
        return result[0]
    }
}
