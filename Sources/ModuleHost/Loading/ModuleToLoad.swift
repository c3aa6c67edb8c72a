package import TesseraKit

/// A module of the deployment that has a library: what its manifest and the deployment say about it.
package struct ModuleToLoad: Sendable {
    /// Id by the manifest.
    package var id: String
    /// Name of the library without `lib` and `.so`.
    package var library: String
    /// Ids of other modules' record types that the manifest extends: `contacts.person`.
    package var extends: Set<String>
    /// Names of handlers that subscriptions of the deployment name, with the subscription that does.
    package var handlers: [String: String]
    /// Settings with defaults filled in and secrets read.
    package var settings: [String: FieldValue]

    package init(
        id: String, library: String, extends: Set<String> = [], handlers: [String: String] = [:], settings: [String: FieldValue] = [:]
    ) {
        self.id = id
        self.library = library
        self.extends = extends
        self.handlers = handlers
        self.settings = settings
    }
}

/// What every module is told about the deployment.
package struct DeploymentFacts: Sendable, Hashable {
    package var name: String
    /// ISO 4217.
    package var currency: String
    /// IANA name.
    package var timeZone: String

    package init(name: String, currency: String, timeZone: String) {
        self.name = name
        self.currency = currency
        self.timeZone = timeZone
    }
}
