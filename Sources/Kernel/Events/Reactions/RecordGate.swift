import Postgres
package import Records

/// Lets one call at a time through to a transaction's records, and none after it is closed: a handler that outlives its deadline writes nothing more.
package actor RecordGate {
    private let store: RecordStore
    private var isClosed = false
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// Why the whole transaction has to be given up, whatever the handler made of it.
    private(set) var fault: (any Error)?

    init(_ store: RecordStore) { self.store = store }

    package func perform<R: Sendable>(_ body: @Sendable (RecordStore) async throws -> R) async throws -> R {
        await enter()
        defer { leave() }
        guard !isClosed else {
            throw EventsError(.ended, "The handler's time is over: its transaction has ended, and nothing more is written in it.")
        }
        do {
            return try await body(store)
        } catch {
            if Self.spoilsTransaction(error) { fault = fault ?? error }
            throw error
        }
    }

    /// Waits for the call that is under way.
    func close() async {
        isClosed = true
        await enter()
        leave()
    }

    /// The database went away, or has to run the transaction again: no fault of the event's.
    private static func spoilsTransaction(_ error: any Error) -> Bool {
        switch error {
        case is PostgresError: true
        case let error as RecordsError: error.code == .unavailable
        default: false
        }
    }

    private func enter() async {
        guard isBusy else {
            isBusy = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
    }
}
