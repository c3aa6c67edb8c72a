import Dispatch
import Foundation
import Glibc
import TestRandom

/// A data folder, its server and its clients, through one kill after the other.
final class KillingGround {
    private enum Victim {
        case server, postmaster, session, both, importing
    }

    struct Sums: CustomStringConvertible {
        var rounds = 0
        var acknowledged = 0
        var inDoubt = 0
        var imports = 0
        var importsBroken = 0
        var rowsChecked = 0

        var description: String {
            "\(rounds) rounds, \(acknowledged) writes acknowledged, \(inDoubt) in doubt, \(importsBroken) of \(imports) imports broken off, "
                + "\(rowsChecked) rows checked"
        }
    }

    private let folder: DataFolder
    private let deployment: String
    private var server: RunningServer
    private var random: SeededGenerator
    private let clients: [WritingClient]
    private let competitors: [CompetingClient]
    private let organisations: [String]
    private(set) var sums = Sums()
    /// How long an import takes that nobody disturbs.
    private let importTime: Duration
    private var completeImports: Set<String> = []

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        folder = try DataFolder()
        deployment = try folder.file("kill.yaml", Self.deploymentText)
        server = try RunningServer(folder, deployment: deployment)
        let http = server.http
        let organisations = try (0..<4).map { number in
            let answer = try http.send("POST", "/api/organisations", #"{"name": "Organisation \#(number)"}"#)
            guard let id = try answer.json["id"] as? String else { throw TestFailure(answer.text) }
            return id
        }
        self.organisations = organisations
        clients = (1...4).map { WritingClient("c\($0)", seed: seed &+ UInt64($0), organisations: organisations) }
        competitors = (1...2).map { CompetingClient(number: $0, id: organisations[0]) }
        let start = ContinuousClock.now
        let first = try RunningImport(number: 0, folder, deployment: deployment)
        let outcome = first.end()
        guard outcome.code == 0 else { throw TestFailure("\(outcome)") }
        importTime = ContinuousClock.now - start
        completeImports.insert(first.name)
        // PostgreSQL looks at new tables within a minute; until then its plans for thousands of rows are those for none.
        _ = try folder.query("analyze")
    }

    /// Asks the server to stop; its exit code.
    func stop() -> Int32 { server.stop() }

    /// Lets everybody write, kills, brings the server back, and compares; what is wrong is the answer.
    func round(_ number: Int) throws -> [String] {
        let importing = number % 3 == 0 ? try RunningImport(number: number, folder, deployment: deployment) : nil
        let acknowledgements = DispatchSemaphore(value: 0)
        let isEnough = Flag()
        let writing = startWriting(until: isEnough, signalling: acknowledgements)
        for _ in 0...random.next(below: 40) where acknowledgements.wait(timeout: .now() + 20) == .timedOut {
            throw TestFailure("the server acknowledges nothing: \(server.log)")
        }
        pause(upTo: importing == nil ? .milliseconds(20) : importTime)
        let victims: [Victim] = [.server, .postmaster, .session, .both] + (importing == nil ? [] : [.importing, .importing])
        let victim = random.pick(victims) ?? .server
        strike(victim, importing)
        // Some go on writing into the outage.
        pause(upTo: .milliseconds(60))
        isEnough.raise()
        writing.wait()
        // An import that finds no database would start it, and a server that starts then would be in its way.
        let end = importing?.end()
        try bringBack(victim)
        try requireService(number)
        var problems = try compare()
        if let importing, let end { problems += try finish(importing, end, isKilled: victim == .importing) }
        sums.rounds += 1
        return problems
    }

    private func startWriting(until isEnough: Flag, signalling acknowledgements: DispatchSemaphore) -> DispatchGroup {
        let group = DispatchGroup()
        let http = server.http
        for client in clients {
            group.enter()
            Thread.detachNewThread {
                client.write(http, until: isEnough, signalling: acknowledgements)
                group.leave()
            }
        }
        for competitor in competitors {
            group.enter()
            Thread.detachNewThread {
                competitor.write(http, until: isEnough)
                group.leave()
            }
        }
        return group
    }

    private func pause(upTo limit: Duration) {
        poll(nil, 0, Int32(random.next(below: max(1, Int(limit / .milliseconds(1))))))
    }

    // MARK: Killing

    private func strike(_ victim: Victim, _ importing: RunningImport?) {
        switch victim {
        case .importing: importing?.kill()
        case .server: server.end(SIGKILL)
        case .postmaster: folder.killPostmaster(with: SIGKILL)
        case .session: if let session = random.pick(folder.sessions.sorted()) { kill(session, SIGKILL) }
        case .both:
            // At once, or while the server is bringing PostgreSQL back.
            folder.killPostmaster(with: SIGKILL)
            if random.next(below: 2) == 0 { pause(upTo: .milliseconds(300)) }
            server.end(SIGKILL)
        }
    }

    private func bringBack(_ victim: Victim) throws {
        guard victim == .server || victim == .both else { return }
        // What a dead server has sent may still be carried out.
        try waitUntil("the sessions of the killed server end") { folder.sessions.isEmpty }
        server = try RunningServer(folder, deployment: deployment, token: server.http.token)
    }

    /// The server reads and writes again, the one that was started anew and the one that lost its database.
    private func requireService(_ round: Int) throws {
        try waitUntil("the server serves") {
            guard try server.http.get("/api/people?top=1").status == 200 else { return false }
            let id = organisations[3]
            return try server.http.send("PATCH", "/api/organisations(\(id))", #"{"employees": \#(round)}"#).status < 300
        }
    }

    // MARK: Comparing

    private func compare() throws -> [String] {
        let state = try StoredState(folder, shared: organisations[0])
        var problems = state.problems + clients.flatMap { $0.compare(with: state.people) }
        problems += competitors.flatMap { $0.compare(with: state.sharedVersions) }
        let known = Set(clients.flatMap { $0.now.people.keys })
        problems += state.people.keys.filter { !known.contains($0) }.map { "\($0) is stored, and removed or never written" }
        problems += completeImports.filter { state.imported[$0] != RunningImport.rows }.map {
            "\($0) was complete and has \(state.imported[$0] ?? 0) rows"
        }
        imported = state.imported
        sums.rowsChecked += state.rows
        sums.acknowledged = clients.map(\.now.acknowledged).reduce(0, +) + competitors.map(\.acknowledged).reduce(0, +)
        sums.inDoubt = clients.map(\.now.doubted).reduce(0, +)
        return problems
    }

    private var imported: [String: Int] = [:]

    /// An import that ended well is complete; one that didn't is completed by the same file.
    private func finish(_ importing: RunningImport, _ end: Outcome, isKilled: Bool) throws -> [String] {
        sums.imports += 1
        let there = imported[importing.name] ?? 0
        completeImports.insert(importing.name)
        if end.code == 0 { return there == RunningImport.rows ? [] : ["\(importing.name) said it was done and stored \(there) rows"] }
        sums.importsBroken += 1
        var problems: [String] = []
        if end.code != (isKilled ? 128 + SIGKILL : 3) { problems.append("\(importing.name) ended with \(end.code): \(end.errors)") }
        let again = try RunningImport.again(importing.name, file: importing.file, folder, deployment: deployment)
        if again.found != there || again.created != RunningImport.rows - there {
            problems.append("\(importing.name) had stored \(there) rows and again made \(again.created), found \(again.found)")
        }
        return problems
    }

    private static let deploymentText = """
        deployment: 1
        name: kill
        currency: USD
        time_zone: UTC
        paths: [\(Program.root)/manifests]
        modules:
          contacts: { version: ">=0.1 <1.0", settings: { default_region: US } }
        overlay:
          extends:
            contacts.person:
              fields:
                code: { type: text, label: Code, unique: true }
            contacts.organisation:
              fields:
                number: { type: auto_number, label: Number, pattern: "O-{0000}" }
        """
}
