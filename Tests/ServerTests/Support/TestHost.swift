import Catalog
import Events
import Files
import Jobs
import Logging
import NIOCore
import Postgres
import Principals
import Records
import ServiceLifecycle
import TestKernel
import Testing

@testable import Server

/// A server on a port of its own, over a store and a database of its own.
struct TestHost: Sendable {
    let port: Int
    let token: String
    let lab: TestStore
    let files: FileStore
    let tokens: TokenStore
    let server: TesseraServer
    let services: ServiceGroup
    let jobs: JobQueue
    let principals: PrincipalStore

    static func with<R: Sendable>(
        _ modules: [String: String] = ["lab": TestManifests.everyField], limits: ServerLimits = ServerLimits(),
        fileLimits: FileLimits = FileLimits(),
        configure: @Sendable (inout Server.ServerConfiguration) -> Void = { _ in }, _ body: @Sendable (TestHost) async throws -> R
    ) async throws -> R {
        var configuration = Server.ServerConfiguration(listen: .tcp(host: "127.0.0.1", port: 0), limits: limits)
        configure(&configuration)
        let settled = configuration
        return try await TestStore.with(modules) { lab in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let tokens = TokenStore(client: lab.client, logger: logger)
            let token = try #require(try await tokens.createAdministratorIfNone())
            let (ports, found) = AsyncStream.makeStream(of: Int.self)
            let contents = FolderStore(folder: try TestFolder.make())
            let files = FileStore(
                records: lab.store, contents: contents, staging: contents.staging, limits: fileLimits, logger: logger)
            defer { TestFolder.remove(contents.location) }
            let jobs = JobQueue(client: lab.client)
            let principals = PrincipalStore(records: lab.store)
            let server = TesseraServer(
                configuration: settled, store: lab.store, files: files, jobs: jobs, tokens: tokens, principals: principals, logger: logger
            ) { address in
                found.yield(address?.port ?? 0)
            }
            let worker = JobWorker(
                queue: jobs, handlers: [BulkJob(lab.store), EachJob(lab.store), UndoJob(lab.store), ImportJob(files)],
                access: { try await principals.access(of: $0.principal, channel: $0.channel) }, logger: logger)
            let services = ServiceGroup(services: [worker, server], logger: logger)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await services.run() }
                var iterator = ports.makeAsyncIterator()
                let port = try #require(await iterator.next())
                let host = TestHost(
                    port: port, token: token.text, lab: lab, files: files, tokens: tokens, server: server, services: services,
                    jobs: jobs, principals: principals)
                let result: Result<R, any Error>
                do { result = .success(try await body(host)) } catch { result = .failure(error) }
                await services.triggerGracefulShutdown()
                try await group.waitForAll()
                return try result.get()
            }
        }
    }

    /// One request on a connection of its own, with the administrator's token unless the headers say otherwise.
    func send(
        _ method: String, _ target: String, headers: [String: String] = [:], body: String? = nil
    ) async throws -> TestConnection.Answer {
        try await send(method, target, headers: headers, bytes: body.map { Array($0.utf8) })
    }

    func send(
        _ method: String, _ target: String, headers: [String: String] = [:], bytes: [UInt8]?
    ) async throws -> TestConnection.Answer {
        var headers = headers
        if headers["authorization"] == nil { headers["authorization"] = "Bearer \(token)" }
        if headers["authorization"] == "" { headers["authorization"] = nil }
        if bytes != nil, headers["content-type"] == nil { headers["content-type"] = "application/json" }
        let all = headers
        return try await TestConnection.with(port: port) { connection in
            try await connection.send(method, target, all, bytes)
            return try #require(try await connection.receive(withoutBody: method == "HEAD"))
        }
    }

    /// Rows that writes have put into the outbox.
    func outboxRows() async throws -> Int {
        let result = try await lab.client.query("SELECT count(*) FROM tessera.outbox")
        return Int(try result.int64(row: 0, column: 0))
    }

    /// Moves what was written into the event log, and lets history follow.
    func catchUp() async throws {
        try await EventBus(lab.store, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }).catchUp()
    }

    /// Makes a record and gives its id.
    func create(_ collection: String, _ body: String) async throws -> String {
        let answer = try await send("POST", "/api/\(collection)", body: body)
        try #require(answer.status == 201, "\(answer.text)")
        let id = try #require(JSONExtract.member("id", of: answer.body))
        return String(decoding: id.dropFirst().dropLast(), as: UTF8.self)
    }
}
