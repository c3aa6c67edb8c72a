import ArgumentParser
import AsyncHTTPClient
import Glibc
import JSONReading
import NIOCore
import NIOPosix
import QueryLanguage
import Records

/// What a server's answers, or their absence, mean for a command.
enum RemoteFailure {
    /// No answer came.
    static func unreachable(_ address: ServerAddress, _ error: any Error) -> Failure {
        let kind = String(reflecting: type(of: error))
        if kind.contains("NIOSSL") || "\(error)".contains("CERTIFICATE_VERIFY_FAILED") {
            guard "\(error)".contains("CERTIFICATE") || kind.contains("ExtraError") else {
                return Failure(
                    .unreachable, "\(address) doesn't answer in TLS (\(brief(error))). Is it http:// that it speaks, or another port?")
            }
            return Failure(
                .unreachable,
                "the certificate of \(address) isn't trusted, or is for another name (\(brief(error))). Check the name; of a certificate authority of "
                    + "your own, put its certificate into /usr/local/share/ca-certificates and run update-ca-certificates.")
        }
        if kind.contains("HTTPParser") {
            return Failure(
                .unreachable, "\(address) doesn't answer in HTTP (\(brief(error))). Is it https:// that it speaks, or another port?")
        }
        return Failure(
            .unreachable,
            "\(address) can't be reached (\(brief(error))). Is the server running (tessera serve), and the address right (--server, TESSERA_URL)?"
        )
    }

    private static func brief(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: return error.shortDescription
        case let error as NIOConnectionError:
            if let cause = error.connectionErrors.first?.error { return brief(cause) }
            return error.dnsAError != nil || error.dnsAAAAError != nil ? "no such host" : "no connection"
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        default:
            let text = "\(error)"
            // Of BoringSSL's errors what they are called.
            guard let name = text.firstRange(of: "OPENSSL_internal:") else { return String(text.prefix(200)) }
            return String(text[name.upperBound...].prefix { $0.isUppercase || $0 == "_" || $0.isNumber })
        }
    }

    /// It refuses.
    static func refusal(_ address: ServerAddress, _ status: Int, _ body: [UInt8]) -> Failure {
        guard let error = try? JSONReader.value(of: body)["error"], let code = error["code"]?.asText, let message = error["message"]?.asText
        else {
            return Failure(
                .wrongInput,
                "\(address) answered \(status), but not as a Tessera does: is the address right (--server, TESSERA_URL)? It is that of the server "
                    + "without a path, such as https://crm.example.org.")
        }
        if status == 401 {
            return Failure(
                .wrongInput,
                "\(address) refuses the token: it is mistyped, revoked or has ended. `tessera token issue` on the server's machine makes another."
            )
        }
        var lines = ["\(message) (\(code))"]
        for detail in error["details"]?.items.prefix(20) ?? [] {
            if let text = detail["message"]?.asText { lines.append("  " + (detail["target"]?.asText.map { "\($0): " } ?? "") + text) }
        }
        return Failure(exitCode(status), "\(address): " + lines.joined(separator: "\n"), reason: code)
    }

    private static func exitCode(_ status: Int) -> ExitCode {
        switch status {
        case 429, 503, 504: .unreachable
        case 500, 502: .fault
        default: .wrongInput
        }
    }

    /// What it says isn't what this version of the command line knows.
    static func unknownAnswer(_ address: ServerAddress) -> Failure {
        Failure(.fault, "\(address) answers in a form that this tessera doesn't know; use the one of the server's version.")
    }
}
