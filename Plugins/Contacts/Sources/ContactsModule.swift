package import TesseraKit

/// Contacts: fills in what people leave out or write in many ways, so that every module finds a person by mail or phone.
package struct ContactsModule: TesseraModule {
    package static let moduleID = "contacts"

    private let phones: PhoneNumbers

    package init(context: ModuleContext) throws {
        phones = try PhoneNumbers(defaultRegion: context.settings.text("default_region"))
    }

    package func register(into registry: inout ModuleRegistry) throws {
        PersonHook.register(into: &registry)
        OrganisationHook.register(into: &registry)
        registry.normalizePhones { [phones] numbers in
            try numbers.map { try phones.normalized($0) }
        }
    }
}
