import QueryLanguage
import Records

/// Made-up people and organisations: the same row for the same seed and number, always.
struct SeedRows {
    let seed: UInt64
    let organisations: Int

    /// Only these first organisations have subsidiaries, so that they can be written before them.
    var parents: Int { min(organisations, 1 + organisations / 10) }

    func organisation(_ row: Int) -> RecordInput {
        var random = SeedRandom(seed: seed &+ 1, row: row)
        let name =
            "\(random.pick(SeedWords.lastNames)) \(random.pick(SeedWords.industries)) \(random.pick(SeedWords.companyTails)) \(row + 1)"
        let place = SeedWords.cities[Int(random.next() % UInt64(SeedWords.cities.count))]
        var values: [String: Value] = [
            "id": .guid(organisationID(row)),
            "name": .string(name),
            "website": .string("https://org\(row + 1).example.com"),
            "industry": .string(random.pick(SeedWords.industries)),
            "kind": .string(random.skewed(["prospect", "customer", "partner", "supplier"])),
            "employees": .integer(Int64(1 + random.next() % 5000)),
            "billing_address": address(&random, place),
            "tags": tags(&random),
        ]
        if random.chance(60) {
            values["revenue"] = .decimal(DecimalNumber(coefficient: Int64(random.next() % 100_000_000_00), scale: 2) ?? .zero)
            values["revenue_currency"] = .string("USD")
        }
        if row >= parents, random.chance(15) { values["parent_id"] = .guid(organisationID(Int(random.next() % UInt64(parents)))) }
        return RecordInput(values)
    }

    func person(_ row: Int) -> RecordInput {
        var random = SeedRandom(seed: seed, row: row)
        let first = random.skewed(SeedWords.firstNames)
        let last = random.skewed(SeedWords.lastNames)
        let place = SeedWords.cities[Int(random.next() % UInt64(SeedWords.cities.count))]
        let mail = "\(Self.ascii(first)).\(Self.ascii(last)).\(row + 1)@\(random.pick(SeedWords.mailDomains))"
        var values: [String: Value] = [
            "id": .guid(Self.personID(row)),
            "first_name": .string(first),
            "last_name": .string(last),
            "job_title": .string(random.pick(SeedWords.jobTitles)),
            "department": .string(random.pick(SeedWords.departments)),
            "emails": .collection([.complex(["address": .string(mail), "kind": .string("work")])]),
            "lifecycle": .string(random.skewed(["contact", "lead", "customer", "subscriber"])),
            "do_not_email": .bool(random.chance(5)),
        ]
        if random.chance(80) { values["address"] = address(&random, place) }
        if random.chance(70) {
            let number = "\(place.dial) \(100_000 + random.next() % 900_000)"
            values["phones"] = .collection([.complex(["number": .string(number), "kind": .string("mobile")])])
        }
        if random.chance(40) { values["birthday"] = .date(CalendarDate(daysSinceEpoch: Int32(random.next() % 16_000) - 7_000)) }
        if random.chance(30) { values["tags"] = tags(&random) }
        if organisations > 0, random.chance(85) {
            values["organisation_id"] = .guid(organisationID(Int(random.next() % UInt64(organisations))))
        }
        return RecordInput(values)
    }

    /// `018bcfe5-6800-7000-8000-` and the row in hexadecimal: a benchmark can name any person without asking for its id first.
    static func personID(_ row: Int) -> GUID {
        GUID(high: 0x018b_cfe5_6800_7000, low: 0x8000_0000_0000_0000 | UInt64(row))
    }

    /// Known from its number, so that people can be linked without looking anything up.
    func organisationID(_ row: Int) -> GUID {
        var random = SeedRandom(seed: seed &+ 2, row: row)
        let moment: UInt64 = 1_700_000_000_000 &+ UInt64(row)
        return GUID(high: (moment << 16) | 0x7000 | (random.next() & 0xFFF), low: (random.next() >> 2) | 0x8000_0000_0000_0000)
    }

    private func address(_ random: inout SeedRandom, _ place: (city: String, postalCode: String, country: String, dial: String)) -> Value {
        .complex([
            "street": .string("\(1 + random.next() % 200) \(random.pick(SeedWords.streets))"), "city": .string(place.city),
            "postal_code": .string(place.postalCode), "country": .string(place.country),
        ])
    }

    private func tags(_ random: inout SeedRandom) -> Value {
        .collection(Set((0..<(1 + random.next() % 3)).map { _ in random.pick(SeedWords.tags) }).sorted().map { .string($0) })
    }

    private static func ascii(_ name: String) -> String {
        String(String.UnicodeScalarView(name.lowercased().unicodeScalars.filter { $0.value >= 0x61 && $0.value <= 0x7A }))
    }
}
