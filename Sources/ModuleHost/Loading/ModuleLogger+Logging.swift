import Logging
import TesseraKit

extension ModuleLogger {
    /// The server's log, with the module's id at each entry.
    init(_ logger: Logger, module: String) {
        var named = logger
        named[metadataKey: "module"] = "\(module)"
        self.init(level: Level(named.logLevel)) { [named] level, message, metadata in
            named.log(level: Logger.Level(level), "\(message)", metadata: metadata.mapValues { "\($0)" })
        }
    }
}

extension ModuleLogger.Level {
    fileprivate init(_ level: Logger.Level) {
        self = Self(rawValue: level.rawValue) ?? .info
    }
}

extension Logger.Level {
    fileprivate init(_ level: ModuleLogger.Level) {
        self = Self(rawValue: level.rawValue) ?? .info
    }
}
