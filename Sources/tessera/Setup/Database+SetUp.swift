import SchemaPlan

extension Database {
    /// How long a first apply, or the server that is about to begin one, is waited for.
    private static let setUpTimeout = Duration.seconds(60)
    private static let setUpGrace = Duration.seconds(10)

    /// Waits while somebody else sets the database up for the first time, so that a command that was typed in that moment doesn't find half of it. What
    /// is missing afterwards is the command's to tell.
    func waitForSetUp() async throws {
        // Another Tessera runs this cluster: it is about to set up what isn't, if it is a server.
        let isBesideAServer = cluster == nil && Self.namedURL == nil
        let clock = ContinuousClock()
        let begin = clock.now
        var nextWord = Duration.seconds(1)
        let line = WaitingLine()
        defer { line.end() }
        while true {
            let limit: Duration
            switch try await SetUpState.of(client) {
            case .done: return
            case .underWay: limit = Self.setUpTimeout
            case .notBegun: limit = isBesideAServer ? Self.setUpGrace : .zero
            }
            let waited = begin.duration(to: clock.now)
            guard waited < limit else { return }
            if waited >= nextWord {
                line.show("the database is being set up", waited)
                nextWord += .seconds(1)
            }
            try await clock.sleep(for: .milliseconds(50))
        }
    }
}
