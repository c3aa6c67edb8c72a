import CLibPQ
import Logging

/// Opening, losing and closing connections.
extension ClientCore {
    func connect(_ role: ConnectionRole) {
        // A repeated attempt comes while the token of the failed one has been forgotten already.
        let token = newToken(for: role)
        if gate.request(token, now: now) { startConnecting(token) }
    }

    func startHeldConnections() {
        while let token = gate.next(now: now) {
            if roles[token] != nil { startConnecting(token) } else { gate.withdraw(token) }
        }
    }

    private func startConnecting(_ token: Int) {
        Connector.open(configuration) { [self] result in submit(.connected(token, result)) }
    }

    func connected(_ token: Int, _ result: Result<OpenConnection, Connector.Refusal>) {
        now = ContinuousClock.now
        switch result {
        case .success(let connection):
            report(gate.succeeded(token, now: now), nil)
            lastRefusal = nil
            adopt(connection, token)
            startHeldConnections()
        case .failure(let refusal):
            lastRefusal = refusal.error
            guard let role = roles[token] else {
                gate.withdraw(token)
                return
            }
            if refusal.isPermanent {
                counters.connectionsRefused += 1
                gate.withdraw(token)
            } else {
                report(gate.failed(token, now: now), refusal.error)
            }
            forgetToken(token)
            attemptFailed(role, isPermanent: refusal.isPermanent)
        }
    }

    private func adopt(_ connection: OpenConnection, _ token: Int) {
        guard let role = roles[token] else {
            ConnectionDriver.discard(connection)
            return
        }
        var isShared = false
        if case .lane = role { isShared = true }
        let driver = ConnectionDriver(
            id: token, role: role, connection, ownership: isShared ? .shared : .owned, statementLimit: options.preparedStatementLimit,
            delegate: self
        )
        driver.openedAt = now
        drivers[token] = driver
        counters.connectionsOpened += 1
        reactor.watch(driver.socket, token: token, readable: true, writable: false)
        switch role {
        case .pool(let id):
            pool.connected(id, now: now)
            runPool()
        case .lane(let lane):
            laneDrivers[lane] = driver
            let sent = boundLockWaits(on: driver)
            // It may have broken at once, and another be on its way.
            guard laneDrivers[lane] === driver else { return }
            pipeline.connected(lane, inFlight: sent, now: now)
            runPipeline()
        case .listener: listenerConnected(driver)
        }
    }

    /// A shared connection waits for locks but a moment: who is behind must not wait along. Gives how many statements were sent.
    private func boundLockWaits(on driver: ConnectionDriver) -> Int {
        let operation = Operation("SET lock_timeout = \(raw: String(Int(options.sharedLockWait / .milliseconds(1))))", route: .pipeline)
        guard operation.accept() else { return 0 }
        driver.submit(operation)
        return 1
    }

    private func attemptFailed(_ role: ConnectionRole, isPermanent: Bool) {
        switch role {
        case .pool(let id):
            if isPermanent { pool.connectRefused(id) } else { pool.connectFailed(id, now: now) }
            runPool()
        case .lane(let lane):
            if isPermanent { pipeline.connectRefused(lane, now: now) } else { pipeline.connectFailed(lane, now: now) }
            runPipeline()
        case .listener: listenerFailed(isPermanent: isPermanent)
        }
    }

    func close(_ role: ConnectionRole) {
        guard let token = tokens[RoleKey(role)] else { return }
        gate.withdraw(token)
        if let driver = drivers[token] {
            reactor.unwatch(driver.socket)
            driver.close()
        }
        forgetToken(token)
    }

    /// Asks an idle connection for a sign of life.
    func check(_ driver: ConnectionDriver) {
        driver.answerDeadline = now + options.answerTimeout
        awaitsSigns = true
        let operation = Operation("SELECT 1", route: .pipeline)
        guard operation.accept() else { return }
        driver.submit(operation)
    }

    /// Closes connections that owe an answer for too long. Gives the next time to look.
    func giveUpSilentConnections() -> ContinuousClock.Instant? {
        guard awaitsSigns else { return nil }
        var next: ContinuousClock.Instant?
        for driver in drivers.values {
            if let moment = driver.repeatCancelAt, moment <= now {
                driver.repeatCancelAt = nil
                driver.repeatCancel()
            }
            if let deadline = driver.answerDeadline, deadline <= now {
                driver.fail(PostgresError(.connectionLost, "The server did not answer within \(options.answerTimeout)."))
                continue
            }
            for moment in [driver.repeatCancelAt, driver.answerDeadline] {
                if let moment { next = next.map { min($0, moment) } ?? moment }
            }
        }
        awaitsSigns = next != nil
        return next
    }

    /// A connection that refuses writes may lead to a server that isn't the primary any more: another one may lead to it. One that was just opened
    /// is kept, since others would be no better.
    private func isToBeReplaced(_ driver: ConnectionDriver) -> Bool {
        guard driver.refusedWrite else { return false }
        driver.refusedWrite = false
        if nextReadOnlyReport.map({ $0 <= now }) ?? true {
            nextReadOnlyReport = now + .seconds(60)
            logger.warning(
                "PostgreSQL takes no writes: it is a standby, or set to read only.", metadata: ["database": "\(configuration)"])
        }
        return driver.openedAt.map { $0 + options.replacementAge <= now } ?? true
    }

    /// One line per outage, and one when it is over.
    func report(_ report: ConnectGate.Report, _ error: PostgresError?) {
        switch report {
        case .none: break
        case .began:
            let reason = error.map { "\($0)" } ?? "the connection was lost"
            logger.warning(
                "PostgreSQL is away; trying again until it is back.", metadata: ["database": "\(configuration)", "reason": "\(reason)"])
        case .ended(let duration):
            logger.notice("PostgreSQL is back.", metadata: ["database": "\(configuration)", "after": "\(duration)"])
        }
    }
}

extension ClientCore: ConnectionDriverDelegate {
    func prepared(on driver: ConnectionDriver) { counters.prepared += 1 }

    func finishedStatement(on driver: ConnectionDriver, _ operation: Operation) {
        counters.statements += 1
        report(gate.answered(now: now), nil)
        switch driver.role {
        case .lane(let lane):
            pipeline.finished(on: lane, now: now)
            if isToBeReplaced(driver) { pipeline.retire(lane, now: now) }
            runPipeline()
        case .pool(let id):
            // Does nothing unless it was a health check.
            pool.checked(id, now: now)
            runPool()
        case .listener: break
        }
    }

    func becameQuiet(_ driver: ConnectionDriver) {
        guard case .pool(let id) = driver.role else { return }
        if isToBeReplaced(driver) { pool.retire(id, now: now) } else { pool.release(id, now: now) }
        runPool()
    }

    func lost(_ driver: ConnectionDriver, _ error: PostgresError) {
        reactor.unwatch(driver.socket)
        let role = driver.role
        forgetToken(driver.id)
        guard !isClosing || error.code != .closed else { return }
        counters.connectionsLost += 1
        report(gate.lost(now: now), error)
        switch role {
        case .pool(let id):
            pool.lost(id, now: now)
            runPool()
        case .lane(let lane):
            pipeline.lost(lane, now: now)
            runPipeline()
        case .listener: listenerLost()
        }
    }

    func received(notification payload: String, channel: String, processID: Int32) {
        listeners.deliver(.notification(payload: payload, processID: processID), on: channel)
    }

    func watch(_ driver: ConnectionDriver, readable: Bool, writable: Bool) {
        reactor.change(driver.socket, token: driver.id, readable: readable, writable: writable)
    }

    func wantsCancelRepeated(_ driver: ConnectionDriver) {
        driver.repeatCancelAt = now + .milliseconds(50)
        awaitsSigns = true
    }

    func sendCancel(for driver: ConnectionDriver, _ cancel: CancelHandle) {
        counters.cancelsSent += 1
        // Repetitions don't prolong the time the server has.
        driver.answerDeadline = driver.answerDeadline ?? now + options.answerTimeout
        awaitsSigns = true
        let token = driver.id
        do {
            try DetachedThread.start { [self] in
                cancel.send()
                submit(.cancelEnded(token))
            }
        } catch {
            // Without a thread there is no cancel; the statement runs to its end.
            driver.answerDeadline = nil
            driver.cancelEnded()
        }
    }
}
