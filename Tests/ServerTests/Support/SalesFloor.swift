import QueryLanguage
import Testing

@testable import Server

/// Two sales teams under one manager, with records of each.
struct SalesFloor: Sendable {
    static let manifest = """
        manifest: 1
        id: sales
        version: "1.0.0"
        name: Sales
        platform: ">=0.1 <1.0"
        run: { mode: data }
        types:
          region:
            collection: regions
            label: Region
            display: name
            fields:
              name: { type: text, label: Name, required: true, unique: true, search: high }
          account:
            collection: accounts
            label: Account
            label_plural: Accounts
            display: name
            fields:
              name: { type: text, label: Name, required: true, search: high }
              code: { type: text, label: Code, unique: true }
              size: { type: integer, label: Size }
              margin: { type: money, label: Margin }
              notes: { type: long_text, label: Notes, search: low }
              mails: { type: emails, label: Mails }
              labels: { type: tags, label: Labels }
              offer: { type: file, label: Offer }
              number: { type: auto_number, label: Number, pattern: "A-{0000}" }
              holding: { type: link, label: Holding, to: account, inverse: branches, on_delete: restrict }
              ceiling: { type: integer, label: Ceiling, unique: true }
              reason: { type: text, label: Reason, required_when: "ceiling eq 600" }
              terms: { type: text, label: Terms, read_only_when: "ceiling eq 600" }
              region: { type: link, label: Region, to: region, inverse: accounts }
              seats: { type: links, label: Seats, to: region, inverse: seated, primary: region }
              parent: { type: link, label: Parent, to: account, inverse: subsidiaries, on_delete: clear }
              partners: { type: links, label: Partners, to: account, inverse: partner_of }
            rules:
              - { id: below, check: "size le ceiling", message: The size is above the ceiling., fields: [ceiling] }
              - { id: unlucky, check: "size ne 13 or ceiling ne 600", message: Thirteen goes with no ceiling of 600., fields: [size] }
          visit:
            collection: visits
            label: Visit
            display: subject
            inherits: account
            fields:
              subject: { type: text, label: Subject, required: true, search: high }
              cost: { type: integer, label: Cost }
              report: { type: file, label: Report }
              account: { type: link, label: Account, to: account, required: true, inverse: visits, on_delete: cascade }
          secret:
            collection: secrets
            label: Secret
            display: name
            fields:
              name: { type: text, label: Name }
        views:
          by_margin: { type: account, label: By margin, columns: [name, margin], order: margin desc }
        roles:
          rep:
            label: Sales representative
            grants:
              account:
                read: own
                create: own
                update: own
                delete: own
                fields:
                  margin: { read: none }
                  ceiling: { read: none }
                  code: { update: none }
                  region: { update: none }
              visit: { fields: { cost: { read: none } } }
              region: { read: all }
          manager:
            label: Sales manager
            grants:
              account: { read: subtree, create: subtree, update: subtree, delete: subtree, share: subtree }
              region: { read: all }
          colleague:
            label: Colleague
            grants:
              account: { read: team }
              region: { read: all }
          maker:
            label: Maker
            grants:
              account: { read: own, create: own, update: own, delete: own, purge: own }
          solo:
            label: Solo
            grants:
              account: { read: team, update: team, bulk: none }
          guest:
            label: Guest
            grants:
              account:
                read: all
                update: all
                fields:
                  margin: { read: own }
                  notes: { read: own, update: own }
                  mails: { read: own }
                  labels: { read: own }
                  parent: { read: own }
                  partners: { read: own }
                  region: { read: own }
                  ceiling: { read: own }
              region: { read: all }
          auditor:
            label: Auditor
            may: [audit]
            grants:
              account: { read: team, fields: { margin: { read: none } } }
          typist:
            label: Typist
            grants:
              account: { read: own, create: own, import: none }
          helper:
            label: Helper
            grants:
              account: { read: shared, update: shared, delete: shared }
              region: { read: all }
          reader:
            label: Reader
            grants:
              account: { read: all, create: all, update: own }
              region: { read: all }
        """

    struct Person: Sendable {
        var id: String
        var headers: [String: String]
    }

    let host: TestHost
    /// In the north, in the south; both below `sales`.
    let (anna, ben, mia): (Person, Person, Person)
    let (sales, north, south): (String, String, String)
    /// One account of each rep.
    let (annas, bens): (String, String)

    static func with<R: Sendable>(_ body: @Sendable (SalesFloor) async throws -> R) async throws -> R {
        try await TestHost.with(["sales": manifest]) { host in
            let sales = try await host.create("teams", #"{"name": "Sales"}"#)
            let north = try await host.create("teams", #"{"name": "North", "parent_id": "\#(sales)"}"#)
            let south = try await host.create("teams", #"{"name": "South", "parent_id": "\#(sales)"}"#)
            let anna = try await person(host, "Anna", teams: [north], roles: ["sales.rep"])
            let ben = try await person(host, "Ben", teams: [south], roles: ["sales.rep"])
            let mia = try await person(host, "Mia", teams: [sales], roles: ["sales.manager"])
            let annas = try await make(host, anna, #"{"name": "Acme North", "size": 10}"#)
            let bens = try await make(host, ben, #"{"name": "Acme South", "size": 20}"#)
            for (id, code) in [(annas, "N1"), (bens, "S1")] {
                let rest =
                    #"{"code": "\#(code)", "margin": 7, "notes": "quiet \#(code)", "labels": ["red"], "mails": [{"address": "\#(code)@example.com"}]}"#
                let answer = try await host.send("PATCH", "/api/accounts(\(id))", body: rest)
                try #require(answer.status == 204, "\(answer.text)")
            }
            return try await body(
                SalesFloor(
                    host: host, anna: anna, ben: ben, mia: mia, sales: sales, north: north, south: south, annas: annas, bens: bens))
        }
    }

    /// A user with a token.
    static func person(_ host: TestHost, _ name: String, teams: [String] = [], roles: [String] = []) async throws -> Person {
        func list(_ items: [String]) -> String { "[" + items.map { "\"\($0)\"" }.joined(separator: ",") + "]" }
        let id = try await host.create("users", #"{"name": "\#(name)", "teams": \#(list(teams)), "roles": \#(list(roles))}"#)
        let token = try await host.tokens.issue(for: try #require(GUID(id)), label: name)
        return Person(id: id, headers: ["authorization": "Bearer \(token.text)"])
    }

    static func make(_ host: TestHost, _ person: Person, _ body: String) async throws -> String {
        let answer = try await host.send("POST", "/api/accounts", headers: person.headers, body: body)
        try #require(answer.status == 201, "\(answer.text)")
        let id = try #require(JSONExtract.member("id", of: answer.body))
        return String(decoding: id.dropFirst().dropLast(), as: UTF8.self)
    }

    func send(
        _ person: Person, _ method: String, _ url: String, _ headers: [String: String] = [:], body: String? = nil
    ) async throws -> TestConnection.Answer {
        try await host.send(method, url, headers: headers.merging(person.headers) { _, own in own }, body: body)
    }

    func get(_ person: Person, _ url: String) async throws -> String { try await send(person, "GET", url).text }
}
