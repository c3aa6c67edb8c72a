import ArgumentParser
import Glibc

/// Which deployment a command is about: one of this machine, or that of a running server.
struct SourceOptions: ParsableArguments {
    @OptionGroup var deployment: DeploymentOptions

    @Option(help: ArgumentHelp("Ask this running server instead. Default: TESSERA_URL.", valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("The file that holds the server's token. Default: the token in TESSERA_TOKEN.", valueName: "file"))
    var tokenFile: String?

    @Option(help: ArgumentHelp("The token itself: it stays in the shell's history, and other users see it.", valueName: "token"))
    var token: String?

    func validate() throws {
        guard server == nil || !deployment.isNamed else {
            throw ValidationError("--server asks a running server, --data and --deployment name what is on this machine: give one of them")
        }
        guard token == nil && tokenFile == nil || server != nil || !deployment.isNamed && Self.variable("TESSERA_URL") != nil else {
            throw ValidationError("--token and --token-file are for a server: say which with --server or TESSERA_URL")
        }
        guard token == nil || tokenFile == nil else { throw ValidationError("give --token or --token-file, not both") }
    }

    /// Files that a command reads because of these options.
    var inputs: [String] { [deployment.deployment, deployment.lockPath] + [tokenFile].compactMap(\.self) }

    /// Where the answers come from. What is on this machine is asked when it is named, even though TESSERA_URL is set.
    func backend() throws -> any Backend {
        guard let client = try client() else { return LocalBackend(options: deployment) }
        return RemoteBackend(client: client)
    }

    /// Nil when no server is meant.
    func client() throws -> RemoteClient? {
        try address().map { RemoteClient(address: $0, token: try readToken()) }
    }

    /// The server that is meant; nil for none.
    func address() throws -> ServerAddress? {
        try (server ?? (deployment.isNamed ? nil : Self.variable("TESSERA_URL"))).map { try ServerAddress($0) }
    }

    func readToken() throws -> String {
        let text: String
        if let tokenFile {
            text = String(decoding: try FilePieces(tokenFile).whole(), as: UTF8.self)
        } else if let given = token ?? Self.variable("TESSERA_TOKEN") {
            text = given
        } else {
            throw Failure(
                .wrongInput,
                "the server wants a token: put it into TESSERA_TOKEN, or into a file and name that with --token-file. "
                    + "`tessera token issue` on the server's machine makes one")
        }
        let token = text.filter { !$0.isWhitespace }
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Failure(.wrongInput, "this is no token: one begins with tsr_ and has letters and digits only")
        }
        return token
    }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}

/// Where a server is: `https://crm.example.org`, `http://127.0.0.1:8080`, also with the `/api` that its answers have.
struct ServerAddress: Sendable, CustomStringConvertible {
    /// Without a slash at its end.
    let description: String

    init(_ text: String) throws {
        var rest = text[...]
        while rest.hasSuffix("/") { rest.removeLast() }
        if rest.hasSuffix("/api") { rest.removeLast(4) }
        let scheme = rest.prefix { $0 != ":" }.lowercased()
        let host = rest.dropFirst(scheme.count + 3)
        guard ["http", "https"].contains(scheme), rest.dropFirst(scheme.count).hasPrefix("://"), !host.isEmpty, host.first != "/",
            host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !host.contains(where: { "?#@".contains($0) })
        else {
            throw Failure(
                .wrongInput, "'\(text)' is no address of a server: --server and TESSERA_URL take one such as https://crm.example.org")
        }
        description = "\(scheme)://\(host)"
    }
}
