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
        } else if tokens[RoleKey(.listener)] == nil {
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
        for channel in listeners.channels { listen(to: channel, on: driver) }
    }

    func listenerLost() {
        listeners.connectionLost()
        if !listeners.isEmpty, !isClosing { connect(.listener) }
    }

    func listenerFailed(isPermanent: Bool) {
        if isPermanent { listeners.failPending(lastRefusal ?? PostgresError(.connection, "The connection was refused.")) }
        if !listeners.isEmpty, !isClosing { connect(.listener) }
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
