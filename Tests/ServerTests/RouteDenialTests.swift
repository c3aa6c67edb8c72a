import JSONReading
import QueryLanguage
import Records
import Testing

@testable import Server

/// Every route with a request that a rep is denied, or that shows them nothing of another's, and that somebody with more rights is granted.
@Suite("Every route denies")
struct RouteDenialTests {
    private struct Case {
        var method = "GET"
        /// `ID` stands for the account of another rep, `FILE` for its file, `USER` for the other rep, `CHANGES` and `JOB` for work of the other.
        var url: String
        var headers: [String: String] = [:]
        var body: String?
        /// What the rep gets.
        var denied: Int
        /// What the administrator gets; nil where a thing would have to be there first.
        var granted: Int?
        /// What the administrator's answer holds and the rep's doesn't.
        var secret: String?
    }

    /// Open to everybody, or without records: these tell nothing that could be denied.
    private static let open: Set<Route> = [.health, .readiness, .serviceDocument, .me, .other]
    /// It never ends; LiveTests deny it.
    private static let lasting: Set<Route> = [.live]

    private static let cases: [Route: Case] = [
        .roles: Case(url: "/api/roles", denied: 403, granted: 200, secret: "sales.rep"),
        .role: Case(url: "/api/roles('sales.rep')", denied: 403, granted: 200, secret: "sales.rep"),
        .metrics: Case(url: "/metrics", denied: 403, granted: 200),
        .metadata: Case(url: "/api/$metadata", denied: 200, granted: 200, secret: "margin"),
        .openAPI: Case(url: "/api/openapi.json", denied: 200, granted: 200, secret: "margin"),
        .views: Case(url: "/api/views", denied: 200, granted: 200, secret: "by_margin"),
        .batch: Case(
            method: "POST", url: "/api/$batch", body: #"{"requests": [{"id": "1", "method": "GET", "url": "accounts"}]}"#, denied: 200,
            granted: 200, secret: "Acme South"),
        .search: Case(url: "/api/search?q=South", denied: 200, granted: 200, secret: "Acme South"),
        .collection: Case(url: "/api/accounts", denied: 200, granted: 200, secret: "Acme South"),
        .count: Case(url: "/api/accounts/$count?filter=name%20eq%20'Acme%20South'", denied: 200, granted: 200, secret: "1"),
        .bulk: Case(
            method: "POST", url: "/api/accounts/bulk", body: #"{"operation": "update", "items": [{"id": "ID", "size": 1}]}"#, denied: 404,
            granted: 200),
        .each: Case(
            method: "PATCH", url: "/api/accounts/$each?filter=name%20eq%20'Acme%20South'", body: #"{"size": 2}"#, denied: 200, granted: 200,
            secret: "\"succeeded\":1"),
        .record: Case(url: "/api/accounts(ID)", denied: 404, granted: 200),
        .property: Case(url: "/api/accounts(ID)/name", denied: 404, granted: 200),
        .stream: Case(url: "/api/accounts(ID)/offer/$value", denied: 404, granted: 200),
        .navigation: Case(url: "/api/accounts(ID)/partners", denied: 404, granted: 200),
        .reference: Case(url: "/api/accounts(ID)/partners/$ref", denied: 404, granted: 200),
        .action: Case(method: "POST", url: "/api/accounts(ID)/restore", denied: 404, granted: 204),
        .history: Case(url: "/api/accounts(ID)/history", denied: 404, granted: 200, secret: "\"changes\""),
        .events: Case(url: "/api/events", denied: 403, granted: 200, secret: "sales.account.created"),
        .eventStatus: Case(url: "/api/events/status", denied: 403, granted: 200, secret: "tessera.history"),
        .eventsAside: Case(url: "/api/events/aside", denied: 403, granted: 200),
        .eventOrders: Case(
            method: "POST", url: "/api/events/orders", body: #"{"subscription": "tessera.history", "action": "resume"}"#, denied: 403,
            granted: 200),
        .files: Case(method: "GET", url: "/api/files", denied: 405, granted: 405),
        .file: Case(url: "/api/files(FILE)", denied: 404, granted: 200),
        .content: Case(url: "/api/files(FILE)/$value", denied: 404, granted: 200),
        .changeSets: Case(url: "/api/change_sets", denied: 200, granted: 200, secret: "Of another"),
        .changeSet: Case(url: "/api/change_sets(CHANGES)", denied: 404, granted: 200),
        .changes: Case(url: "/api/change_sets(CHANGES)/changes", denied: 404, granted: 200, secret: "\"before\""),
        .undo: Case(method: "POST", url: "/api/change_sets(CHANGES)/undo?dry_run=true", denied: 404, granted: 200),
        .imports: Case(
            method: "POST", url: "/api/imports", body: #"{"collection": "accounts", "file_id": "FILE"}"#, denied: 400, granted: 202),
        .importPlan: Case(
            method: "POST", url: "/api/imports/plan", body: #"{"collection": "accounts", "file_id": "FILE"}"#, denied: 400, granted: 200),
        .jobs: Case(url: "/api/jobs", denied: 200, granted: 200, secret: "In the background"),
        .job: Case(url: "/api/jobs(JOB)", denied: 404, granted: 200),
        .jobStatus: Case(url: "/api/jobs(JOB)/status", denied: 404, granted: 200),
        // It has ended by then.
        .jobCancel: Case(method: "POST", url: "/api/jobs(JOB)/cancel", denied: 404, granted: 409),
        .users: Case(url: "/api/users", denied: 200, granted: 200, secret: "sales.rep"),
        .user: Case(url: "/api/users(USER)", denied: 403, granted: 200),
        .teams: Case(method: "POST", url: "/api/teams", body: #"{"name": "Mine"}"#, denied: 403, granted: 201),
        .team: Case(method: "PATCH", url: "/api/teams(TEAM)", body: #"{"name": "Renamed"}"#, denied: 403, granted: 200),
        .shares: Case(
            method: "POST", url: "/api/shares", body: #"{"record_id": "ID", "grantee_id": "USER"}"#, denied: 404, granted: 204),
        .sharesOf: Case(url: "/api/shares(ID)", denied: 404, granted: 200),
        .share: Case(method: "DELETE", url: "/api/shares(ID)/USER", denied: 404, granted: 204),
        .readers: Case(url: "/api/access(ID)", denied: 403, granted: 200),
        .explanation: Case(url: "/api/access(ID)/USER", denied: 403, granted: 200),
        // Last: it ends the other rep.
        .userEnd: Case(method: "POST", url: "/api/users(USER)/deactivate", body: "{}", denied: 403, granted: 200),
    ]

    /// A change set and a finished job of the other rep's.
    private static func work(_ floor: SalesFloor) async throws -> (changes: String, job: String) {
        let body =
            #"{"operation": "update", "items": [{"id": "\#(floor.bens)", "name": "Acme South"}, {"id": "\#(floor.bens)", "size": 21}]}"#
        let made = try await floor.send(floor.ben, "POST", "/api/accounts/bulk", ["tessera-change-set": "Of another"], body: body)
        let changes = try #require(try JSONReader.value(of: made.body)["change_set"]?.asText, "\(made.text)")
        let headers = ["prefer": "respond-async", "tessera-change-set": "In the background"]
        let begun = try await floor.send(floor.ben, "POST", "/api/accounts/bulk", headers, body: body)
        let job = String(try #require(begun.headers["location"], "\(begun.text)").dropLast().suffix(36))
        while try await floor.send(floor.ben, "GET", "/api/jobs(\(job))").status == 202 {}
        return (changes, job)
    }

    @Test("has a case for each route: what is denied to a rep is granted to an administrator")
    func routes() async throws {
        for route in Route.allCases where !Self.open.union(Self.lasting).contains(route) {
            #expect(Self.cases[route] != nil, "\(route.template) has no case of denial")
        }
        try await SalesFloor.with { floor in
            let sent = try await floor.send(
                floor.ben, "POST", "/api/files?name=offer.txt", ["content-type": "text/plain"], body: "an offer")
            let file = String(decoding: try #require(JSONExtract.member("id", of: sent.body)).dropFirst().dropLast(), as: UTF8.self)
            #expect(
                try await floor.send(floor.ben, "PATCH", "/api/accounts(\(floor.bens))", body: #"{"offer_id": "\#(file)"}"#).status == 204)
            let (changes, job) = try await Self.work(floor)
            try await floor.host.catchUp()
            func filled(_ text: String) -> String {
                text.replacing("CHANGES", with: changes).replacing("JOB", with: job).replacing("ID", with: floor.bens).replacing(
                    "FILE", with: file
                ).replacing("USER", with: floor.ben.id)
                    .replacing("TEAM", with: floor.south)
            }
            for route in Route.allCases.filter({ $0 != .userEnd }) + [.userEnd] {
                guard let row = Self.cases[route] else { continue }
                let (url, body) = (filled(row.url), row.body.map(filled))
                let denied = try await floor.send(floor.anna, row.method, url, row.headers, body: body)
                #expect(denied.status == row.denied, "\(row.method) \(row.url): \(denied.text)")
                if let secret = row.secret { #expect(!denied.text.contains(secret), "\(row.method) \(row.url): \(denied.text)") }
                guard let granted = row.granted else { continue }
                let answer = try await floor.host.send(row.method, url, headers: row.headers, body: body)
                #expect(answer.status == granted, "\(row.method) \(row.url): \(answer.text)")
                if let secret = row.secret { #expect(answer.text.contains(secret), "\(row.method) \(row.url): \(answer.text)") }
            }
        }
    }
}
