import ArgumentParser
import Permissions
import Principals
import QueryLanguage
import Records
import Server

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Issue, list and revoke the tokens that open the API.",
        discussion: """
            Works on the deployment's database, beside a running server: who may run it is the machine's administrator. A lost token is \
            revoked and replaced by a new one.

              tessera token issue --label "the reporting job"
              tessera token list
              tessera token revoke 5e33b49d-8b6e-471a-8561-5edf63bf736e
            """,
        subcommands: [Issue.self, List.self, Revoke.self])

    struct Issue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Issue a token of the administrator, or of another user or service, and print it, once.",
            discussion: """
                A script reads it from the standard output, where nothing else comes. A token opens what its holder's roles allow.

                  TESSERA_TOKEN=$(tessera token issue --label "the reporting job")
                  tessera token issue --user anna@example.com
                  tessera token issue --output json
                """)

        @OptionGroup var options: DeploymentOptions
        @OptionGroup var output: OutputOptions
        @Option(help: "What the token is for, to know it again.") var label = "issued on the command line"
        @Option(help: ArgumentHelp("Whose it is. Default: the administrator.", valueName: "name, mail address or id")) var user: String?

        func run() async throws {
            try await reportingFailures {
                let deployment = try options.load()
                let (user, label) = (user, label)
                let (token, holder) = try await Database.with(options, logger: CommandLog.quiet) { database in
                    try await deployment.requireSchema(on: database.client)
                    let records = RecordStore(client: database.client, catalog: deployment.catalog, logger: CommandLog.quiet)
                    var holder = GUID.administrator
                    if let user { holder = try await PrincipalStore(records: records).find(user, [.user, .service]).id }
                    return (
                        try await TokenStore(client: database.client, logger: CommandLog.quiet).issue(for: holder, label: label), holder
                    )
                }
                guard output.isJSON else { return Console.print(token.text) }
                Console.print(
                    "{\"token\": \(JSON.string(token.text)), \"label\": \(JSON.string(label)), \"principal_id\": \(JSON.string("\(holder)"))}"
                )
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List tokens: id, when it was issued, whether it is valid, what for.",
            discussion: """
                The tokens themselves are stored hashed and shown to nobody.

                  tessera token list --output json
                """)

        @OptionGroup var options: DeploymentOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await reportingFailures {
                let entries = try await withTokens(options) { try await $0.list() }
                if output.isJSON {
                    let items = entries.map { entry in
                        "{\"id\": \"\(entry.id)\", \"label\": \(JSON.string(entry.label)), \"created_at\": \(JSON.string(entry.createdAt)), "
                            + "\"revoked\": \(entry.isRevoked)}"
                    }
                    Console.print("[\(items.joined(separator: ",\n "))]")
                } else {
                    for entry in entries {
                        Console.print("\(entry.id)  \(entry.createdAt)  \(entry.isRevoked ? "revoked" : "valid  ")  \(entry.label)")
                    }
                }
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a token by its id; a running server refuses it within seconds.",
            discussion: """
                What was revoked stays revoked; issue a new one instead.

                  tessera token revoke 5e33b49d-8b6e-471a-8561-5edf63bf736e
                """)

        @OptionGroup var options: DeploymentOptions
        @Argument(help: "The id that `tessera token list` shows.") var id: String

        func run() async throws {
            try await reportingFailures {
                guard let guid = GUID(id) else {
                    throw Failure(.wrongInput, "'\(id)' is no id of a token; `tessera token list` shows them")
                }
                try await withTokens(options) { try await $0.revoke(guid) }
                Console.print("revoked")
            }
        }
    }
}

private func withTokens<R: Sendable>(_ options: DeploymentOptions, _ body: @escaping @Sendable (TokenStore) async throws -> R) async throws
    -> R
{
    let deployment = try options.load()
    return try await Database.with(options, logger: CommandLog.quiet) { database in
        try await deployment.requireSchema(on: database.client)
        return try await body(TokenStore(client: database.client, logger: CommandLog.quiet))
    }
}
