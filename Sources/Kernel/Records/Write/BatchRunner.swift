import Catalog
import Postgres
import QueryLanguage

/// Carries out prepared drafts: one statement for as many as it may take; when a row spoils it, the halves are tried alone, so that good rows
/// go in and bad ones come back with their reason. Rows that are refused for unique values of one another are tried together.
struct BatchRunner {
    /// Rows of one statement: enough to pay for the round trip, few enough that a spoilt one is found soon.
    static let rowsPerStatement = 500

    let store: RecordStore
    let catalog: Catalog
    let type: RecordType
    let access: Access
    let options: WriteOptions
    var isRemoval = false
    /// Whether the execution of a single draft needs a transaction around it.
    var takesSeveralStatements = false

    private var violation: ConstraintViolation { ConstraintViolation(catalog: catalog, type: type, isRemoval: isRemoval, access: access) }

    typealias Execute = @Sendable (_ drafts: [WriteDraft], _ runner: StatementRunner) async throws -> [WriteOutcome]

    /// Outcomes in the order of the caller's items; drafts with problems fail without being tried.
    ///
    /// - Parameter lock: taken before the first of several statements.
    func run(_ drafts: [WriteDraft], first lock: UpdateLock? = nil, execute: @escaping Execute) async throws -> [WriteOutcome] {
        let failures = self.failures(of: drafts)
        let good = zip(drafts, failures).filter { $1 == nil }.map(\.0)
        var outcomes: [Int: WriteOutcome] = [:]
        for (draft, failure) in zip(drafts, failures) {
            if let failure { outcomes[draft.index] = .failed(failure) }
        }
        if options.mode == .atomic, drafts.count > 1, failures.contains(where: { $0 != nil }) {
            for draft in good { outcomes[draft.index] = .failed(RecordsError.undone) }
            return drafts.compactMap { outcomes[$0.index] }
        }
        do {
            for (index, outcome) in try await attempt(good, lock, execute) { outcomes[index] = outcome }
        } catch let abort as AtomicAbort {
            outcomes = abort.outcomes
            for draft in good where outcomes[draft.index] == nil { outcomes[draft.index] = .failed(RecordsError.undone) }
        } catch let nothing as NothingWritten {
            outcomes.merge(nothing.outcomes) { _, new in new }
        } catch let error as PostgresError where store.statements.isTransaction && error.mayRetryTransaction {
            // For the whole transaction to be tried again.
            throw error
        } catch {
            throw violation.translate(error)
        }
        return drafts.compactMap { outcomes[$0.index] }
    }

    private func attempt(
        _ drafts: [WriteDraft], _ lock: UpdateLock?, _ execute: @escaping Execute
    ) async throws -> [Int: WriteOutcome] {
        guard !drafts.isEmpty else { return [:] }
        let begin = Trace.begin(options.changeSet, access: access)
        // A single write is one statement, mostly, and needs no transaction around it.
        if drafts.count == 1, begin == nil, !takesSeveralStatements, let draft = drafts.first {
            do {
                let outcomes = try await store.statements.attempt { try await execute(drafts, $0) }
                return Dictionary(uniqueKeysWithValues: zip([draft.index], outcomes))
            } catch  where ConstraintViolation.blamesRow(error) {
                return [draft.index: .failed(failure(error))]
            }
        }
        return try await store.statements.transaction { runner in
            if let begin { _ = try await runner.query(begin) }
            if let sql = lock?.sql(for: drafts) { _ = try await runner.query(sql) }
            var outcomes: [Int: WriteOutcome] = [:]
            let order = LinkOrder(drafts)
            for start in stride(from: 0, to: order.ordered.count, by: Self.rowsPerStatement) {
                try Task.checkCancellation()
                let chunk = Array(order.ordered[start..<min(start + Self.rowsPerStatement, order.ordered.count)])
                outcomes.merge(try await settle(chunk, runner, execute)) { _, new in new }
            }
            if order.ordered.count > Self.rowsPerStatement {
                // What one chunk refuses, another one may have made possible.
                let waiting = order.ordered.filter { takesUniqueValue($0) && outcomes[$0.index]?.isNotUnique == true }
                if !waiting.isEmpty { outcomes.merge(try await exchange(waiting, runner, execute)) { _, new in new } }
            }
            if !order.circles.isEmpty { outcomes.merge(try await whole(order.circles, runner, execute)) { _, new in new } }
            if options.mode == .atomic, outcomes.values.contains(where: \.isFailure) {
                throw AtomicAbort(outcomes: outcomes.filter(\.value.isFailure))
            }
            // A change set that holds nothing isn't listed.
            if begin != nil, !outcomes.values.contains(where: \.isChange) { throw NothingWritten(outcomes: outcomes) }
            return outcomes
        }
    }

    /// The chunk as one statement. When it is refused for a unique value, its rows may be in each other's way alone.
    private func settle(_ drafts: [WriteDraft], _ runner: StatementRunner, _ execute: Execute) async throws -> [Int: WriteOutcome] {
        guard drafts.count > 1, drafts.contains(where: takesUniqueValue) else { return try await halve(drafts, runner, execute) }
        do {
            return try await statement(drafts, runner, execute)
        } catch  where ConstraintViolation.isNotUnique(error) {
            return try await exchange(drafts, runner, execute)
        } catch  where ConstraintViolation.blamesRow(error) {
            return try await halve(drafts, runner, execute)
        }
    }

    /// The chunk as one statement, or its halves when a row of it is refused.
    func halve(_ drafts: [WriteDraft], _ runner: StatementRunner, _ execute: Execute) async throws -> [Int: WriteOutcome] {
        do {
            return try await statement(drafts, runner, execute)
        } catch  where ConstraintViolation.blamesRow(error) {
            guard drafts.count > 1 else { return [drafts[0].index: .failed(failure(error))] }
            let middle = drafts.count / 2
            let first = try await halve(Array(drafts[..<middle]), runner, execute)
            let second = try await halve(Array(drafts[middle...]), runner, execute)
            return first.merging(second) { _, new in new }
        }
    }

    /// The chunk as one statement: either all go in, or none does.
    private func whole(_ drafts: [WriteDraft], _ runner: StatementRunner, _ execute: Execute) async throws -> [Int: WriteOutcome] {
        do {
            return try await statement(drafts, runner, execute)
        } catch  where ConstraintViolation.blamesRow(error) {
            let failure = WriteOutcome.failed(failure(error))
            return Dictionary(uniqueKeysWithValues: drafts.map { ($0.index, failure) })
        }
    }

    private func statement(_ drafts: [WriteDraft], _ runner: StatementRunner, _ execute: Execute) async throws -> [Int: WriteOutcome] {
        let outcomes = try await runner.attempt { try await execute(drafts, $0) }
        return Dictionary(uniqueKeysWithValues: zip(drafts.map(\.index), outcomes))
    }

    /// What keeps drafts from being tried: their own problems, or those of a new record that they link to.
    private func failures(of drafts: [WriteDraft]) -> [RecordsError?] {
        var failures = drafts.map { $0.failure(of: type) }
        guard drafts.contains(where: { !$0.linksWithin.isEmpty }) else { return failures }
        var refused = Set(zip(drafts, failures).compactMap { $1 == nil ? nil : $0.id })
        while true {
            let led = drafts.indices.filter { failures[$0] == nil && !refused.isDisjoint(with: drafts[$0].linksWithin) }
            if led.isEmpty { return failures }
            for index in led {
                let label = type.label.lowercased()
                failures[index] = RecordsError(.linkTargetMissing, "The \(label) of this request that it links to can't be stored.")
                refused.insert(drafts[index].id)
            }
        }
    }

    private func failure(_ error: any Error) -> RecordsError {
        let translated = violation.translate(error)
        return translated as? RecordsError ?? RecordsError(.internalFault, "The database refused this record.", cause: error)
    }
}

/// Rolls an atomic batch back, with the failures that caused it.
private struct AtomicAbort: Error {
    var outcomes: [Int: WriteOutcome]
}

/// Rolls back the row of a change set under which nothing was written.
private struct NothingWritten: Error {
    var outcomes: [Int: WriteOutcome]
}

extension WriteOutcome {
    var isNotUnique: Bool { if case .failed(let error) = self { error.code == .notUnique } else { false } }

    package var isFailure: Bool { if case .failed = self { true } else { false } }

    /// Whether anything is other than it was.
    package var isChange: Bool {
        switch self {
        case .created, .updated, .deleted, .restored, .purged: true
        case .unchanged, .failed: false
        }
    }
}
