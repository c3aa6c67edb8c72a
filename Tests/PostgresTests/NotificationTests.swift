import Postgres
import TestPostgres
import Testing

@Suite(.timeLimit(.minutes(1))) struct NotificationTests {
    private func payload(_ notification: PostgresNotification?) -> String? {
        if case .notification(let payload, _) = notification { payload } else { nil }
    }

    @Test("delivers what is sent on a channel to each of its listeners, and nothing else")
    func delivery() async throws {
        try await withClient { client, _ in
            let first = try await client.notifications(channel: "Odd \"name\"")
            let second = try await client.notifications(channel: "Odd \"name\"")
            let other = try await client.notifications(channel: "other")
            for number in 0..<100 {
                _ = try await client.pipelined("SELECT pg_notify(\(bind: "Odd \"name\""), \(bind: String(number)))")
            }
            _ = try await client.pipelined("SELECT pg_notify('other', 'x')")
            for sequence in [first, second] {
                var iterator = sequence.makeAsyncIterator()
                for number in 0..<100 { #expect(payload(try await iterator.next()) == String(number)) }
            }
            var iterator = other.makeAsyncIterator()
            #expect(payload(try await iterator.next()) == "x")
        }
    }

    @Test("listens again after the connection was cut, and says that something may be missing")
    func reconnection() async throws {
        try await withClient { client, database in
            let sequence = try await client.notifications(channel: "events")
            var iterator = sequence.makeAsyncIterator()
            for round in 0..<3 {
                _ = try await client.pipelined("SELECT pg_notify('events', \(bind: String(round)))")
                #expect(payload(try await iterator.next()) == String(round))
                try await database.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                )
                #expect(try await iterator.next() == .reconnected)
            }
        }
    }

    @Test("tries again ever less often where it is refused, and listens once it may")
    func refusal() async throws {
        try await TestPostgres.withDatabase { database in
            try await database.execute("CREATE ROLE \(database.name)_user LOGIN SUPERUSER")
            let url = database.url + (database.url.contains("?") ? "&" : "?") + "user=\(database.name)_user"
            try await withClient(of: url) { client in
                let sequence = try await client.notifications(channel: "events")
                var iterator = sequence.makeAsyncIterator()
                try await database.execute(
                    """
                    ALTER ROLE \(database.name)_user NOLOGIN;
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '\(database.name)_user'
                    """)
                // Without pauses there would be hundreds of attempts between these two.
                while client.statistics.connectionsRefused < 1 { try await Task.sleep(for: .milliseconds(1)) }
                try await Task.sleep(for: .milliseconds(500))
                #expect(client.statistics.connectionsRefused <= 5)
                try await database.execute("ALTER ROLE \(database.name)_user LOGIN")
                #expect(try await iterator.next() == .reconnected)
            }
            try await database.execute("DROP OWNED BY \(database.name)_user; DROP ROLE \(database.name)_user")
        }
    }

    @Test("ends with the task that listens, with the last listener, and with the client")
    func endings() async throws {
        try await withClient { client, _ in
            let listening = Gate()
            let task = Task {
                let sequence = try await client.notifications(channel: "a")
                listening.open()
                var iterator = sequence.makeAsyncIterator()
                return try await iterator.next() == nil
            }
            await listening.wait()
            task.cancel()
            #expect(try await task.value)
            try await waitWhile { client.statistics.openConnections > 0 }
            let sequence = try await client.notifications(channel: "b")
            await client.shutdown()
            var iterator = sequence.makeAsyncIterator()
            #expect(try await iterator.next() == nil)
            let error = await #expect(throws: PostgresError.self) { try await client.notifications(channel: "c") }
            #expect(error?.code == .closed)
        }
    }

    @Test("drops notifications nobody reads, and says so")
    func overflow() async throws {
        try await withClient { client, _ in
            let sequence = try await client.notifications(channel: "flood")
            _ = try await client.query("SELECT pg_notify('flood', n::text) FROM generate_series(1, 10000) n")
            // Sent after the flood, so it arrives after it.
            let marker = try await client.notifications(channel: "marker")
            _ = try await client.pipelined("SELECT pg_notify('marker', '')")
            var markers = marker.makeAsyncIterator()
            _ = try await markers.next()
            var iterator = sequence.makeAsyncIterator()
            #expect(try await iterator.next() == .overflowed)
            var last: String?
            while last != "10000" { last = payload(try await iterator.next()) }
        }
    }
}
