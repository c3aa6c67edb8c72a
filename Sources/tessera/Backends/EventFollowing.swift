/// Asks for what came, again and again.
enum EventFollowing {
    /// Events that are asked for at once.
    static let page = 500
    private static let pause: Duration = .milliseconds(500)

    /// - Parameter look: reads from a position on; from which one to go on.
    static func run(from position: Int64, _ look: (Int64) async throws -> Int64) async throws {
        var place = position
        while true {
            let next = try await look(place)
            if next == place { try await Task.sleep(for: pause) }
            place = next
        }
    }
}
