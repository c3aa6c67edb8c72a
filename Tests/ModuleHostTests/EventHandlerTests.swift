import Catalog
import Events
import Logging
import ModuleHost
import Postgres
import QueryLanguage
import Records
import TesseraKit
import TestKernel
import Testing

@Suite("Handlers of events in modules")
struct EventHandlerTests {
    private static let manifest = """
        manifest: 1
        id: greetings
        version: "1.0.0"
        name: Greetings
        platform: ">=0.1 <1.0"
        run: { mode: library, library: GreetingFixture }
        types:
          card:
            collection: cards
            label: Card
            display: name
            fields:
              name: { type: text, label: Name, required: true }
              text: { type: text, label: Text }
              stamp: { type: text, label: Stamp }
        subscriptions:
          stamp: { topics: [greetings.card.created], when: name eq 'Bo' }
          fall: { topics: [greetings.card.updated], retry: { attempts: 1 } }
        """

    private func with(_ body: @Sendable (TestStore, EventBus) async throws -> Void) async throws {
        let modules = try GreetingDeployment.load(GreetingDeployment.module())
        try await TestStore.with(["greetings": Self.manifest], hooks: modules) { lab in
            try await body(lab, EventBus(lab.store, reactions: modules, logger: LogCollector().logger))
        }
    }

    private func create(_ lab: TestStore, _ name: String) async throws -> GUID {
        let outcomes = try await lab.store.create(
            lab.type("cards"), [RecordInput(["name": .string(name)])], options: .single, access: .test)
        return try #require(outcomes.first?.id)
    }

    @Test("a module's code finds and changes records because of an event, through its hooks and within the event's transaction")
    func handles() async throws {
        try await with { lab, bus in
            let ada = try await create(lab, "Ada")
            _ = try await create(lab, "Bo")
            try await bus.catchUp()
            let values = try await lab.store.values(lab.type("cards"), ids: [ada], fields: ["stamp"], access: .test)
            #expect(values[ada]?["stamp"] == "Hello, Ada (api), says Bo")
        }
    }

    @Test(
        "what a handler throws is kept with the event, and nothing of what it wrote",
        arguments: [
            ("Ed", "greetings.fall: module.unavailable: The stamps are on strike."),
            ("Cy", "greetings.fall: it threw GreetingError. A ModuleError would say why."),
        ])
    func throwing(name: String, reason: String) async throws {
        try await with { lab, bus in
            let change = RecordUpdate(key: .id(try await create(lab, "Di")), input: RecordInput(["name": .string(name)]))
            _ = try await lab.store.update(lab.type("cards"), [change], options: .single, access: .test)
            try await bus.catchUp()
            #expect(try await EventStatus.read(lab.store).followers.first { $0.id == "greetings.fall" }?.parked == 1)
            #expect(try await lab.store.run("SELECT error FROM tessera.delivery").first?.decode(String.self, 0) == reason)
            #expect(try await lab.store.count(lab.type("cards"), filter: nil, mode: .exact, access: .test) == 1)
        }
    }

    @Test("a module without a handler that a subscription names doesn't start, nor one that has a name twice")
    func missing() {
        var module = GreetingDeployment.module()
        module.handlers = ["wave": "greetings.hello", "stamp": "greetings.stamp"]
        let error = #expect(throws: ModuleHostError.self) { try GreetingDeployment.load(module) }
        #expect(
            error?.description
                == "modules.undeclared: module 'greetings': The subscription 'greetings.hello' names its handler 'wave', which the code doesn't "
                + "register with onEvents. It registers fall, stamp.")
        let twice = #expect(throws: ModuleHostError.self) {
            try GreetingDeployment.load(GreetingDeployment.module(["greeting": "Hi", "misbehaviour": "twice"]))
        }
        #expect(
            twice?.description
                == "modules.undeclared: module 'greetings': It registers the handler 'fall' of events twice; give one of them another name."
        )
    }
}
