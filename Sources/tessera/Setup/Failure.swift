import ArgumentParser
import Manifests

/// Why a command stops: what to print, and the exit code that scripts see.
struct Failure: Error, CustomStringConvertible {
    let code: ExitCode
    /// What is wrong, and where.
    let message: String
    /// What the person at the terminal can do, where the message doesn't say it.
    let remedy: String?
    /// The stable code of the API's error, where a server refused.
    let reason: String?
    /// What is wrong with manifests, where that is why.
    let findings: [Diagnostic]

    init(_ code: ExitCode, _ message: String, remedy: String? = nil, reason: String? = nil, findings: [Diagnostic] = []) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.reason = reason
        self.findings = findings
    }

    var description: String { remedy.map { "\(message)\n\($0)" } ?? message }
}

extension ExitCode {
    /// The input is wrong, or the schema differs.
    static let wrongInput = ExitCode(1)
    /// Some records failed, others went in.
    static let partly = ExitCode(2)
    /// No database or no server.
    static let unreachable = ExitCode(3)
    /// A fault of Tessera's own (EX_SOFTWARE of sysexits.h).
    static let fault = ExitCode(70)
}

/// Runs a command's body and turns what it throws into a message on standard error and an exit code.
func reportingFailures(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let exit as ExitCode {
        throw exit
    } catch is CancellationError {
        Console.error("stopped")
        throw ExitCode(130)
    } catch {
        let failure = Failure(error)
        Console.error(failure.description)
        throw failure.code
    }
}
