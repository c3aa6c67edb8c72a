import Events
import Jobs
import Records
import Server
import ServiceLifecycle

/// Opens once the database is ready: sets it up, prints the first token, then serves.
struct FrontDoor: Service {
    let setup: ServerSetup
    let store: RecordStore
    let tokens: TokenStore
    let server: TesseraServer
    let worker: JobWorker
    let events: EventService

    func run() async throws {
        try await setup.prepare()
        try await store.beginEpoch()
        if let token = try await tokens.createAdministratorIfNone() {
            Console.print("token  \(token.text)    (shown once; it is stored hashed)")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            group.addTask { try await events.run() }
            try await server.run()
            try await group.waitForAll()
        }
    }
}
