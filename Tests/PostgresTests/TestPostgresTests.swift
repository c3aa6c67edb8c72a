import Glibc
import TestPostgres
import Testing

@Suite(.timeLimit(.minutes(2))) struct TestPostgresTests {
    @Test("gives every test a database of its own")
    func freshDatabases() async throws {
        let first = try await TestPostgres.database()
        let second = try await TestPostgres.database()
        for database in [first, second] { try await database.execute("CREATE TABLE only_here (id int)") }
        #expect(first.name != second.name)
    }

    @Test("stops a cluster and removes its folder when nobody holds it any more")
    func cleansUp() async throws {
        // The pipe to the keeper closes in the same way when the process dies.
        let folder = try await TestServer.start().folder
        try await waitWhile { access(folder, F_OK) == 0 }
    }
}
