import Catalog
import Manifests
import Postgres
import QueryLanguage
import SchemaPlan
import TestKernel
import Testing

@testable import Events

@Suite("Declared subscriptions")
struct SubscriptionDeclarationTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let text: String
        let message: String
        var testDescription: String { text }
        init(_ text: String, _ message: String) { (self.text, self.message) = (text, message) }
    }

    static let faults = [
        Fault(
            "topics: [lab.sampel.updated]",
            "17: error: subscriptions.x.topics[0]: there are no events 'lab.sampel.updated' in this deployment (did you mean lab.sample.updated?)"
        ),
        Fault(
            "topics: [lab.sample.updated], when: changed(stat)",
            "52: error: subscriptions.x.when: There is no field 'stat' that could change. (did you mean state?)"),
        Fault(
            "topics: [lab.sample.updated], when: changed(state) and amount gt 'x'",
            "73: error: subscriptions.x.when: 'gt' can't compare an integer with text; write it without quotes."),
        Fault(
            "topics: [lab.sample.updated], when: 'changed(state, amount)'",
            "53: error: subscriptions.x.when: This is no function of the standard; arguments of others are written name=value."),
        Fault(
            "topics: [lab.sample.updated], when: changed(origin/city)",
            "44: error: subscriptions.x.when: 'changed' takes the name of one field, as in changed(stage)."),
        Fault(
            "topics: [lab.sample.updated], when: place/name eq 'Oslo'",
            "44: error: subscriptions.x.when: place/name isn't in the record's own row; conditions of subscriptions over lists, files and other "
                + "records are not supported yet, use the record's own fields or changed(place)"),
        Fault(
            "topics: [lab.*.updated], when: amount gt 1",
            "39: error: subscriptions.x.when: for events of lab.place: There is no property 'amount' in lab.place."),
        Fault(
            "topics: [lab.sample.updated], when: $user/id eq null",
            "44: error: subscriptions.x.when: '$user' stands in conditions of rights only, in 'allow' and 'only'; name an id here."),
        Fault(
            "topics: [lab.sample.updated], watch: [amout]",
            "46: error: subscriptions.x.watch[0]: lab.sample has no field 'amout' (did you mean amount?)"),
        Fault(
            "topics: [lab.sample.updated], debounce: PT0.5S", "48: error: subscriptions.x.debounce: must be from PT1S to P1D, not PT0.5S"),
        Fault(
            "topics: [lab.sample.updated], retry: { first: PT5S, longest: PT1S }",
            "69: error: subscriptions.x.retry.longest: the longest pause, PT1S, is shorter than the first, PT5S"),
        Fault(
            "topics: [lab.sample.updated], handler: other.tell",
            "47: error: subscriptions.x.handler: the module 'other' is not among those in 'requires'"),
        Fault(
            "topics: [lab.sample.updated], order: records",
            "45: error: subscriptions.x.order: must be record or none, not 'records' (did you mean record?)"),
        Fault("topics: []", "16: error: subscriptions.x.topics: must not be empty"),
    ]

    /// What is wrong with a module's manifest, from a line that begins the subscriptions at line 4.
    private static func findings(_ subscription: String) -> [String] {
        let lab = TestStore.subscribing("")["lab"] ?? ""
        let module =
            "manifest: 1\nid: lab\nsubscriptions:\n  x: { \(subscription) }\n"
            + lab.replacing("manifest: 1\nid: lab\n", with: "").replacing("\nsubscriptions:\n", with: "\n")
        let files = [
            "test/manifests/lab.yaml": module,
            "test/deployment.yaml": "deployment: 1\nname: test\nmodules:\n  lab: {}\n",
        ]
        let result = Composer(files: .memory(files)).compose("test/deployment.yaml")
        guard let composition = result.composition else { return result.diagnostics.map { "\($0)" } }
        do {
            _ = try Catalog(composition: composition)
            return []
        } catch {
            return error.diagnostics.map { "\($0)" }
        }
    }

    @Test("says where and what is wrong", arguments: faults)
    func refuses(_ fault: Fault) {
        #expect(Self.findings(fault.text) == ["test/manifests/lab.yaml:4:\(fault.message)"])
    }

    @Test("takes what is right")
    func right() throws {
        #expect(Self.findings("topics: [lab.*.updated, '*.created'], when: changed(id) or $event/action eq 'create'") == [])
        let catalog = try TestStore.catalog(TestStore.subscribing("  x: { topics: [lab.sample.updated], handler: lab.y }"))
        let made = try #require(catalog.subscription(id: "lab.x"))
        #expect(
            made.handler.description == "lab.y" && made.batch == 100 && made.attempts == 8 && made.exhausted == .park && made.keepsOrder)
        #expect(made.deadline == .seconds(30) && made.firstPause == .seconds(2) && made.longestPause == .seconds(600))
    }

    @Test("an overlay gives modules' handlers further occasions, and has none itself")
    func overlay() throws {
        let modules = TestStore.subscribing("  x: { topics: [lab.sample.updated] }")
        let tells = "overlay:\n  subscriptions:\n    tell: { topics: [lab.place.created], handler: lab.x }\n"
        #expect(try TestStore.catalog(modules, overlay: tells).subscriptions.map(\.id) == ["lab.x", "custom.tell"])
        for (handler, message) in [("", "an overlay has no handlers"), (", handler: nobody.x", "the deployment has no module 'nobody'")] {
            let overlay = "overlay:\n  subscriptions:\n    tell: { topics: [lab.place.created]\(handler) }\n"
            let error = #expect(throws: (any Error).self) { try TestStore.catalog(modules, overlay: overlay) }
            #expect("\(error.map { "\($0)" } ?? "")".contains(message))
        }
    }

    @Test("apply gives each a place: new ones where they start, and those that come back where they stood")
    func rows() async throws {
        let first = TestStore.subscribing(
            "  late: { topics: [lab.topic.created] }\n  early: { topics: [lab.topic.created], start: beginning }")
        try await TestStore.with { lab in
            for name in ["A", "B", "C"] { _ = try await lab.create("topics", ["name": .string(name)]) }
            try await Sequencer(lab.store).drain()
            func rows() async throws -> String? {
                try await lab.text(
                    "SELECT string_agg(id || ' ' || position || ' ' || state, ', ' ORDER BY id) FROM tessera.subscription WHERE is_declared"
                )
            }
            let (with, without) = (
                try TestStore.catalog(first), try TestStore.catalog(TestStore.subscribing("  late: { topics: [lab.topic.created] }"))
            )
            let plan = try await SchemaPlan.make(for: with, on: lab.client)
            #expect(
                plan.subscriptionChanges.map(\.description) == [
                    "lab.late: new, from now on", "lab.early: new, from the oldest event that is kept on",
                ])
            #expect(!plan.isEmpty && plan.steps.isEmpty && plan.description.contains("lab.late: new, from now on"))
            try await lab.apply(with)
            #expect(try await rows() == "lab.early 0 active, lab.late 3 active")
            #expect(try await SchemaPlan.make(for: with, on: lab.client).isEmpty)
            _ = try await lab.client.query("UPDATE tessera.subscription SET position = 2 WHERE id = 'lab.early'")
            try await lab.apply(without)
            #expect(try await rows() == "lab.early 2 retired, lab.late 3 active")
            #expect(
                try await SchemaPlan.make(for: with, on: lab.client).subscriptionChanges.map(\.description) == [
                    "lab.early: back, from where it stood"
                ])
            try await lab.apply(with)
            #expect(try await rows() == "lab.early 2 active, lab.late 3 active")
            // What it hadn't handled was removed meanwhile.
            try await lab.apply(without)
            _ = try await lab.client.query("UPDATE tessera.subscription SET position = 0 WHERE id = 'lab.early'")
            _ = try await lab.client.query("DELETE FROM tessera.event WHERE position < 3")
            try await lab.apply(with)
            #expect(try await rows() == "lab.early 0 lost, lab.late 3 active")
        }
    }
}
