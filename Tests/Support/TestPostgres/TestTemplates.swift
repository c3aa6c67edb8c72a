/// Databases that are made once, and that others begin as copies of: many tests want the same tables.
actor TestTemplates {
    private var made: [String: Task<String, any Error>] = [:]

    /// The name of the template under a key; the first who asks for it makes it.
    func name(_ key: String, on server: TestServer, make: @escaping @Sendable (TestDatabase) async throws -> Void) async throws -> String {
        let task =
            made[key]
            ?? Task {
                // It stays until the cluster goes.
                let database = try await TestDatabase.create(on: server)
                try await make(database)
                return database.keep()
            }
        made[key] = task
        return try await task.value
    }
}
