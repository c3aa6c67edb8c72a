import Catalog
import Logging
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records
import Synchronization

/// Carries a batch out: what nothing orders side by side, groups in a transaction each, runs of like writes in one call of the store. A rehearsal,
/// and a batch that may be repeated, are one transaction, and do one after the other.
struct BatchExecution: Sendable {
    let batch: Call
    let items: [BatchRequest.Item]
    /// Requests that refer to nothing, resolved beforehand.
    private let tasks: [Int: Result<BatchTask, APIError>]
    private let plan: BatchPlan
    private let changeSet: BatchChangeSet

    /// Units at work at once: enough to use what PostgreSQL has, few enough to leave connections to others.
    private var width: Int { isOneTransaction ? 1 : 4 }
    private var isOneTransaction: Bool { batch.store.isInTransaction }

    init(_ batch: Call, _ items: [BatchRequest.Item]) {
        self.batch = batch
        self.items = items
        changeSet = BatchChangeSet(batch.changeSet)
        var tasks: [Int: Result<BatchTask, APIError>] = [:]
        let nothing = BatchReferences(outcomes: BatchOutcomes(), root: batch.root)
        for (index, item) in items.enumerated() where item.dependsOn.isEmpty {
            tasks[index] = Result { () throws(APIError) in try BatchTask(item, nothing, in: batch, store: batch.store) }
        }
        self.tasks = tasks
        plan = BatchPlan(items, writes: tasks.compactMapValues(Self.write))
    }

    /// The write that a request is, if the store can carry it out together with others.
    private static func write(_ task: Result<BatchTask, APIError>) -> BatchPlan.Write? {
        guard case .success(let task) = task, let write = task.write, let kind = write.kind else { return nil }
        switch write.key {
        case nil: return BatchPlan.Write(kind: kind)
        case .id(let id)?: return BatchPlan.Write(kind: kind, record: id)
        case .unique?: return nil
        }
    }

    // MARK: Units

    /// The outcome of every request, in their order.
    func run() async -> [BatchOutcome] {
        var outcomes: [BatchOutcome?] = Array(repeating: nil, count: items.count)
        var missing = plan.units.map(\.needs.count)
        var followers: [[Int]] = Array(repeating: [], count: plan.units.count)
        for (index, unit) in plan.units.enumerated() { for need in unit.needs { followers[need].append(index) } }
        var ready = plan.units.indices.filter { missing[$0] == 0 }[...]
        var hasFailed = false
        var size = 0
        await withTaskGroup(of: (unit: Int, outcomes: [Int: BatchOutcome]).self) { group in
            var running = 0
            while true {
                while running < width, let next = ready.popFirst() {
                    let stop: APIError? =
                        size > batch.limits.batchAnswerSize
                        ? tooLarge : hasFailed && batch.preferences.continuesOnError == false ? Self.notDone : nil
                    let known = known(to: plan.units[next], outcomes)
                    running += 1
                    let unit = plan.units[next]
                    if let stop {
                        group.addTask { (next, all(of: unit) { _ in BatchOutcome(stop) }) }
                    } else {
                        group.addTask { (next, await run(unit, known)) }
                    }
                }
                guard let done = await group.next() else { break }
                running -= 1
                for (index, outcome) in done.outcomes {
                    outcomes[index] = outcome
                    hasFailed = hasFailed || !outcome.succeeded
                    if case .bytes(let body) = outcome.response.body { size += body.readableBytes }
                }
                for follower in followers[done.unit] {
                    missing[follower] -= 1
                    if missing[follower] == 0 { ready.append(follower) }
                }
            }
        }
        return outcomes.map { $0 ?? BatchOutcome(Self.notDone) }
    }

    private func known(to unit: BatchPlan.Unit, _ outcomes: [BatchOutcome?]) -> BatchOutcomes {
        var known = BatchOutcomes()
        for need in unit.needs {
            for index in plan.units[need].steps.joined() { if let outcome = outcomes[index] { known.add(outcome, of: items[index]) } }
        }
        return known
    }

    private func run(_ unit: BatchPlan.Unit, _ known: BatchOutcomes) async -> [Int: BatchOutcome] {
        guard unit.isAtomic else {
            var done: [Int: BatchOutcome] = [:]
            for step in unit.steps {
                let outcomes =
                    await isOneTransaction ? runApart(step, known) : run(step, known, on: batch.store, changeSet.current)
                changeSet.note(outcomes.values)
                done.merge(outcomes) { _, new in new }
            }
            return done
        }
        do {
            let done = try await batch.store.transaction { store in
                var done: [Int: BatchOutcome] = [:]
                var known = known
                var own = changeSet.current
                for step in unit.steps {
                    let outcomes = await run(step, known, on: store, own)
                    own.isListed = own.isListed || outcomes.values.contains(where: \.hasWritten)
                    for (index, outcome) in outcomes { known.add(outcome, of: items[index]) }
                    done.merge(outcomes) { _, new in new }
                    guard outcomes.values.allSatisfy(\.succeeded) else { throw GroupFailed(outcomes: done.filter { !$0.value.succeeded }) }
                }
                return done
            }
            changeSet.note(done.values)
            return done
        } catch let failed as GroupFailed {
            return all(of: unit) { failed.outcomes[$0] ?? BatchOutcome(Self.undone) }
        } catch {
            let outcome = self.outcome(of: error)
            return all(of: unit) { _ in outcome }
        }
    }

    /// A request that fails must not spoil the transaction for others.
    private func runApart(_ step: [Int], _ known: BatchOutcomes) async -> [Int: BatchOutcome] {
        do {
            return try await batch.store.transaction { store in
                let outcomes = await run(step, known, on: store, changeSet.current)
                // Of several writes, the store has undone those that failed.
                guard step.count > 1 || outcomes.values.allSatisfy(\.succeeded) else { throw GroupFailed(outcomes: outcomes) }
                return outcomes
            }
        } catch let failed as GroupFailed {
            return failed.outcomes
        } catch {
            let outcome = self.outcome(of: error)
            return Dictionary(uniqueKeysWithValues: step.map { ($0, outcome) })
        }
    }

    private func all(of unit: BatchPlan.Unit, _ outcome: (Int) -> BatchOutcome) -> [Int: BatchOutcome] {
        Dictionary(uniqueKeysWithValues: unit.steps.joined().map { ($0, outcome($0)) })
    }

    // MARK: Steps

    private func run(_ step: [Int], _ known: BatchOutcomes, on store: RecordStore, _ changeSet: ChangeSet) async -> [Int: BatchOutcome] {
        guard step.count > 1 else { return [step[0]: await run(step[0], known, on: store, changeSet)] }
        let tasks = step.compactMap { index in try? self.tasks[index]?.get().on(store, changeSet) }
        guard tasks.count == step.count else { return Dictionary(uniqueKeysWithValues: step.map { ($0, BatchOutcome(Self.notDone)) }) }
        do {
            let options = WriteOptions(changeSet: changeSet)
            let written = try await SingleWrite.perform(tasks.compactMap(\.write), on: store, options: options, access: batch.access)
            let pairs = Array(zip(zip(step, tasks), written))
            guard pairs.count == step.count else {
                throw RecordsError(.internalFault, "The store answered \(written.count) outcomes to \(step.count) writes.")
            }
            var outcomes: [Int: BatchOutcome] = [:]
            for alike in Dictionary(grouping: pairs, by: { Shown($0.0.1) }).values {
                // What can't be read together is read, or refused, one by one.
                let read = try? await read(alike.map { ($0.0.1, $0.1) }, on: store)
                for ((index, task), outcome) in alike { outcomes[index] = await answer(task, outcome, read) }
            }
            return outcomes
        } catch {
            let outcome = self.outcome(of: error)
            return Dictionary(uniqueKeysWithValues: step.map { ($0, outcome) })
        }
    }

    /// What the answer to a write shows of its record.
    private struct Shown: Hashable {
        var query: String
        var format: ReadFormat
        var isShown: Bool

        init(_ task: BatchTask) {
            query = String(task.call.request.query ?? "")
            format = task.call.format
            isShown = task.write.map(task.call.showsRecord) ?? false
        }
    }

    /// The records of writes whose answers show the same of them, all read at once.
    private func read(_ written: [(task: BatchTask, outcome: WriteOutcome)], on store: RecordStore) async throws -> [GUID: StoredRecord] {
        guard let first = written.first?.task, let write = first.write, first.call.showsRecord(write) else { return [:] }
        let type = write.type
        let query = try first.call.query(type.shape.shape)
        let ids = written.compactMap(\.outcome.id)
        guard !ids.isEmpty else { return [:] }
        return try await store.records(type.record, ids, query: query, format: first.call.format, access: batch.access)
    }

    private func answer(_ task: BatchTask, _ outcome: WriteOutcome, _ read: [GUID: StoredRecord]?) async -> BatchOutcome {
        do {
            guard let write = task.write else { throw Self.notDone }
            return task.outcome(try await task.call.response(to: outcome, of: write, read: read))
        } catch {
            return self.outcome(of: error)
        }
    }

    private func run(_ index: Int, _ known: BatchOutcomes, on store: RecordStore, _ changeSet: ChangeSet) async -> BatchOutcome {
        let item = items[index]
        do {
            let references = BatchReferences(outcomes: known, root: batch.root)
            if let condition = item.condition {
                guard try references.holds(condition) else { throw Self.conditionFailed }
            } else if let obstacle = item.dependsOn.first(where: { known.succeeded($0) != true }) {
                throw APIError(.failedDependency, "batch.failed_dependency", "Not done, since '\(obstacle)' failed.", target: "dependsOn")
            }
            let task =
                if let ready = tasks[index] { try ready.get() } else { try BatchTask(item, references, in: batch, store: store) }
            let response = try await task.on(store, changeSet).respond()
            return task.outcome(response)
        } catch {
            return outcome(of: error)
        }
    }

    private func outcome(of error: any Error) -> BatchOutcome {
        let answer = APIError(error)
        if answer.status.code >= 500, !(error is APIError) {
            batch.store.logger.error("A request of a batch failed.", metadata: ["error": "\(Api.loggable(error))"])
        }
        return BatchOutcome(answer)
    }

    private var tooLarge: APIError {
        APIError(
            .failedDependency, "batch.answers_too_large",
            "Not done, since the answers so far have more than \(batch.limits.batchAnswerSize) bytes: select less, or send several batches."
        )
    }

    private static let undone = APIError(
        .failedDependency, "batch.undone", "Undone, since another request of its atomicity group failed.")
    private static let notDone = APIError(
        .failedDependency, "batch.skipped", "Not done, since an earlier request failed and the client asked to stop then.")
    private static let conditionFailed = APIError(
        .failedDependency, "batch.condition", "Not done, since its 'if' doesn't hold.", target: "if")
}

extension BatchTask {
    fileprivate func on(_ store: RecordStore, _ changeSet: ChangeSet) -> BatchTask {
        var task = self
        task.call.store = store
        task.call.changeSet = changeSet
        return task
    }
}

/// The change set of a batch: writes bring its row along, each in its own transaction, until the first of them has been kept. Those after it go
/// the way that they go alone.
private final class BatchChangeSet: Sendable {
    private let changeSet: Mutex<ChangeSet>

    init(_ changeSet: ChangeSet) { self.changeSet = Mutex(changeSet) }

    /// For a write that begins now.
    var current: ChangeSet { changeSet.withLock { $0 } }

    /// Of writes that have been kept.
    func note(_ outcomes: some Sequence<BatchOutcome>) {
        guard outcomes.contains(where: \.hasWritten) else { return }
        changeSet.withLock { $0.isListed = true }
    }
}

/// Rolls a group back, with the requests that failed.
private struct GroupFailed: Error {
    var outcomes: [Int: BatchOutcome]
}
