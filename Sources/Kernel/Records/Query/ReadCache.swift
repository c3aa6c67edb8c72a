import Permissions
import Synchronization

/// Compiled statements by the shape of their query, so that a shape seen before costs no compilation. Bounded: what was not used while half of
/// the room was filled anew is forgotten.
final class ReadCache: Sendable {
    private struct State {
        var recent: [String: CompiledRead] = [:]
        var older: [String: CompiledRead] = [:]
        var compilations = 0
    }

    private let state = Mutex(State())
    private let capacity: Int

    init(capacity: Int = ReadLimits.compiledStatements) {
        self.capacity = max(2, capacity)
    }

    /// The statement for a key, compiled if there is none that serves this access.
    func statement(_ key: String, access: Access, compile: () throws -> CompiledRead) rethrows -> CompiledRead {
        // Each policy has statements of its own.
        let key = access.rights.isUnlimited ? key : "\(access.rights.number)§\(key)"
        if let known = state.withLock({ find(key, in: &$0) }), known.serves(access) { return known }
        let compiled = try compile()
        state.withLock { state in
            state.compilations += 1
            insert(compiled, for: key, into: &state)
        }
        return compiled
    }

    var count: Int { state.withLock { $0.recent.count + $0.older.count } }

    /// How often a statement had to be compiled since the start.
    var compilations: Int { state.withLock { $0.compilations } }

    private func find(_ key: String, in state: inout State) -> CompiledRead? {
        if let found = state.recent[key] { return found }
        guard let found = state.older.removeValue(forKey: key) else { return nil }
        insert(found, for: key, into: &state)
        return found
    }

    private func insert(_ statement: CompiledRead, for key: String, into state: inout State) {
        if state.recent.count >= capacity / 2, state.recent[key] == nil {
            state.older = state.recent
            state.recent = [:]
        }
        state.recent[key] = statement
    }
}
