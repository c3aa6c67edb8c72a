import Server
import ServiceLifecycle

/// Opens once the database is ready: sets it up, prints the first token, then serves.
struct FrontDoor: Service {
    let setup: ServerSetup
    let tokens: TokenStore
    let server: TesseraServer

    func run() async throws {
        try await setup.prepare()
        if let token = try await tokens.createAdministratorIfNone() {
            Console.print("token  \(token.text)    (shown once; it is stored hashed)")
        }
        try await server.run()
    }
}
