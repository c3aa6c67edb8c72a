/// What a module is told when it starts.
public struct ModuleContext: Sendable {
    /// The name in the deployment file.
    public let deploymentName: String
    /// The deployment's currency, ISO 4217: `EUR`.
    public let currency: String
    /// The deployment's time zone, a name of the IANA database: `Europe/Oslo`.
    public let timeZone: String
    /// The module's settings: those of the deployment file, else the manifest's defaults.
    public let settings: ModuleSettings
    /// Where the module writes what it wants operators to know.
    public let logger: ModuleLogger

    /// Makes a context; servers and tests do that.
    public init(deploymentName: String, currency: String, timeZone: String, settings: ModuleSettings, logger: ModuleLogger) {
        self.deploymentName = deploymentName
        self.currency = currency
        self.timeZone = timeZone
        self.settings = settings
        self.logger = logger
    }
}
