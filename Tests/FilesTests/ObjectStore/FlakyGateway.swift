import Foundation
import Testing

/// A gateway before an object store that fails as stores do: see flaky-gateway.py.
struct FlakyGateway: Sendable {
    let port: Int

    /// - Parameter plan: what becomes of each request, in their order.
    /// - Returns: what `body` gives, and the requests that came: what was done, the method, and the path with its query.
    static func with<R: Sendable>(
        _ plan: [String], before store: ObjectStore, _ body: @Sendable (FlakyGateway) async throws -> R
    ) async throws -> (result: R, requests: [String]) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [
            URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/flaky-gateway.py", String(store.port),
        ]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var isOpen = true
        func end() {
            guard isOpen else { return }
            isOpen = false
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
        }
        defer { end() }
        try input.fileHandleForWriting.write(contentsOf: Data((plan.joined(separator: " ") + "\n").utf8))
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let port = try #require(line.split(separator: "\n").first?.split(separator: " ").last.flatMap { Int($0) }, "\(line)")
        let result = try await body(FlakyGateway(port: port))
        end()
        let log = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return (result, log.split(separator: "\n").map(String.init))
    }
}
