package import Records
import TesseraKit

/// The modules that run in this process, and what they do.
package struct LoadedModules: Sendable {
    /// A module that runs.
    package struct Module: Sendable, Hashable {
        package let id: String
        /// The library that it came from.
        package let path: String
    }

    /// A hook and whose it is.
    struct OwnedHook: Sendable {
        let module: String
        let hook: BeforeWriteHook
        /// Names of the values that it sees.
        let reads: Set<String>
        /// Names of the values that it may patch, with the key of the field that each belongs to.
        let writes: [String: String]

        init(module: String, hook: BeforeWriteHook, type: TypeClaims?) {
            self.module = module
            self.hook = hook
            reads = Set(hook.reads.flatMap { type?.properties(of: $0) ?? [$0] })
            let writes = hook.writes.flatMap { field in (type?.properties(of: field) ?? [field]).map { ($0, field) } }
            self.writes = Dictionary(writes, uniquingKeysWith: { first, _ in first })
        }

        /// Whether the hook has to do with a field.
        func names(_ field: String) -> Bool { hook.reads.contains(field) || hook.writes.contains(field) }
    }

    /// In the order in which their hooks run.
    package let modules: [Module]
    /// By the full id of the record type, in the order of the modules.
    private let hooks: [String: [OwnedHook]]
    private let interests: [String: HookInterest]
    /// By module and name: `contacts.greet`.
    let reactions: [String: EventReaction]
    /// The phone normaliser and whose it is.
    let phoneNormalizer: (module: String, normalize: PhoneNormalizer)?

    init(_ started: [StartedModule], types: [String: TypeClaims]) {
        modules = started.map { Module(id: $0.id, path: $0.path) }
        var hooks: [String: [OwnedHook]] = [:]
        for module in started {
            for hook in module.registry.beforeWriteHooks {
                hooks[hook.recordType, default: []].append(OwnedHook(module: module.id, hook: hook, type: types[hook.recordType]))
            }
        }
        self.hooks = hooks
        interests = hooks.mapValues { owned in
            HookInterest(reads: Set(owned.flatMap(\.hook.reads)), writes: Set(owned.flatMap(\.hook.writes)))
        }
        let reactions = started.flatMap { module in module.registry.eventReactions.map { ("\(module.id).\($0.name)", $0) } }
        self.reactions = Dictionary(reactions, uniquingKeysWith: { first, _ in first })
        phoneNormalizer = started.lazy.compactMap { module in module.registry.phoneNormalizer.map { (module.id, $0) } }.first
    }

    /// The hooks of a record type, in the order in which they run.
    func hooks(on recordType: String) -> [OwnedHook] {
        hooks[recordType] ?? []
    }

    /// What the hooks of a record type want to see and may change; nil when there are none.
    package func interest(in recordType: String) -> HookInterest? {
        interests[recordType]
    }
}
