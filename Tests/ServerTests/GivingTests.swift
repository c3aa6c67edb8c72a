import Jobs
import Postgres
import Principals
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Server

/// Giving records away, sharing them, and what becomes of both when somebody leaves.
@Suite("Giving and leaving")
struct GivingTests {
    /// Roles over the API, so that each test says what it is about.
    private func role(_ floor: SalesFloor, _ id: String, _ account: String) async throws {
        let body = #"{"id": "\#(id)", "grants": {"sales.account": \#(account), "sales.region": {"read": "all"}}}"#
        let answer = try await floor.host.send("POST", "/api/roles", body: body)
        try #require(answer.status == 201, "\(answer.text)")
    }

    private func share(
        _ floor: SalesFloor, _ person: SalesFloor.Person?, _ grantee: String, _ level: String, until end: String? = nil
    ) async throws -> TestConnection.Answer {
        let more = end.map { #", "ends_at": "\#($0)""# } ?? ""
        let body = #"{"record_id": "\#(floor.annas)", "grantee_id": "\#(grantee)", "level": "\#(level)"\#(more)}"#
        return try await floor.host.send("POST", "/api/shares", headers: person?.headers ?? [:], body: body)
    }

    private func owner(_ floor: SalesFloor, _ id: String) async throws -> String {
        let rows = try await floor.host.lab.client.query("SELECT owner_id::text FROM sales.account WHERE id::text = \(bind: id)").rows
        return try #require(rows.first).decode(String.self, 0)
    }

    // MARK: Purging

    @Test("a share lets nobody purge, and a purge that is refused changes nothing")
    func purge() async throws {
        try await SalesFloor.with { floor in
            try await role(floor, "purger", #"{"read": "shared", "update": "shared", "delete": "shared", "purge": "shared"}"#)
            let pat = try await SalesFloor.person(floor.host, "Pat", roles: ["purger"])
            #expect(
                try await floor.host.send("PATCH", "/api/accounts(\(floor.bens))", body: #"{"parent_id": "\#(floor.annas)"}"#).status == 204
            )
            #expect(try await share(floor, nil, pat.id, "manage").status == 204)
            let before = try await floor.host.send("GET", "/api/accounts(\(floor.bens))").text
            let refused = try await floor.send(pat, "POST", "/api/accounts(\(floor.annas))/purge")
            #expect(refused.status == 403, "\(refused.text)")
            #expect(try await floor.host.send("GET", "/api/accounts(\(floor.bens))").text == before)
            #expect(try await floor.host.send("GET", "/api/shares(\(floor.annas))").text.contains(pat.id))
            #expect(
                try await floor.host.send("GET", "/api/access(\(floor.annas))/\(pat.id)").text.contains(
                    #""action":"purge","allowed":false"#))
            let own = try await SalesFloor.make(floor.host, try await maker(floor), #"{"name": "Own"}"#)
            #expect(try await floor.host.send("GET", "/api/accounts(\(own))").status == 200)
        }
    }

    private func maker(_ floor: SalesFloor) async throws -> SalesFloor.Person {
        try await SalesFloor.person(floor.host, "Mo", roles: ["sales.maker"])
    }

    // MARK: Another owner

    @Test("who may only change a record by a share doesn't take it away from its owner")
    func takingAway() async throws {
        try await SalesFloor.with { floor in
            let record = "/api/accounts(\(floor.annas))"
            try await role(floor, "sharer", #"{"read": "shared", "create": "shared", "update": "shared", "delete": "shared"}"#)
            let sue = try await SalesFloor.person(floor.host, "Sue", roles: ["sharer"])
            let mine = #"{"owner_id": "\#(sue.id)"}"#
            #expect(try await share(floor, nil, sue.id, "update").status == 204)
            #expect(try await floor.send(sue, "PATCH", record, body: #"{"size": 12}"#).status == 204)
            let refused = try await floor.send(sue, "PATCH", record, body: mine)
            #expect(refused.status == 403, "\(refused.text)")
            #expect(try await owner(floor, floor.annas) == floor.anna.id)
            let why = try await floor.host.send("GET", "/api/access(\(floor.annas))/\(sue.id)").text
            #expect(why.contains(#""action":"assign","allowed":false"#), "\(why)")
            // Whoever manages it may, to whom the role lets them make an owner: nobody else than themselves.
            #expect(try await share(floor, nil, sue.id, "manage").status == 204)
            #expect(try await floor.send(sue, "PATCH", record, body: #"{"owner_id": "\#(floor.ben.id)"}"#).status == 403)
            #expect(try await floor.send(sue, "PATCH", record, body: mine).status == 204)
            #expect(try await owner(floor, floor.annas) == sue.id)
        }
    }

    @Test("a role that changes others' records takes none of them over, unless it assigns them too")
    func takingOver() async throws {
        try await SalesFloor.with { floor in
            let record = "/api/accounts(\(floor.annas))"
            try await role(floor, "mate", #"{"read": "team", "create": "own", "update": "team", "fields": {"notes": {"read": "own"}}}"#)
            try await role(floor, "heir", #"{"read": "team", "create": "own", "update": "team", "assign": "team"}"#)
            let max = try await SalesFloor.person(floor.host, "Max", teams: [floor.north], roles: ["mate"])
            let body = #"{"owner_id": "\#(max.id)", "size": 5}"#
            #expect(try await floor.send(max, "PATCH", record, body: body).status == 403)
            #expect(!(try await floor.get(max, record)).contains("quiet"))
            #expect(try await floor.host.send("PATCH", "/api/users(\(max.id))", body: #"{"roles": ["heir"]}"#).status == 200)
            #expect(try await floor.send(max, "PATCH", record, body: body).status == 204)
            #expect(try await owner(floor, floor.annas) == max.id)
            // Out of the team it doesn't go.
            #expect(try await floor.send(max, "PATCH", record, body: #"{"owner_id": "\#(floor.ben.id)"}"#).status == 403)
        }
    }

    @Test("who made a record has a part in it that a condition names, whoever owns it")
    func creator() async throws {
        try await SalesFloor.with { floor in
            let grant =
                #"{"read": "own", "create": "all", "update": "own", "allow": {"made": {"when": "created_by eq $user/id", "actions": ["read", "update"]}}}"#
            try await role(floor, "scout", grant)
            let sam = try await SalesFloor.person(floor.host, "Sam", roles: ["scout"])
            let id = try await SalesFloor.make(floor.host, sam, #"{"name": "Found", "owner_id": "\#(floor.ben.id)"}"#)
            #expect(try await floor.get(sam, "/api/accounts?select=name").contains("Found"))
            #expect(try await floor.send(sam, "PATCH", "/api/accounts(\(id))", body: #"{"size": 3}"#).status == 204)
            #expect(try await floor.send(sam, "GET", "/api/accounts(\(floor.bens))").status == 404)
            // A part in it isn't owning it.
            #expect(try await floor.send(sam, "DELETE", "/api/accounts(\(id))").status == 403)
            #expect(try await owner(floor, id) == floor.ben.id)
        }
    }

    @Test("a batch is single requests: what asks for the right to change many is one request that does")
    func batch() async throws {
        try await SalesFloor.with { floor in
            let solo = try await SalesFloor.person(floor.host, "Solo", teams: [floor.north], roles: ["sales.solo"])
            let other = try await floor.host.create("accounts", #"{"name": "Second", "owner_id": "\#(floor.anna.id)"}"#)
            let requests = [floor.annas, other].map {
                #"{"id": "\#($0)", "method": "PATCH", "url": "accounts(\#($0))", "body": {"size": 7}}"#
            }
            let batch = try await floor.send(solo, "POST", "/api/$batch", body: #"{"requests": [\#(requests.joined(separator: ","))]}"#)
            #expect(batch.text.split(separator: "\"status\":204").count == 3, "\(batch.text)")
            let each = try await floor.send(solo, "PATCH", "/api/accounts/$each?filter=true", body: #"{"size": 8}"#)
            #expect(each.status == 403, "\(each.text)")
        }
    }

    // MARK: Shares

    @Test("nobody gives for longer than they have, nor more, and what somebody else gave isn't lowered by giving again")
    func outlasting() async throws {
        try await SalesFloor.with { floor in
            let (near, far) = ("2099-01-01T00:00:00Z", "2099-06-01T00:00:00Z")
            let sharing = #"{"read": "shared", "create": "shared", "update": "shared", "delete": "shared", "share": "shared"}"#
            try await role(floor, "sharer", sharing)
            let sue = try await SalesFloor.person(floor.host, "Sue", roles: ["sharer"])
            let tom = try await SalesFloor.person(floor.host, "Tom", roles: ["sharer"])
            #expect(try await share(floor, nil, sue.id, "manage", until: near).status == 204)
            for grantee in [sue.id, tom.id] {
                for end in [nil, far] {
                    let refused = try await share(floor, sue, grantee, "manage", until: end)
                    #expect(refused.status == 403 && refused.text.contains("ends_at"), "\(refused.text)")
                }
            }
            #expect(try await share(floor, sue, tom.id, "manage", until: near).status == 204)
            // Whose share is higher or longer stays so, until it is ended.
            #expect(try await share(floor, nil, tom.id, "manage").status == 204)
            let lower = try await share(floor, sue, tom.id, "read", until: near)
            #expect(lower.status == 403 && lower.text.contains("principals.forbidden"), "\(lower.text)")
            let held = try await floor.host.lab.client.query(
                "SELECT level, ends_at IS NULL FROM tessera.share WHERE grantee_id::text = \(bind: tom.id)")
            #expect(try held.first?.decode(Int64.self, 0) == 3 && held.first?.decode(Bool.self, 1) == true)
            // The owner's manager shares as they like; what one gave oneself may be less.
            #expect(try await share(floor, floor.mia, sue.id, "manage").status == 204)
            #expect(try await share(floor, floor.mia, sue.id, "read").status == 204)
            #expect(try await share(floor, sue, sue.id, "update").status == 403)
        }
    }

    @Test("who doesn't delete neither gives to be managed nor ends what somebody else gave so")
    func ending() async throws {
        try await SalesFloor.with { floor in
            try await role(floor, "teller", #"{"read": "team", "share": "team"}"#)
            let ted = try await SalesFloor.person(floor.host, "Ted", teams: [floor.north], roles: ["teller"])
            let hal = try await SalesFloor.person(floor.host, "Hal", roles: ["sales.helper"])
            let path = "/api/shares(\(floor.annas))/\(hal.id)"
            #expect(try await share(floor, ted, hal.id, "manage").status == 403)
            #expect(try await share(floor, ted, hal.id, "read").status == 204)
            #expect(try await floor.send(ted, "DELETE", path).status == 204)
            #expect(try await share(floor, floor.mia, hal.id, "manage").status == 204)
            #expect(try await floor.send(ted, "DELETE", path).status == 403)
            #expect(try await floor.send(floor.mia, "DELETE", path).status == 204)
        }
    }

    // MARK: Leaving

    @Test("a token of somebody deactivated is refused at once by the server that did it, also one that it has just let in")
    func tokens() async throws {
        try await SalesFloor.with { floor in
            for person in [floor.anna, floor.ben] {
                #expect(try await floor.send(person, "GET", "/api/accounts").status == 200)
                #expect(try await floor.host.send("POST", "/api/users(\(person.id))/deactivate", body: "{}").status == 200)
                for url in ["/api/accounts", "/api/me", "/api/$batch"] {
                    let answer = try await floor.send(
                        person, url == "/api/$batch" ? "POST" : "GET", url, body: url == "/api/$batch" ? "{}" : nil)
                    #expect(answer.status == 401, "\(url): \(answer.text)")
                }
            }
        }
    }

    @Test("background work of somebody deactivated never begins, or keeps no further step")
    func work() async throws {
        try await SalesFloor.with { floor in
            let anna = try #require(GUID(floor.anna.id))
            let access = Access(principal: anna, channel: .api)
            // Of a kind that no worker here takes up.
            let waiting = try await floor.host.jobs.enqueue(kind: "elsewhere", label: "waits", input: .null, access: access)
            let steps = WorkSteps(floor.host.lab.store, work: .version7(), of: anna)
            func rename(_ number: Int) async throws {
                _ = try await steps.once(number) { store in
                    _ = try await store.run("UPDATE sales.account SET size = 100 + \(raw: String(number)) WHERE code = 'S1'")
                    return PostgresJSON("null")
                }
            }
            try await rename(1)
            let end = "/api/users(\(floor.anna.id))/deactivate"
            #expect(try await floor.host.send("POST", end, body: #"{"hand_over_to": "\#(floor.ben.id)"}"#).status == 200)
            #expect(try await floor.host.jobs.find(waiting)?.state == .cancelled)
            let error = await #expect(throws: RecordsError.self) { try await rename(2) }
            #expect(error?.code == .forbidden)
            #expect(try await floor.get(floor.ben, "/api/accounts(\(floor.bens))").contains("\"size\":101"))
        }
    }

    @Test("a job goes by the rights that its sender has by the time of each step")
    func currentRights() async throws {
        try await SalesFloor.with { floor in
            let id = try #require(GUID(floor.anna.id))
            let principals = floor.host.principals
            let type = try #require(ApiModel(floor.host.lab.store.catalog).types["accounts"])
            let items = (0..<600).map { #"{"name": "Made \#($0)"}"# }.joined(separator: ",")
            let body = Array(#"{"operation": "create", "items": [\#(items)]}"#.utf8)
            let input = BulkJob.input(type, body: body, mode: .perItem, ieee754Compatible: false, isRehearsal: false)
            let access = try await principals.access(of: id, channel: .api)
            let run = JobRun(
                id: .version7(), label: "many", input: input, access: access,
                currentAccess: { try await principals.access(of: id, channel: .api) }, progress: { _ in }
            ) { progress in
                guard progress.done == 500 else { return }
                let answer = try await floor.host.send("PATCH", "/api/users(\(floor.anna.id))", body: #"{"roles": ["sales.reader"]}"#)
                #expect(answer.status == 200, "\(answer.text)")
                _ = try await floor.host.send("PATCH", "/api/users(\(floor.anna.id))", body: #"{"roles": []}"#)
            }
            await #expect(throws: (any Error).self) { _ = try await BulkJob(floor.host.lab.store).run(run) }
            let made = try await floor.host.send("GET", "/api/accounts/$count?filter=startswith(name,'Made')").text
            #expect(made == "500", "\(made)")
        }
    }

    @Test("nobody who was deactivated becomes an owner, by whatever way")
    func endedOwners() async throws {
        try await SalesFloor.with { floor in
            let host = floor.host
            let gone = #"{"owner_id": "\#(floor.ben.id)"}"#
            #expect(try await floor.send(floor.ben, "DELETE", "/api/accounts(\(floor.bens))").status == 204)
            let kept = try await host.create("accounts", #"{"name": "Kept", "owner_id": "\#(floor.ben.id)"}"#)
            #expect(try await host.send("POST", "/api/users(\(floor.ben.id))/deactivate", body: "{}").status == 200)
            for (method, url, body) in [
                ("PATCH", "/api/accounts(\(floor.annas))", gone),
                ("POST", "/api/accounts", #"{"name": "New", "owner_id": "\#(floor.ben.id)"}"#),
            ] {
                let refused = try await host.send(method, url, body: body)
                #expect(refused.status == 400 && refused.text.contains(#""target":"owner_id""#), "\(refused.text)")
            }
            // What is theirs still can be sent back as it was read.
            #expect(try await host.send("PATCH", "/api/accounts(\(kept))", body: gone).status == 204)
            // Who restores a deleted record of theirs has it, if their role assigns such records to them.
            try await role(floor, "restorer", #"{"read": "team", "restore": "team", "create": "own"}"#)
            let rob = try await SalesFloor.person(host, "Rob", teams: [floor.south], roles: ["restorer"])
            let restore = "/api/accounts(\(floor.bens))/restore"
            #expect(try await floor.send(rob, "POST", restore).status == 403)
            #expect(try await floor.send(floor.mia, "POST", restore).status < 300)
            #expect(try await owner(floor, floor.bens) == floor.mia.id)
        }
    }
}
