import Jobs
import Server
import ServiceLifecycle

/// Opens once the database is ready: sets it up, prints the first token, then serves.
struct FrontDoor: Service {
    let setup: ServerSetup
    let tokens: TokenStore
    let server: TesseraServer
    let worker: JobWorker

    func run() async throws {
        try await setup.prepare()
        if let token = try await tokens.createAdministratorIfNone() {
            Console.print("token  \(token.text)    (shown once; it is stored hashed)")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            try await server.run()
            try await group.waitForAll()
        }
    }
}
