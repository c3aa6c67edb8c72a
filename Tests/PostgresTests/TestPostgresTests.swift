import TestPostgres
import Testing

@Suite struct TestPostgresTests {
    @Test("gives every test a database of its own")
    func freshDatabases() async throws {
        let first = try await TestPostgres.database()
        let second = try await TestPostgres.database()
        #expect(first.name != second.name)
        try await first.execute("CREATE TABLE only_here (id int)")
        try await second.execute("CREATE TABLE only_here (id int)")
    }
}
