import Foundation
import Logging
import ModuleHost
import QueryLanguage
import Records
import Synchronization
import TesseraKit

/// The deployment that the fixture module is made for.
enum GreetingDeployment {
    static let facts = DeploymentFacts(name: "fixture", currency: "NOK", timeZone: "Europe/Oslo")

    static let types = [
        "greetings.card": claims("greetings", ["name": "greetings", "text": "greetings", "stamp": "custom"]),
        "contacts.person": claims("contacts", ["first_name": "contacts", "greeting": "greetings"]),
        "contacts.organisation": claims("contacts", ["name": "contacts"]),
    ]

    private static func claims(_ owner: String, _ fields: [String: String]) -> TypeClaims {
        TypeClaims(owner: owner, fields: Dictionary(uniqueKeysWithValues: fields.map { ($0, FieldClaim(owner: $1, properties: [$0])) }))
    }

    static func module(_ settings: [String: FieldValue] = ["greeting": "Hello"], library: String = "GreetingFixture") -> ModuleToLoad {
        ModuleToLoad(id: "greetings", library: library, extends: ["contacts.person"], settings: settings)
    }

    static func load(
        _ modules: ModuleToLoad..., folders: LibraryFolders = LibraryFolders(modulePath: nil), log: LogCollector = LogCollector()
    ) throws(ModuleHostError) -> LoadedModules {
        try ModuleLoader(folders: folders, logger: log.logger).load(modules, deployment: facts, types: types)
    }
}

/// Keeps what is logged.
final class LogCollector: Sendable {
    struct Entry: Sendable, Hashable {
        let level: Logger.Level
        let message: String
        let metadata: [String: String]
    }

    private let collected = Mutex<[Entry]>([])

    var entries: [Entry] { collected.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(collector: self) }
    }

    private struct Handler: LogHandler {
        let collector: LogCollector
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let entry = Entry(level: event.level, message: event.message.description, metadata: all.mapValues(\.description))
            collector.collected.withLock { $0.append(entry) }
        }
    }
}

extension Access {
    static let importer = Access(principal: GUID(high: 1, low: 2), onBehalfOf: GUID(high: 3, low: 4), channel: .importing)
}

extension HookImage {
    /// A new record with these values.
    static func new(_ values: [String: Value]) -> HookImage {
        HookImage(id: nil, isNew: true, values: values, changed: Set(values.keys))
    }
}

/// A folder of its own, gone with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "modules-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }
}
