#if DEBUG
    import Catalog
    import Permissions
    import Postgres
    import QueryLanguage
    import Records
    import TestKernel
    import Testing

    /// What may not be read is looked for by the statements that look for what isn't there: as many, and the same texts. So no more time can tell the two apart
    /// than PostgreSQL takes to see that a row is somebody else's.
    @Suite("Unreadable and missing records cost the same")
    struct StatementTests {
        private typealias Call = @Sendable (RecordStore, RecordType, GUID, Access, _ own: GUID) async throws -> String

        private static func outcome(_ outcomes: [WriteOutcome]) -> String {
            outcomes.map { outcome in
                if case .failed(let error) = outcome { return "\(error.code): \(error.message) \(error.details.map(\.message))" }
                return "done"
            }.joined(separator: ",")
        }

        private static func reference(_ id: GUID) -> [RecordReference] { [RecordReference(key: .id(id))] }

        private static let calls: [(name: String, call: Call)] = [
            ("get", { store, type, id, access, _ in "\(try await store.record(type, .id(id), access: access) == nil)" }),
            ("stand", { store, type, id, access, _ in "\(try await store.allows([.read, .share], on: type, id, access: access))" }),
            ("type", { store, type, id, access, _ in "\(try await store.type(ofRecord: id, access: access) == nil)" }),
            ("link", { store, type, id, access, _ in "\(try await store.link(type, id, navigation: "parent", access: access) == nil)" }),
            (
                "change",
                { store, type, id, access, _ in
                    let update = RecordUpdate(key: .id(id), input: RecordInput(["size": 1]))
                    return outcome(try await store.update(type, [update], options: .single, access: access))
                }
            ),
            (
                "change of a version",
                { store, type, id, access, _ in
                    let update = RecordUpdate(key: .id(id), expectedVersion: 7, input: RecordInput(["size": 1]))
                    return outcome(try await store.update(type, [update], options: .single, access: access))
                }
            ),
            (
                "delete",
                { store, type, id, access, _ in outcome(try await store.delete(type, reference(id), options: .single, access: access)) }
            ),
            (
                "restore",
                { store, type, id, access, _ in outcome(try await store.restore(type, reference(id), options: .single, access: access)) }
            ),
            (
                "purge",
                { store, type, id, access, _ in outcome(try await store.purge(type, reference(id), options: .single, access: access)) }
            ),
            (
                "link to it",
                { store, type, id, access, own in
                    let update = RecordUpdate(key: .id(own), input: RecordInput(["parent_id": .guid(id)]))
                    return outcome(try await store.update(type, [update], options: .single, access: access))
                }
            ),
            (
                "change its link",
                { store, type, id, access, own in
                    let change = LinkChange(key: .id(id), target: .id(own))
                    return outcome(try await store.changeLinks(type, field: "parent", [change], options: .single, access: access))
                }
            ),
        ]

        @Test("whatever is asked of them, with the same answer")
        func statements() async throws {
            try await TestStore.with(["sales": World.manifest]) { store in
                let type = try store.type("accounts")
                let world = World(in: store)
                let (anna, ben) = (GUID.version7(), GUID.version7())
                for person in [anna, ben] {
                    _ = try await store.client.query(
                        "INSERT INTO tessera.principal (id, kind, name) VALUES (\(bind: PostgresUUID(guid: person)), 'user', 'p')")
                }
                let (own, hidden, missing) = (GUID.version7(), GUID.version7(), GUID.version7())
                try await world.insert("account", own, owner: anna, creator: anna, ["name": "Own"])
                try await world.insert("account", hidden, owner: ben, creator: ben, ["name": "Hidden"])
                let actions = Dictionary(uniqueKeysWithValues: RecordAction.allCases.map { ($0, Predicate.owner) })
                let rights = Rights(policy: Policy(types: [type.id: TypePolicy(actions: actions)]), actor: Actor(id: anna))
                let access = Access(principal: anna, channel: .api, rights: rights)
                for (name, call) in Self.calls {
                    func logged(_ id: GUID) async throws -> (String, [String]) {
                        let log = StatementLog()
                        let answer = try await StatementLog.$current.withValue(log) { try await call(store.store, type, id, access, own) }
                        return (answer, log.statements)
                    }
                    let (hiddens, missings) = (try await logged(hidden), try await logged(missing))
                    #expect(hiddens.0 == missings.0, "\(name)")
                    #expect(hiddens.1 == missings.1, "\(name)")
                    #expect(!hiddens.1.isEmpty, "\(name)")
                    // The same call does its work where it may.
                    let owns = try await logged(own)
                    if name != "link to it", name != "change its link", name != "link" { #expect(owns.0 != missings.0, "\(name)") }
                    if name == "purge" { try await world.insert("account", own, owner: anna, creator: anna, ["name": "Own"]) }
                    if name == "delete" {
                        _ = try await store.client.query(
                            "UPDATE sales.account SET deleted_at = NULL WHERE id = \(bind: PostgresUUID(guid: own))")
                    }
                }
            }
        }
    }
#endif
