import Catalog
import QueryLanguage
import TestPostgres

/// Generated records of `LabTypes`: as rows for the database, and as images for evaluation in memory.
struct LabWorld {
    private(set) var things: [[String: Value]] = []
    private(set) var groups: [[String: Value]] = []
    private(set) var emails: [[String: Value]] = []
    private(set) var phones: [[String: Value]] = []
    private(set) var links: [[String: Value]] = []

    static let texts = [
        "", "a", "A", "b", "Acme", "acme", "ACME", "Acme Inc", "Ångström", "ångström", "straße", "STRASSE", "İstanbul", "ı", "ΣΊΣΥΦΟΣ",
        "σίσυφος",
        "日本", "😀", "😀😀", "Ǆ", "ǆ", "O'Brien", "100%", "a_b", "\\", " trim me\u{3000}", "\tx\n", "\u{10FFFF}", "\u{D7FF}", "\u{E000}",
        "e\u{327}\u{302}",
        "ab", "abc", "zz", "Zoë", "É", "vip", "Oslo", "red", "work", "q\"uote", "12", "-7.50", "+3",
    ]
    static let integers: [Int64] = [0, 1, -1, 2, 3, 5, 7, 10, -10, 100, 4_294_967_296, .max, .min]
    static let decimals: [Int64] = [0, 1, -1, 10_000, 15_000, -25_000, 333_333, 99_999_999_999_999_999, -99_999_999_999_999_999, 5_000]
    static let days: [Int32] = [0, -719_162, 2_932_896, 19_782, 19_783, 11_016, -1]
    static let moments: [Int64] = [
        0, 1, -1, 1_709_164_800_000_000, 1_709_251_199_999_999, 253_402_300_799_999_999, -62_135_596_800_000_000, 951_782_400_123_456,
    ]
    static let spans: [Int64] = [
        0, 1, -1, 86_400_000_000, -86_400_000_000, 3_600_000_000, 90_061_000_001, -1_500_000, 31_536_000_000_000, 9_007_199_254_740_993,
    ]

    init(things count: Int, groups groupCount: Int, random: inout SeededRandom) {
        for number in 0..<groupCount {
            groups.append([
                "id": .guid(Lab.id(number, group: true)), "label": Self.text(&random), "size": Self.integer(&random),
                "head_id": random.oneIn(2) ? .null : .guid(Lab.id(Int.random(in: 0..<count, using: &random))),
                "deleted_at": random.oneIn(6) ? "2024-05-06T07:08:09Z" : .null,
            ])
        }
        for number in 0..<count { addThing(number, of: count, groupCount, &random) }
    }

    private mutating func addThing(_ number: Int, of count: Int, _ groupCount: Int, _ random: inout SeededRandom) {
        let id = Value.guid(Lab.id(number))
        var row: [String: Value] = ["id": id]
        row["name"] = Self.text(&random)
        row["title"] = Self.text(&random)
        row["note"] = Self.text(&random)
        row["homepage"] = Self.text(&random)
        row["code"] = .string("c\(number)")
        row["count"] = Self.integer(&random)
        row["ratio"] = Self.decimal(&random)
        row["amount"] = Self.decimal(&random)
        row["amount_currency"] = row["amount"] == .null ? .null : "EUR"
        row["active"] = random.oneIn(4) ? .null : .bool(random.oneIn(2))
        row["day"] = random.oneIn(5) ? .null : .date(CalendarDate(daysSinceEpoch: random.pick(Self.days)))
        row["moment"] = random.oneIn(5) ? .null : .dateTime(DateTime(microseconds: random.pick(Self.moments)))
        row["span"] = random.oneIn(5) ? .null : .duration(DayTimeDuration(microseconds: random.pick(Self.spans)))
        row["colour"] = random.oneIn(4) ? .null : .string(random.pick(["red", "green", "blue"]))
        row["colours"] = .collection(["red", "green", "blue"].filter { _ in random.oneIn(2) }.map { .string($0) })
        row["tags"] = .collection((0..<Int.random(in: 0..<4, using: &random)).map { _ in .string(random.pick(Self.texts)) })
        for member in ["street", "city", "region", "postal_code", "country"] {
            row["place_\(member)"] = random.oneIn(2) ? .null : Self.text(&random)
        }
        if random.oneIn(3) { for member in ["street", "city", "region", "postal_code", "country"] { row["place_\(member)"] = .null } }
        row["parent_id"] = random.oneIn(2) || number == 0 ? .null : .guid(Lab.id(Int.random(in: 0..<number, using: &random)))
        row["group_id"] = random.oneIn(3) ? .null : .guid(Lab.id(Int.random(in: 0..<groupCount, using: &random), group: true))
        if random.oneIn(2) {
            let isGroup = random.oneIn(2)
            row["subject_type"] = .string(isGroup ? "lab.group" : "lab.thing")
            row["subject_id"] = .guid(Lab.id(Int.random(in: 0..<(isGroup ? groupCount : count), using: &random), group: isGroup))
        }
        row["extra"] = random.oneIn(2) ? .null : .complex(["a": 1])
        row["deleted_at"] = random.oneIn(8) ? "2024-05-06T07:08:09Z" : .null
        addLists(of: id, to: &row, groupCount, &random)
        things.append(row)
    }

    private mutating func addLists(of id: Value, to row: inout [String: Value], _ groupCount: Int, _ random: inout SeededRandom) {
        for position in 0..<Int.random(in: 0..<3, using: &random) {
            let address = "\(random.pick(["ann", "Ann", "bob", "Zoë", "ZOË"]))\(Int.random(in: 0..<5, using: &random))@x\(position).org"
            emails.append([
                "record_id": id, "position": .integer(Int64(position)), "address": .string(address),
                "normalised": .string(CaseMapping.lowercased(address)),
                "kind": random.oneIn(3) ? .null : .string(random.pick(["work", "home"])), "is_primary": .bool(position == 0),
                "opted_out": .bool(random.oneIn(3)), "invalid": .bool(random.oneIn(4)),
            ])
            if position == 0 { row["primary_email"] = .string(address) }
        }
        for position in 0..<Int.random(in: 0..<3, using: &random) {
            let digits = "47\(position)\(Int.random(in: 0..<9, using: &random))"
            let number = random.oneIn(2) ? "+\(digits)" : "+\(digits.prefix(2)) \(digits.dropFirst(2))"
            phones.append([
                "record_id": id, "position": .integer(Int64(position)), "number": .string(number), "normalised": .string(digits),
                "extension": random.oneIn(2) ? .null : "12", "kind": random.oneIn(2) ? .null : "work", "is_primary": .bool(position == 0),
                "invalid": .bool(random.oneIn(4)),
            ])
            if position == 0 { row["primary_phone"] = .string(number) }
        }
        for group in 0..<groupCount where random.oneIn(groupCount / 2 + 1) {
            let fee = Self.decimal(&random)
            links.append([
                "source_id": id, "target_id": .guid(Lab.id(group, group: true)), "is_primary": .bool(false), "role": Self.text(&random),
                "since": random.oneIn(2) ? .null : .date(CalendarDate(daysSinceEpoch: random.pick(Self.days))), "fee": fee,
                "fee_currency": fee == .null ? .null : "EUR",
            ])
        }
    }

    private static func text(_ random: inout SeededRandom) -> Value { random.oneIn(5) ? .null : .string(random.pick(texts)) }
    private static func integer(_ random: inout SeededRandom) -> Value { random.oneIn(5) ? .null : .integer(random.pick(integers)) }
    private static func decimal(_ random: inout SeededRandom) -> Value {
        random.oneIn(5) ? .null : .decimal(DecimalNumber(coefficient: random.pick(decimals), scale: 4)!)
    }

    func store(in lab: Lab) async throws {
        // Foreign keys go round in circles here.
        try await lab.database.execute("ALTER TABLE lab.group DROP CONSTRAINT group__head_id__fkey")
        try await lab.insert(lab.group, groups)
        try await lab.insert(lab.thing, things)
        for (field, rows) in [("emails", emails), ("phones", phones), ("groups", links)] {
            guard let table = lab.thing.field(field).flatMap({ lab.thing.childTable(of: $0) }) else { continue }
            try await lab.insert(into: table.name, rows)
        }
        try await lab.database.execute("ANALYZE")
    }

    // MARK: Images

    /// The records that lists show, as evaluation in memory sees them, with links followed so many times.
    func images(depth: Int) -> [(id: GUID, values: RecordValues)] {
        things.compactMap { row in
            guard row["deleted_at"] == .null, case .guid(let id)? = row["id"] else { return nil }
            return (id, RecordValues(image(ofThing: row, depth: depth)))
        }
    }

    private func image(ofThing row: [String: Value], depth: Int) -> [String: Value] {
        var image = standard(row)
        let id = row["id"] ?? .null
        var place: [String: Value] = [:]
        for member in ["street", "city", "region", "postal_code", "country"] { place[member] = row["place_\(member)"] ?? .null }
        image["place"] = place.values.allSatisfy(\.isNull) ? .null : .complex(place)
        image["emails"] = .collection(emails.filter { $0["record_id"] == id }.map { .complex($0) })
        image["phones"] = .collection(phones.filter { $0["record_id"] == id }.map { .complex($0) })
        guard depth > 0 else { return image }
        image["parent"] = thing(row["parent_id"], depth: depth - 1)
        image["group"] = group(row["group_id"], depth: depth - 1)
        let children = things.filter { $0["parent_id"] == id && $0["deleted_at"] == .null }
        image["children"] = .collection(children.map { .complex(self.image(ofThing: $0, depth: depth - 1)) })
        image["groups"] = .collection(
            links.filter { $0["source_id"] == id }.compactMap { link in
                guard case .complex(var target) = group(link["target_id"], depth: depth - 1) else { return nil }
                target["_link"] = .complex(link)
                return .complex(target)
            })
        let isGroup = row["subject_type"] == "lab.group"
        let subject = isGroup ? group(row["subject_id"], depth: depth - 1) : thing(row["subject_id"], depth: depth - 1)
        if case .complex(var target) = subject {
            target["@type"] = row["subject_type"]
            image["subject"] = .complex(target)
        }
        return image
    }

    private func image(ofGroup row: [String: Value], depth: Int) -> [String: Value] {
        var image = standard(row)
        let id = row["id"] ?? .null
        guard depth > 0 else { return image }
        image["head"] = thing(row["head_id"], depth: depth - 1)
        let members = things.filter { $0["group_id"] == id && $0["deleted_at"] == .null }
        image["things"] = .collection(members.map { .complex(self.image(ofThing: $0, depth: depth - 1)) })
        image["members"] = .collection(
            links.filter { $0["target_id"] == id }.compactMap { link in
                guard case .complex(var source) = thing(link["source_id"], depth: depth - 1) else { return nil }
                source["_link"] = .complex(link)
                return .complex(source)
            })
        return image
    }

    private func standard(_ row: [String: Value]) -> [String: Value] {
        var image = row
        image["version"] = 1
        image["created_at"] = .dateTime(DateTime("2024-01-02T03:04:05Z")!)
        image["updated_at"] = .dateTime(DateTime("2024-01-02T03:04:05.678Z")!)
        for name in ["created_by", "updated_by", "owner_id"] { image[name] = .guid(Lab.principal) }
        return image
    }

    private func thing(_ id: Value?, depth: Int) -> Value {
        guard let row = things.first(where: { $0["id"] == id }), row["deleted_at"] == .null else { return .null }
        return .complex(image(ofThing: row, depth: depth))
    }

    private func group(_ id: Value?, depth: Int) -> Value {
        guard let row = groups.first(where: { $0["id"] == id }), row["deleted_at"] == .null else { return .null }
        return .complex(image(ofGroup: row, depth: depth))
    }
}
