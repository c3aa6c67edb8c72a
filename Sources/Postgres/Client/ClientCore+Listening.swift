/// The one connection that listens, for all channels together.
extension ClientCore {
    func subscribe(_ subscription: Subscription) {
        guard !isClosing else {
            subscription.fail(PostgresError.closed())
            return
        }
        guard listeners.add(subscription) else { return }
        if let driver = driver(of: .listener) {
            listen(to: subscription.channel, on: driver)
        } else if tokens[RoleKey(.listener)] == nil, listenerPause == nil {
            connect(.listener)
        }
    }

    func unsubscribe(_ subscription: Subscription) {
        guard listeners.remove(subscription) else { return }
        if listeners.isEmpty {
            close(.listener)
            listeners.connectionLost()
        } else if let driver = driver(of: .listener) {
            run("UNLISTEN \(identifier: subscription.channel)", on: driver) { _ in }
        }
    }

    func listenerConnected(_ driver: ConnectionDriver) {
        listenerRefusals = 0
        for channel in listeners.channels { listen(to: channel, on: driver) }
    }

    func listenerLost() {
        listeners.connectionLost()
        if !listeners.isEmpty, !isClosing { connect(.listener) }
    }

    func listenerFailed(isPermanent: Bool) {
        guard isPermanent else {
            if !listeners.isEmpty, !isClosing { connect(.listener) }
            return
        }
        // Who has no right to connect may get it: the next attempt comes after a pause that grows.
        listeners.failPending(lastRefusal ?? PostgresError(.connection, "The connection was refused."))
        listenerRefusals += 1
        listenerPause = now + min(options.maxReconnectDelay, .milliseconds(50) * (1 << min(listenerRefusals, 10)))
    }

    /// Tries again after a refusal. Gives the next time to look.
    func resumeListening() -> ContinuousClock.Instant? {
        guard let pause = listenerPause else { return nil }
        guard pause <= now else { return pause }
        listenerPause = nil
        if !listeners.isEmpty, !isClosing { connect(.listener) }
        return nil
    }

    func closeListener() {
        listeners.endAll()
        close(.listener)
    }

    private func listen(to channel: String, on driver: ConnectionDriver) {
        listeners.ask(channel)
        run("LISTEN \(identifier: channel)", on: driver) { [self] result in
            // The callback comes on the reactor's thread, like everything a driver does.
            switch result {
            case .success: listeners.confirm(channel)
            case .failure(let error as PostgresError) where error.code == .server: listeners.fail(channel, error)
            case .failure: break
            }
        }
    }

    private func run(_ sql: SQL, on driver: ConnectionDriver, _ completion: @escaping @Sendable (Result<PostgresResult, any Error>) -> Void)
    {
        let operation = Operation(sql, route: .pipeline)
        operation.completion = .callback(completion)
        if operation.accept() { driver.submit(operation) }
    }
}
