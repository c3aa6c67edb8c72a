import QueryLanguage

/// Two record types with one property of every kind, for the tests of checker and evaluator.
enum SampleSchema {
    static let address = ComplexShape(
        name: "address", properties: [Property(name: "street", type: .string), Property(name: "city", type: .string)])
    static let email = ComplexShape(
        name: "email",
        properties: [
            Property(name: "address", type: .string, isNullable: false, normalForm: NormalForm(.email, at: .sibling("normalised"))),
            Property(name: "normalised", type: .string, isNullable: false), Property(name: "kind", type: .string),
            Property(name: "is_primary", type: .boolean, isNullable: false),
        ])
    static let phone = ComplexShape(
        name: "phone",
        properties: [
            Property(name: "number", type: .string, isNullable: false, normalForm: NormalForm(.phone, at: .sibling("normalised"))),
            Property(name: "normalised", type: .string, isNullable: false), Property(name: "is_primary", type: .boolean, isNullable: false),
        ])
    static let interests = ChoiceType(members: ["sports", "food", "music"], categories: ["sports": "body", "food": "body"])
    static let lifecycle = ChoiceType(
        members: ["lead", "contact", "customer", "former_customer"],
        categories: ["lead": "open", "contact": "open", "customer": "won"])
    static let mood = ChoiceType(members: ["good", "bad"])

    static let person = EntityShape(
        name: "contacts.person",
        properties: [
            Property(name: "id", type: .guid, isNullable: false, ordinal: 0),
            Property(name: "first_name", type: .string, ordinal: 1),
            Property(name: "last_name", type: .string, isNullable: false, ordinal: 2),
            Property(name: "age", type: .int64, ordinal: 3),
            Property(name: "score", type: .decimal, ordinal: 4),
            Property(name: "active", type: .boolean, ordinal: 5),
            Property(name: "birthday", type: .date, ordinal: 6),
            Property(name: "wakes_at", type: .timeOfDay, ordinal: 7),
            Property(name: "created_at", type: .dateTimeOffset, isNullable: false, ordinal: 8),
            Property(name: "patience", type: .duration, ordinal: 9),
            Property(name: "lifecycle", type: .choice(lifecycle), ordinal: 10),
            Property(name: "tags", type: .collection(of: .string), isNullable: false, ordinal: 11),
            Property(name: "numbers", type: .collection(of: .int64), isNullable: false, ordinal: 12),
            Property(name: "address", type: .complex(address), ordinal: 13),
            Property(name: "emails", type: .collection(of: .complex(email)), isNullable: false, ordinal: 14),
            Property(name: "organisation", type: .entity("contacts.organisation"), ordinal: 15),
            Property(name: "reports", type: .entityCollection("contacts.person"), isNullable: false, ordinal: 16),
            Property(name: "subject", type: .entityOfSeveral(["contacts.person", "contacts.organisation"]), ordinal: 17),
            Property(name: "extra", type: .untyped, ordinal: 18),
            Property(name: "secret", type: .string, isFilterable: false, ordinal: 19),
            Property(name: "salary", type: .decimal, currencyProperty: "salary_currency", ordinal: 20),
            Property(name: "salary_currency", type: .string, ordinal: 21),
            Property(name: "bonus", type: .decimal, currencyProperty: "bonus_currency", ordinal: 22),
            Property(name: "bonus_currency", type: .string, ordinal: 23),
            Property(
                name: "primary_email", type: .string,
                normalForm: NormalForm(.email, at: .flagged(collection: "emails", flag: "is_primary", member: "normalised")), ordinal: 24),
            Property(
                name: "primary_phone", type: .string,
                normalForm: NormalForm(.phone, at: .flagged(collection: "phones", flag: "is_primary", member: "normalised")), ordinal: 25),
            Property(name: "phones", type: .collection(of: .complex(phone)), isNullable: false, ordinal: 26),
            Property(name: "interests", type: .collection(of: .choice(interests)), isNullable: false, ordinal: 27),
            Property(name: "mood", type: .choice(mood), ordinal: 28),
        ])

    static let organisation = EntityShape(
        name: "contacts.organisation",
        properties: [
            Property(name: "id", type: .guid, isNullable: false),
            Property(name: "name", type: .string, isNullable: false),
            Property(name: "employees", type: .int64),
            Property(name: "parent", type: .entity("contacts.organisation")),
            Property(name: "people", type: .entityCollection("contacts.person"), isNullable: false),
        ])

    static let schema = SampleEntities([person, organisation])
    static let checker = QueryChecker(schema: schema)

    static let ada = RecordValues([
        "id": .guid(GUID(high: 1, low: 2)),
        "first_name": "Ada", "last_name": "Lovelace", "age": 36, "score": .decimal(DecimalNumber("7.50")!), "active": true,
        "birthday": .date(CalendarDate("1815-12-10")!), "wakes_at": .timeOfDay(TimeOfDay("06:30:15.25")!),
        "created_at": .dateTime(DateTime("2024-02-29T23:30:00.5Z")!), "patience": .duration(DayTimeDuration("P1DT2H")!),
        "lifecycle": "customer", "tags": .collection(["maths", "poetry"]), "numbers": .collection([3, 5, 8]),
        "address": .complex(["street": "St James's Square 12", "city": "London"]),
        "emails": .collection([
            .complex(["address": "Ada@example.org", "normalised": "ada@example.org", "kind": "work", "is_primary": true]),
            .complex(["address": "ada@home.example", "normalised": "ada@home.example", "kind": .null, "is_primary": false]),
        ]),
        "interests": .collection(["food", "music"]),
        "primary_email": "Ada@example.org", "primary_phone": "+44 20 7946 0958",
        "phones": .collection([.complex(["number": "+44 20 7946 0958", "normalised": "442079460958", "is_primary": true])]),
        "organisation": .complex([
            "name": "Analytical Engines", "employees": 2, "parent": .null,
            "people": .collection([.complex(["last_name": "Babbage", "age": 45])]),
        ]),
        "subject": .complex(["@type": "contacts.organisation", "name": "Royal Society"]),
        "salary": .decimal(DecimalNumber("100.00")!), "salary_currency": "GBP",
    ])
}

/// A schema that compares phone numbers by their digits.
struct SampleEntities: QuerySchema {
    private let shapes: FixedSchema

    init(_ shapes: [EntityShape]) { self.shapes = FixedSchema(shapes) }

    func entityShape(named name: String) -> EntityShape? { shapes.entityShape(named: name) }

    func normalisedPhone(_ number: String) -> String? { number.filter(\.isNumber) }
}
