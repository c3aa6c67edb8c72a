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

    /// - Parameter template: what it begins as; nobody may be connected to it.
    package static func create(on server: TestServer, template: String = "template0") async throws -> TestDatabase {
        let name = "test_\(counter.add(1, ordering: .relaxed).newValue)"
        try await server.execute("CREATE DATABASE \(name) TEMPLATE \(template)")
        return TestDatabase(name: name, server: server)
    }

    /// It isn't dropped any more; its name.
    func keep() -> String {
        isDropped.store(true, ordering: .relaxed)
        return name
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
