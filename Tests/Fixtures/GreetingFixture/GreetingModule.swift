import TesseraKit

/// A small module for tests of loading: greets the people on its cards, and does wrong what the setting `misbehaviour` says.
struct GreetingModule: TesseraModule {
    static let moduleID = "greetings"

    private let greeting: String
    private let misbehaviour: String

    init(context: ModuleContext) throws {
        greeting = try context.settings.text("greeting")
        misbehaviour = try context.settings.text("misbehaviour", default: "none")
        if misbehaviour == "start" { throw GreetingError() }
        context.logger.notice("Ready to greet", ["deployment": context.deploymentName, "currency": context.currency])
        context.logger.debug("Nobody sees this")
    }

    func register(into registry: inout ModuleRegistry) throws {
        switch misbehaviour {
        case "register": throw ModuleError(.unavailable, "The greetings are on strike.")
        case "unknown_type": registry.beforeWrite("letter", reads: [], writes: []) { _, _ in [] }
        case "foreign_type": registry.beforeWrite("contacts.organisation", reads: ["name"], writes: []) { _, _ in [] }
        case "unknown_fields": registry.beforeWrite("card", reads: ["nmae"], writes: ["txet"]) { _, _ in [] }
        case "foreign_field": registry.beforeWrite("contacts.person", reads: ["first_name"], writes: ["first_name"]) { _, _ in [] }
        default: break
        }
        registry.beforeWrite("card", reads: ["name", "text"], writes: ["text"]) { [greeting] cards, call in
            try cards.compactMap { card in
                guard let name = card["name"].text else { return nil }
                switch name {
                case "strike": throw ModuleError(.unavailable, "The greetings are on strike.")
                case "fall": throw GreetingError()
                case "nobody":
                    return card.refusal(RecordProblem(field: "name", code: "greetings.nobody", message: "Nobody can't be greeted."))
                default: return card["text"].isNull ? card.patch(["text": .text("\(greeting), \(name) (\(call.channel))")]) : nil
                }
            }
        }
        registry.onEvents("stamp") { card, records in
            let others = try await records.find(
                "greetings.card", where: "name eq 'Ada' and stamp eq null", order: "text", fields: ["name", "text"])
            for other in others {
                try await records.update(
                    "greetings.card", other.id, ["stamp": .text("\(other["text"].text ?? ""), says \(card["name"].text ?? "")")])
            }
        }
        registry.onEvents("fall") { card, records in
            try await records.create("greetings.card", ["name": "Lost"])
            if card["name"].text == "Ed" { throw ModuleError(.unavailable, "The stamps are on strike.") }
            throw GreetingError()
        }
        if misbehaviour == "twice" { registry.onEvents("fall") { _, _ in } }
        registry.beforeWrite("contacts.person", reads: ["first_name"], writes: ["greeting"]) { [greeting] people, _ in
            people.map { $0.patch(["greeting": .text("\(greeting), \($0["first_name"].text ?? "you")")]) }
        }
    }
}

/// An error that only this module knows.
struct GreetingError: Error {}

/// What the server finds the module by.
@c(tessera_module_entry)
public func moduleEntry() -> UnsafeRawPointer { exportModule { loadable(GreetingModule.self) } }
