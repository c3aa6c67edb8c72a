import Testing

@testable import Postgres

/// Transcripts of what a connection hears and does. Requests are numbers; there is no server.
@Suite struct ConnectionMachineTests {
    private typealias Machine = ConnectionMachine<Int>

    private func statement(_ text: String, begin: String? = nil) -> Machine.Kind {
        .statement(StatementKey(text: text), begin: begin.map { StatementKey(text: $0) })
    }

    private func new(_ name: String) -> Machine.Command { Machine.Command(name: name, needsPrepare: true) }
    private func known(_ name: String) -> Machine.Command { Machine.Command(name: name, needsPrepare: false) }

    /// A statement that goes well, from its first result to its Sync.
    private func answer(_ machine: inout Machine, commands: Int, _ status: Machine.TransactionStatus = .idle) -> Machine.Reaction {
        for command in 1...commands {
            #expect(machine.received(.succeeded) == (command == commands ? .keep : .discard))
            #expect(machine.received(.endOfCommand) == .none)
        }
        return machine.received(.sync(status))
    }

    @Test("prepares a statement once and pipelines what follows")
    func pipelining() {
        var machine = Machine(ownership: .shared, statementLimit: 10)
        #expect(machine.submit(1, statement("a")) == .send(begin: nil, statement: new("t1")))
        #expect(machine.submit(2, statement("a")) == .send(begin: nil, statement: known("t1")))
        #expect(machine.submit(3, statement("b")) == .send(begin: nil, statement: new("t2")))
        #expect(machine.inFlight == 3)
        #expect(answer(&machine, commands: 2) == .finished(1, succeeded: true, wasCancelled: false))
        #expect(answer(&machine, commands: 1) == .finished(2, succeeded: true, wasCancelled: false))
        #expect(answer(&machine, commands: 2) == .finished(3, succeeded: true, wasCancelled: false))
        #expect(machine.isQuiet)
    }

    @Test("keeps a failure to its own statement")
    func failure() {
        var machine = Machine(ownership: .shared, statementLimit: 10)
        _ = machine.submit(1, statement("a"))
        _ = machine.submit(2, statement("b"))
        #expect(machine.received(.failed(.server)) == .keep)
        #expect(machine.received(.endOfCommand) == .none)
        #expect(machine.received(.skipped) == .discard)
        #expect(machine.received(.endOfCommand) == .none)
        #expect(machine.received(.sync(.idle)) == .finished(1, succeeded: false, wasCancelled: false))
        #expect(answer(&machine, commands: 2) == .finished(2, succeeded: true, wasCancelled: false))
        // A statement that couldn't be prepared is prepared again.
        #expect(machine.submit(3, statement("a")) == .send(begin: nil, statement: new("t3")))
    }

    @Test("takes an error at the commit as the statement's")
    func errorAtSync() {
        var machine = Machine(ownership: .shared, statementLimit: 10)
        _ = machine.submit(1, statement("a"))
        #expect(machine.received(.succeeded) == .discard)
        #expect(machine.received(.endOfCommand) == .none)
        #expect(machine.received(.succeeded) == .keep)
        #expect(machine.received(.endOfCommand) == .none)
        #expect(machine.received(.failed(.server)) == .keep)
        #expect(machine.received(.endOfCommand) == .none)
        #expect(machine.received(.sync(.idle)) == .finished(1, succeeded: false, wasCancelled: false))
    }

    @Test("sends a statement whose plan has become stale once more, outside of a transaction")
    func stalePlan() {
        var machine = Machine(ownership: .shared, statementLimit: 10)
        _ = machine.submit(1, statement("a"))
        _ = answer(&machine, commands: 2)
        _ = machine.submit(2, statement("a"))
        #expect(machine.received(.failed(.stalePlan)) == .keep)
        #expect(machine.received(.endOfCommand) == .none)
        #expect(machine.received(.sync(.idle)) == .sendAgain(2))
        #expect(machine.submit(2, statement("a"), isSecondAttempt: true) == .send(begin: nil, statement: new("t2")))
        #expect(machine.nextDiscarded() == "t1")
        #expect(machine.received(.succeeded) == .discard)
        #expect(machine.received(.endOfCommand) == .none)
        #expect(machine.received(.failed(.stalePlan)) == .keep)
        #expect(machine.received(.endOfCommand) == .none)
        #expect(machine.received(.sync(.idle)) == .finished(2, succeeded: false, wasCancelled: false))
    }

    @Test("reports a stale plan within a transaction, and prepares anew the next time")
    func stalePlanInTransaction() {
        var machine = Machine(ownership: .owned, statementLimit: 10)
        _ = machine.submit(1, statement("a"))
        _ = answer(&machine, commands: 2)
        #expect(machine.submit(2, statement("a", begin: "BEGIN")) == .send(begin: new("t2"), statement: known("t1")))
        #expect(machine.received(.succeeded) == .discard)
        #expect(machine.received(.endOfCommand) == .none)
        #expect(machine.received(.succeeded) == .discard)
        #expect(machine.received(.endOfCommand) == .none)
        #expect(machine.received(.failed(.stalePlan)) == .keep)
        #expect(machine.received(.endOfCommand) == .none)
        #expect(machine.received(.sync(.failed)) == .finished(2, succeeded: false, wasCancelled: false))
        // The old name can't be given back while the transaction has failed.
        #expect(machine.nextDiscarded() == nil)
        #expect(machine.submit(3, statement("ROLLBACK")) == .send(begin: nil, statement: new("t3")))
        _ = answer(&machine, commands: 2)
        #expect(machine.nextDiscarded() == "t1")
        #expect(machine.submit(4, statement("a", begin: "BEGIN")) == .send(begin: known("t2"), statement: new("t4")))
    }

    @Test("drops the answer to a cancelled caller of a shared connection")
    func cancelShared() {
        var machine = Machine(ownership: .shared, statementLimit: 10)
        _ = machine.submit(1, statement("a"))
        _ = machine.submit(2, statement("a"))
        #expect(machine.cancel(2) == .dropAnswer)
        #expect(machine.cancel(7) == .none)
        _ = answer(&machine, commands: 2)
        #expect(answer(&machine, commands: 1) == .finished(2, succeeded: true, wasCancelled: true))
    }

    @Test("asks the server to cancel only what it is working on, and lets nothing follow that the cancel could hit")
    func cancelOwned() {
        var machine = Machine(ownership: .owned, statementLimit: 10)
        _ = machine.submit(1, statement("a"))
        _ = machine.submit(2, statement("b"))
        #expect(machine.cancel(2) == .none)
        #expect(answer(&machine, commands: 2) == .finished(1, succeeded: true, wasCancelled: false))
        #expect(machine.startCancelOfHead() == true)
        #expect(machine.cancel(2) == .none)
        #expect(machine.submit(3, statement("a")) == .wait)
        #expect(machine.received(.failed(.server)) == .keep)
        #expect(machine.received(.endOfCommand) == .none)
        #expect(machine.received(.skipped) == .discard)
        #expect(machine.received(.endOfCommand) == .none)
        #expect(machine.received(.sync(.idle)) == .finished(2, succeeded: false, wasCancelled: true))
        #expect(machine.nextWaiting() == nil)
        #expect(!machine.isQuiet)
        machine.cancelEnded()
        let next = machine.nextWaiting()
        #expect(next?.0 == 3)
        #expect(next?.1 == .send(begin: nil, statement: known("t1")))
    }

    @Test("repeats a cancel that had no effect, and holds back what it could hit in the meantime")
    func cancelRepeated() {
        var machine = Machine(ownership: .owned, statementLimit: 10)
        _ = machine.submit(1, statement("a"))
        #expect(machine.cancel(1) == .askServer)
        #expect(!machine.shouldRepeatCancel)
        machine.cancelEnded()
        #expect(machine.shouldRepeatCancel)
        #expect(machine.submit(2, statement("b")) == .wait)
        #expect(machine.startCancelOfHead() == true)
        machine.cancelEnded()
        #expect(answer(&machine, commands: 2) == .finished(1, succeeded: true, wasCancelled: true))
        #expect(!machine.shouldRepeatCancel)
        #expect(machine.nextWaiting()?.0 == 2)
    }

    @Test("gives scripts and COPY the connection for themselves")
    func alone() {
        var machine = Machine(ownership: .owned, statementLimit: 10)
        _ = machine.submit(1, statement("a"))
        #expect(machine.submit(2, .script) == .wait)
        #expect(machine.submit(3, statement("a")) == .wait)
        #expect(machine.nextWaiting() == nil)
        _ = answer(&machine, commands: 2)
        let script = machine.nextWaiting()
        #expect(script?.0 == 2)
        #expect(script?.1 == .sendAlone(.script))
        #expect(!machine.isInPipelineMode)
        #expect(machine.nextWaiting() == nil)
        #expect(machine.received(.succeeded) == .keep)
        #expect(machine.received(.succeeded) == .keep)
        #expect(machine.aloneEnded(.idle) == .finished(2, succeeded: true, wasCancelled: false))
        let following = machine.nextWaiting()
        #expect(following?.0 == 3)
        #expect(following?.1 == .send(begin: nil, statement: known("t1")))
    }

    @Test("refuses statements in the middle of a COPY, and ends it instead of cancelling it")
    func copyIn() {
        var machine = Machine(ownership: .owned, statementLimit: 10)
        #expect(machine.submit(1, .copyIn) == .sendAlone(.copyIn))
        #expect(machine.received(.copyInStarted) == .copyOpened(1))
        #expect(machine.submit(2, statement("a")) == .reject(.busyWithCopy))
        #expect(machine.cancel(1) == .endCopyIn)
        machine.copyDataEnded()
        #expect(machine.received(.failed(.server)) == .keep)
        #expect(machine.aloneEnded(.idle) == .finished(1, succeeded: false, wasCancelled: true))
        #expect(machine.submit(2, statement("a")) == .send(begin: nil, statement: new("t1")))
    }

    @Test("tells those without an answer whether their statement had been sent")
    func loss() {
        var machine = Machine(ownership: .owned, statementLimit: 10)
        _ = machine.submit(1, statement("a"))
        _ = machine.submit(2, .script)
        let left = machine.close()
        #expect(left.map(\.request) == [1, 2])
        #expect(left.map(\.wasSent) == [true, false])
        #expect(machine.submit(3, statement("a")) == .reject(.closed))
        #expect(machine.nextWaiting() == nil)
        #expect(machine.nextDiscarded() == nil)
    }

    @Test("takes what can't come for a broken connection")
    func unexpected() {
        var machine = Machine(ownership: .owned, statementLimit: 10)
        #expect(machine.received(.succeeded) == .unexpected)
        #expect(machine.received(.sync(.idle)) == .unexpected)
        _ = machine.submit(1, statement("a"))
        #expect(machine.received(.copyInStarted) == .unexpected)
        var other = Machine(ownership: .owned, statementLimit: 10)
        _ = other.submit(1, .copyOut)
        #expect(other.received(.copyInStarted) == .unexpected)
        #expect(machine.aloneEnded(.idle) == .unexpected)
    }
}
