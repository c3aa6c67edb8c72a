/// Gives tests a real PostgreSQL: one private cluster per test process, one database per test.
package enum TestPostgres {
    private static let slots = TestSlots(8)
    private static let templates = TestTemplates()
    private static let sharedServer = Task { try await TestServer.start() }

    /// The cluster of this process, started on first use and gone when the process ends, however it ends.
    package static func shared() async throws -> TestServer {
        try await sharedServer.value
    }

    /// An empty database of the shared cluster. It is dropped when the value goes away.
    package static func database() async throws -> TestDatabase {
        try await TestDatabase.create(on: shared())
    }

    /// Runs `body` with an empty database and drops it afterwards.
    package static func withDatabase<R: Sendable>(_ body: (TestDatabase) async throws -> R) async throws -> R {
        try await withCopy(of: { "template0" }, body)
    }

    /// Runs `body` with a copy of a database that `prepare` has filled, and drops it afterwards.
    ///
    /// - Parameter key: stands for what `prepare` does, which is done once in this process.
    package static func withDatabase<R: Sendable>(
        like key: String, prepare: @escaping @Sendable (TestDatabase) async throws -> Void, _ body: (TestDatabase) async throws -> R
    ) async throws -> R {
        try await withCopy(of: { try await templates.name(key, on: shared(), make: prepare) }, body)
    }

    private static func withCopy<R: Sendable>(of template: () async throws -> String, _ body: (TestDatabase) async throws -> R) async throws
        -> R
    {
        await slots.take()
        let result: Result<R, any Error>
        do {
            let database = try await TestDatabase.create(on: shared(), template: template())
            do { result = .success(try await body(database)) } catch { result = .failure(error) }
            await database.drop()
        } catch {
            result = .failure(error)
        }
        await slots.give()
        return try result.get()
    }
}

package struct TestPostgresError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
