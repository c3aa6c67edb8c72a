import Testing

@testable import QueryLanguage

@Suite("Conditions over events")
struct EventScopeTests {
    private static let type = EntityShape(
        name: "deal",
        properties: [
            Property(name: "stage", type: .string), Property(name: "amount", type: .decimal), Property(name: "city", type: .string),
        ])
    private static let scope = EventScope(
        members: [
            Property(name: "action", type: .string, isNullable: false),
            Property(
                name: "old", type: .complex(ComplexShape(name: "before", properties: [Property(name: "stage", type: .string)])),
                isNullable: false),
        ], changes: ["stage": ["stage"], "address": ["address_street", "address_city"]])

    private static func check(_ text: String, _ event: EventScope? = scope) throws -> TypedExpression {
        try QueryChecker(schema: FixedSchema([type]), event: event).check(Expression.parse(text), on: type)
    }

    @Test(
        "are true of what changed, and of the record before and after",
        arguments: [
            ("changed(stage)", true), ("changed(address)", true), ("not changed(stage)", false), ("changed(stage) and amount gt 10", true),
            ("$event/old/stage eq 'open' and stage eq 'won'", true), ("$event/action ne 'update'", false),
            ("'address_city' in $event/changed", true), ("$event/changed/$count eq 2", true),
        ])
    func evaluates(text: String, holds: Bool) throws {
        let event: Value = .complex([
            "action": "update", "old": .complex(["stage": "open"]), "changed": .collection(["stage", "address_city"]),
        ])
        let record = RecordValues(["stage": "won", "amount": .decimal(DecimalNumber(20))])
        let expression = try Self.check(text)
        #expect(Evaluator(event: event).isTrue(expression, on: record) == holds)
        #expect(try Expression.parse(Expression.parse(text).description) == Expression.parse(text))
    }

    @Test("know what they can ask, and stand nowhere else")
    func refused() throws {
        func message(_ text: String, _ event: EventScope? = Self.scope) -> String? {
            do {
                _ = try Self.check(text, event)
                return nil
            } catch { return "\((error as? QueryError)?.column ?? 0) \((error as? QueryError)?.message ?? "\(error)")" }
        }
        #expect(message("changed(stgae)") == "9 There is no field 'stgae' that could change.")
        #expect(message("changed('stage')") == "1 'changed' takes the name of one field, as in changed(stage).")
        #expect(message("$event/new/stage eq 'won'") == "8 There is no property 'new' in $event.")
        #expect(message("changed(stage)", nil) == "1 'changed' stands in conditions of subscriptions only.")
        #expect(message("$event/action eq 'update'", nil) == "1 '$event' stands in conditions of subscriptions only.")
    }
}
