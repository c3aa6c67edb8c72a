import TestRandom

/// What a client writes next: every kind of write that the API has, on people of its own.
struct WritePlan: Sendable {
    let client: String
    let organisations: [String]
    private var random: SeededGenerator
    private var number = 0

    init(client: String, seed: UInt64, organisations: [String]) {
        self.client = client
        self.organisations = organisations
        random = SeededGenerator(seed: seed)
    }

    mutating func next(people: [String: WrittenPerson], ids: [String: String]) -> Attempt {
        number += 1
        let names = people.keys.sorted()
        let living = names.filter { people[$0]?.isDeleted == false }
        let deleted = names.filter { people[$0]?.isDeleted == true }
        let dice = random.next(below: 100)
        if dice < 25 || living.count < 4 { return create() }
        if dice < 30 { return createMany(.atomic) }
        if dice < 35 { return createMany(.itemByItem) }
        if dice < 40 { return changeMany(some(of: living), people, ids) }
        if dice < 43 { return upsertMany(some(of: living.filter { $0.hasPrefix("coded") }), people) }
        if dice < 45 { return deleteMany(some(of: living), people, ids) }
        if dice < 48, let name = random.pick(names), let id = ids[name] {
            return Attempt(method: "POST", path: "/api/people(\(id))/purge", body: "", after: [name: nil])
        }
        if dice < 53, let name = random.pick(deleted), var person = people[name], let id = ids[name] {
            person.version += 1
            person.isDeleted = false
            return Attempt(method: "POST", path: "/api/people(\(id))/restore", body: "", after: [name: person])
        }
        guard let name = random.pick(living), let person = people[name], let id = ids[name] else { return create() }
        if dice < 60 { return delete(name, person, id) }
        if dice < 70 { return changeLink(name, person, id) }
        if dice < 80 { return changeEmails(name, person, id) }
        return change(name, person, id)
    }

    // MARK: One record

    private mutating func create() -> Attempt {
        let (name, person, body) = made("single")
        let headers = random.next(below: 2) == 0 ? [:] : ["Prefer": "return=minimal"]
        return Attempt(method: "POST", path: "/api/people", body: "{\(body)}", headers: headers, after: [name: person])
    }

    /// Every fourth person is linked at once.
    private mutating func made(_ kind: String) -> (name: String, person: WrittenPerson, body: String) {
        number += 1
        let name = "\(kind)-\(client)-\(number)"
        var person = WrittenPerson(version: 1, title: "made \(number)", emails: mails(name))
        var body =
            #""first_name": "Written", "last_name": "\#(name)", "job_title": "\#(person.title)", "emails": \#(Self.list(person.emails))"#
        if random.next(below: 4) == 0, let organisation = random.pick(organisations) {
            person.roles = [organisation: "role \(number)"]
            body += #", "affiliations": [{"id": "\#(organisation)", "role": "role \#(number)"}]"#
        }
        return (name, person, body)
    }

    private mutating func change(_ name: String, _ person: WrittenPerson, _ id: String) -> Attempt {
        var after = person
        after.version += 1
        after.title = "changed \(number)"
        let headers = random.next(below: 2) == 0 ? [:] : ["If-Match": "W/\"\(person.version)\""]
        return Attempt(
            method: "PATCH", path: "/api/people(\(id))", body: #"{"job_title": "\#(after.title)"}"#, headers: headers, after: [name: after])
    }

    private mutating func changeEmails(_ name: String, _ person: WrittenPerson, _ id: String) -> Attempt {
        var after = person
        after.version += 1
        after.emails = mails("\(name)-\(number)")
        return Attempt(
            method: "PATCH", path: "/api/people(\(id))", body: #"{"emails": \#(Self.list(after.emails))}"#, after: [name: after])
    }

    private mutating func changeLink(_ name: String, _ person: WrittenPerson, _ id: String) -> Attempt {
        var after = person
        after.version += 1
        let organisation = random.pick(organisations) ?? ""
        let path = "/api/people(\(id))/affiliations"
        if after.roles.removeValue(forKey: organisation) != nil {
            return Attempt(method: "DELETE", path: "\(path)(\(organisation))/$ref", body: "", after: [name: after])
        }
        after.roles[organisation] = "role \(number)"
        return Attempt(
            method: "POST", path: "\(path)/$ref", body: #"{"@id": "organisations(\#(organisation))", "role": "role \#(number)"}"#,
            after: [name: after])
    }

    private func delete(_ name: String, _ person: WrittenPerson, _ id: String) -> Attempt {
        var after = person
        after.version += 1
        after.isDeleted = true
        return Attempt(method: "DELETE", path: "/api/people(\(id))", body: "", after: [name: after])
    }

    // MARK: Many

    private enum Mode { case atomic, itemByItem }

    /// Item by item, the last one can't be written.
    private mutating func createMany(_ mode: Mode) -> Attempt {
        let made = (0..<(3 + random.next(below: 8))).map { _ in self.made("many") }
        var items = made.map { "{\($0.body)}" }
        if mode == .itemByItem { items.append(#"{"last_nam": "nobody"}"#) }
        return bulk(
            "create", items, made.map(\.name), Dictionary(uniqueKeysWithValues: made.map { ($0.name, $0.person) }), mode: mode)
    }

    private mutating func changeMany(_ names: [String], _ people: [String: WrittenPerson], _ ids: [String: String]) -> Attempt {
        var after: [String: WrittenPerson?] = [:]
        var items: [String] = []
        for name in names {
            guard var person = people[name], let id = ids[name] else { continue }
            items.append(#"{"id": "\#(id)", "@etag": "W/\"\#(person.version)\"", "job_title": "together \#(number)"}"#)
            person.version += 1
            person.title = "together \(number)"
            after[name] = person
        }
        return bulk("update", items, names, after)
    }

    /// Some of them are there, some are not.
    private mutating func upsertMany(_ names: [String], _ people: [String: WrittenPerson]) -> Attempt {
        var after: [String: WrittenPerson?] = [:]
        var items: [String] = []
        for name in names {
            guard var person = people[name] else { continue }
            items.append(#"{"code": "\#(name)", "job_title": "upserted \#(number)"}"#)
            person.version += 1
            person.title = "upserted \(number)"
            after[name] = person
        }
        var order = names
        for _ in 0..<3 {
            let (name, person, body) = made("coded")
            items.append(#"{"code": "\#(name)", \#(body)}"#)
            after[name] = person
            order.append(name)
        }
        return bulk("upsert", items, order, after, mode: .itemByItem, extra: #""by": ["code"], "#)
    }

    private mutating func deleteMany(_ names: [String], _ people: [String: WrittenPerson], _ ids: [String: String]) -> Attempt {
        var after: [String: WrittenPerson?] = [:]
        for name in names {
            guard var person = people[name] else { continue }
            person.version += 1
            person.isDeleted = true
            after[name] = person
        }
        return bulk("delete", names.compactMap { ids[$0].map { "\"\($0)\"" } }, names, after)
    }

    private func bulk(
        _ operation: String, _ items: [String], _ names: [String], _ after: [String: WrittenPerson?], mode: Mode = .atomic,
        extra: String = ""
    ) -> Attempt {
        Attempt(
            method: "POST", path: "/api/people/bulk",
            body: #"{"operation": "\#(operation)", \#(extra)"items": [\#(items.joined(separator: ", "))]}"#,
            headers: mode == .atomic ? [:] : ["Prefer": "continue-on-error"], after: after, items: names, isAllOrNothing: mode == .atomic)
    }

    private mutating func some(of names: [String]) -> [String] {
        Array(names.shuffled(using: &random).prefix(2 + random.next(below: 6)))
    }

    private mutating func mails(_ name: String) -> [String] {
        (0...random.next(below: 2)).map { "\(name).\($0)@example.com" }
    }

    private static func list(_ mails: [String]) -> String {
        "[\(mails.map { #"{"address": "\#($0)"}"# }.joined(separator: ", "))]"
    }
}

extension SeededGenerator {
    mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func pick<T>(_ items: [T]) -> T? { items.isEmpty ? nil : items[next(below: items.count)] }
}
