/// Where a module writes what operators should know. Personal data and secrets don't belong there.
///
/// ```swift
/// context.logger.notice("Template reloaded", ["template": name])
/// ```
public struct ModuleLogger: Sendable {
    /// How much an entry matters.
    public enum Level: String, Sendable, Codable, Comparable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical

        public static func < (left: Level, right: Level) -> Bool {
            left.rank < right.rank
        }

        private var rank: Int {
            Level.allCases.firstIndex(of: self) ?? 0
        }
    }

    /// Takes an entry that passed the level.
    public typealias Sink = @Sendable (_ level: Level, _ message: String, _ metadata: [String: String]) -> Void

    /// Entries below are dropped, and their texts never made.
    public let level: Level
    private let sink: Sink

    /// Makes a logger; servers and tests do that.
    public init(level: Level, sink: @escaping Sink) {
        self.level = level
        self.sink = sink
    }

    /// Writes one entry.
    public func log(_ level: Level, _ message: @autoclosure () -> String, _ metadata: @autoclosure () -> [String: String] = [:]) {
        guard level >= self.level else { return }
        sink(level, message(), metadata())
    }

    /// What helps to follow one call.
    public func debug(_ message: @autoclosure () -> String, _ metadata: @autoclosure () -> [String: String] = [:]) {
        log(.debug, message(), metadata())
    }

    /// What is normal and worth knowing.
    public func info(_ message: @autoclosure () -> String, _ metadata: @autoclosure () -> [String: String] = [:]) {
        log(.info, message(), metadata())
    }

    /// What is normal and rare.
    public func notice(_ message: @autoclosure () -> String, _ metadata: @autoclosure () -> [String: String] = [:]) {
        log(.notice, message(), metadata())
    }

    /// What somebody should look at.
    public func warning(_ message: @autoclosure () -> String, _ metadata: @autoclosure () -> [String: String] = [:]) {
        log(.warning, message(), metadata())
    }

    /// What didn't work.
    public func error(_ message: @autoclosure () -> String, _ metadata: @autoclosure () -> [String: String] = [:]) {
        log(.error, message(), metadata())
    }
}
