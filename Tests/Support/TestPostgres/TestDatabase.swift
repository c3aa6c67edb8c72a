import Synchronization

/// A database of its own for one test.
package final class TestDatabase: Sendable {
    package let name: String
    package let server: TestServer
    private let isDropped = Atomic(false)

    private static let counter = Atomic(0)

    private init(name: String, server: TestServer) {
        self.name = name
        self.server = server
    }

    package static func create(on server: TestServer) async throws -> TestDatabase {
        let name = "test_\(counter.add(1, ordering: .relaxed).newValue)"
        try await server.execute("CREATE DATABASE \(name) TEMPLATE template0")
        return TestDatabase(name: name, server: server)
    }

    package var url: String { server.url(database: name) }

    /// Runs a script outside of the client under test.
    package func execute(_ script: String) async throws {
        try await server.execute(script, database: name)
    }

    package func drop() async {
        guard !isDropped.exchange(true, ordering: .relaxed) else { return }
        // The whole cluster goes at the end, so a failure here costs disk for a while and nothing else.
        try? await server.execute("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }

    deinit {
        guard !isDropped.load(ordering: .relaxed) else { return }
        let (name, server) = (name, server)
        Task { try? await server.execute("DROP DATABASE IF EXISTS \(name) WITH (FORCE)") }
    }
}
