import Logging

/// Loggers of the command line: a server says what it does, a command only what goes wrong and doesn't end it.
enum CommandLog {
    static let quiet = logger(level: .error)
    static let server = logger(level: .info)

    private static func logger(level: Logger.Level) -> Logger {
        var logger = Logger(label: "tessera") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }
}
