import Catalog
import QueryLanguage
import Records
import Synchronization
import TesseraKit
import Testing

@testable import ModuleHost

@Suite("Hooks on a write")
struct HookBatchTests {
    /// A module with hooks on `a.thing`.
    private func module(_ id: String, _ register: (inout ModuleRegistry) -> Void) -> StartedModule {
        var registry = ModuleRegistry(moduleID: id)
        register(&registry)
        return StartedModule(id: id, path: "/\(id).so", registry: registry)
    }

    private static let types = [
        "a.thing": TypeClaims(
            owner: "a",
            fields: [
                "revenue": FieldClaim(owner: "a", properties: ["revenue", "revenue_currency"]),
                "parent": FieldClaim(owner: "a", properties: ["parent_id"]),
            ])
    ]

    private func run(_ modules: [StartedModule], _ images: [HookImage]) async throws -> [HookResult] {
        try await LoadedModules(modules, types: Self.types).beforeWrite(
            recordType: "a.thing", choices: [:], images: images, access: .importer)
    }

    @Test("shows a hook the fields that it reads and nothing else")
    func reads() async throws {
        let seen = Mutex<[RecordImage]>([])
        let calls = Mutex<[WriteCall]>([])
        let observer = module("a") { registry in
            registry.beforeWrite("thing", reads: ["name", "size"], writes: []) { records, call in
                seen.withLock { $0 += records }
                calls.withLock { $0.append(call) }
                return []
            }
        }
        let id = GUID(high: 7, low: 8)
        let results = try await run(
            [observer],
            [
                .new(["name": "n", "secret": "s"]),
                HookImage(id: id, isNew: false, values: ["name": "n", "size": 2, "secret": "s"], changed: ["size", "secret"]),
                HookImage(id: id, isNew: false, values: ["name": "n", "secret": "s"], changed: ["secret"]),
            ])
        #expect(results == [.patch([:]), .patch([:]), .patch([:])])
        #expect(
            seen.withLock { $0 } == [
                RecordImage(position: 0, id: nil, operation: .create, fields: ["name": "n"], changed: ["name"]),
                RecordImage(
                    position: 1, id: Guid(high: 7, low: 8), operation: .update, fields: ["name": "n", "size": 2], changed: ["size"]),
            ])
        #expect(
            calls.withLock { $0 } == [
                WriteCall(recordType: "a.thing", actor: Guid(high: 1, low: 2), onBehalfOf: Guid(high: 3, low: 4), channel: "import")
            ])
    }

    @Test("knows the categories of the choices that it has to do with, and no others")
    func categories() async throws {
        let hook = module("a") { registry in
            registry.beforeWrite("thing", reads: ["stage"], writes: ["grade"]) { records, call in
                #expect(call.choices.keys.sorted() == ["stage"])
                #expect(call.category(of: .null, in: "stage") == nil)
                #expect(call.category(of: "a", in: "mood") == nil)
                return records.map { $0.patch(["grade": call.category(of: $0["stage"], in: "stage").map { .text($0) } ?? .null]) }
            }
        }
        let choices = [
            "stage": [Choice(key: "signed", label: "Signed", category: "won"), Choice(key: "lost", label: "Lost")],
            "mood": [Choice(key: "a", label: "A", category: "b")],
        ]
        let results = try await LoadedModules([hook], types: Self.types).beforeWrite(
            recordType: "a.thing", choices: choices, images: ["signed", "lost", "unknown"].map { .new(["stage": $0]) }, access: .importer)
        #expect(results == [.patch(["grade": "won"]), .patch(["grade": .null]), .patch(["grade": .null])])
    }

    @Test("sees amounts and links under the names that they have in the API")
    func properties() async throws {
        let writer = module("a") { registry in
            registry.beforeWrite("thing", reads: ["revenue", "parent"], writes: ["revenue", "parent"]) { records, _ in
                records.map { record in
                    #expect(record.fields == ["revenue": .decimal(ExactDecimal(7)), "revenue_currency": "NOK"])
                    #expect(record["parent_id"] == .null)
                    return record.patch(["revenue_currency": "USD", "parent_id": .guid(Guid(high: 5, low: 6))])
                }
            }
            registry.beforeWrite("thing", reads: ["parent"], writes: []) { records, _ in
                #expect(records.map(\.changed) == [["parent"]])
                return []
            }
        }
        let image = HookImage(
            id: nil, isNew: false, values: ["revenue": .decimal(DecimalNumber(7)), "revenue_currency": "NOK"], changed: ["revenue"])
        #expect(
            try await run([writer], [image]) == [.patch(["revenue_currency": "USD", "parent_id": .guid(GUID(high: 5, low: 6))])])
    }

    @Test("isn't called when no record concerns it")
    func notCalled() async throws {
        let observer = module("a") { registry in
            registry.beforeWrite("thing", reads: ["name"], writes: []) { _, _ in
                Issue.record("called")
                return []
            }
        }
        #expect(try await run([observer], []) == [])
        #expect(try await run([observer], [HookImage(id: nil, isNew: false, values: ["name": "n"], changed: ["size"])]) == [.patch([:])])
    }

    @Test("shows later hooks what earlier ones have patched")
    func chain() async throws {
        let first = module("a") { registry in
            registry.beforeWrite("thing", reads: ["name"], writes: ["size"]) { records, _ in records.map { $0.patch(["size": 1]) } }
            registry.beforeWrite("thing", reads: ["size"], writes: ["size"]) { records, _ in
                records.map { $0.patch(["size": .integer(($0["size"].integer ?? 0) * 10)]) }
            }
        }
        let second = module("b") { registry in
            registry.beforeWrite("a.thing", reads: ["size"], writes: ["grade"]) { records, _ in
                records.map { $0.patch(["grade": .text("size \($0["size"].integer ?? 0), \($0.changed.sorted())")]) }
            }
        }
        let results = try await run([first, second], [HookImage(id: nil, isNew: false, values: ["name": "n"], changed: ["name"])])
        #expect(results == [.patch(["size": 10, "grade": "size 10, [\"size\"]"])])
    }

    @Test("keeps a refused record from later hooks and collects the problems")
    func refusal() async throws {
        let first = module("a") { registry in
            registry.beforeWrite("thing", reads: ["size"], writes: ["size"]) { records, _ in
                records.filter { $0["size"] == 1 }.map {
                    RecordPatch(
                        position: $0.position, values: ["size": 2],
                        problems: [
                            RecordProblem(field: "size", code: "a.small", message: "Too small."), RecordProblem(code: "a.x", message: "X."),
                        ])
                }
            }
            registry.beforeWrite("thing", reads: ["size"], writes: ["size"]) { records, _ in records.map { $0.patch(["size": 9]) } }
        }
        let results = try await run([first], [.new(["size": 1]), .new(["size": 5])])
        #expect(
            results == [
                .refuse([
                    RecordsError.Detail(code: "a.small", target: "size", message: "Too small."),
                    RecordsError.Detail(code: "a.x", message: "X."),
                ]), .patch(["size": 9]),
            ])
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let patches: [RecordPatch]
        let message: String
    }

    static let faults = [
        Fault(
            testDescription: "a field that it didn't declare", patches: [RecordPatch(position: 0, values: ["name": "x"])],
            message: "patches 'name', which it didn't declare among its `writes`."),
        Fault(
            testDescription: "a record twice", patches: [RecordPatch(position: 0), RecordPatch(position: 0)],
            message: "patches a record twice, or one that it wasn't given."),
        Fault(
            testDescription: "a record of another hook", patches: [RecordPatch(position: 1, values: ["size": 1])],
            message: "patches a record twice, or one that it wasn't given."),
        Fault(
            testDescription: "a record that isn't there", patches: [RecordPatch(position: -1), RecordPatch(position: .max)],
            message: "patches a record twice, or one that it wasn't given."),
        Fault(
            testDescription: "a value that no record holds",
            patches: [RecordPatch(position: 0, values: ["size": .date(TesseraKit.CalendarDate(year: 0, month: 1, day: 1)!)])],
            message: "gives 'size' a value that no record can hold."),
    ]

    @Test("stops a hook that answers", arguments: faults)
    func stops(fault: Fault) async throws {
        let culprit = module("a") { registry in
            registry.beforeWrite("thing", reads: ["name"], writes: ["size"]) { _, _ in fault.patches }
        }
        let error = await #expect(throws: RecordsError.self) {
            try await run([culprit], [.new(["name": "n"]), HookImage(id: nil, isNew: false, values: ["name": "n"], changed: [])])
        }
        #expect(error?.code.description == "records.module_failed")
        #expect(error?.message == "The hook of the module 'a' on 'a.thing' " + fault.message)
    }

    @Test("passes on that the write was cancelled")
    func cancellation() async throws {
        let cancelled = module("a") { registry in
            registry.beforeWrite("thing", reads: [], writes: []) { _, _ in throw CancellationError() }
        }
        await #expect(throws: CancellationError.self) { try await run([cancelled], [.new([:])]) }
    }

    @Test("stores text of a module in NFC")
    func normalForm() async throws {
        let writer = module("a") { registry in
            registry.beforeWrite("thing", reads: [], writes: ["name"]) { records, _ in records.map { $0.patch(["name": "e\u{301}"]) } }
        }
        guard case .patch(let values)? = try await run([writer], [.new([:])]).first, case .string(let text)? = values["name"] else {
            Issue.record("no patch")
            return
        }
        #expect(Array(text.unicodeScalars) == ["\u{e9}"])
    }
}

@Suite("Phone numbers of a deployment")
struct PhoneServiceTests {
    private func modules(_ normalize: PhoneNormalizer?) -> LoadedModules {
        var registry = ModuleRegistry(moduleID: "a")
        if let normalize { registry.normalizePhones(handler: normalize) }
        return LoadedModules([StartedModule(id: "a", path: "/a.so", registry: registry)], types: [:])
    }

    @Test("are reduced to letters and digits without a module that knows better, so that two numbers stay two")
    func fallback() throws {
        #expect(
            try modules(nil).normalisePhones(["+1 (415)", "1-800-FLOWERS", "1-800-GoFedEx", "٠٩١", "٠٩٢", "½", "?"]).map(\.normalised)
                == ["1415", "1800flowers", "1800gofedex", "091", "092", "½", "?"])
        #expect(try modules(nil).normalisePhones(["+1 (415) x"]) == [NormalisedPhone(normalised: "1415x", extension: nil, isValid: true)])
        let unread = modules { phones in phones.map { _ in NormalizedPhone(e164: nil, isValid: false) } }
        #expect(try unread.normalisePhones(["1-800-FLOWERS", "٠٩١"]).map(\.normalised) == ["1800flowers", "091"])
    }

    @Test("come from the module that knows them, by their digits where it doesn't")
    func module() throws {
        let loaded = modules { phones in
            phones.map { phone in
                #expect(!phone.wantsDisplay)
                #expect(phone.region == nil)
                return phone.text == "?1-2"
                    ? NormalizedPhone(e164: nil, isValid: false) : NormalizedPhone(e164: "+4712345678", extension: "9", isValid: true)
            }
        }
        #expect(
            try loaded.normalisePhones(["12345678 x9", "?1-2"]) == [
                NormalisedPhone(normalised: "+4712345678", extension: "9", isValid: true),
                NormalisedPhone(normalised: "12", extension: nil, isValid: false),
            ])
        #expect(try loaded.normalisePhones([]) == [])
    }

    @Test("are an error when the module fails or forgets one")
    func failures() {
        let failing = modules { _ in throw ModuleError(.unavailable, "Line engaged.") }
        let error = #expect(throws: RecordsError.self) { try failing.normalisePhones(["1"]) }
        #expect(error?.message == "The phone normaliser of the module 'a' failed: module.unavailable: Line engaged.")
        let forgetful = modules { _ in [] }
        let second = #expect(throws: RecordsError.self) { try forgetful.normalisePhones(["1", "2"]) }
        #expect(second?.message == "The phone normaliser of the module 'a' answered 0 times to 2 numbers.")
    }
}
