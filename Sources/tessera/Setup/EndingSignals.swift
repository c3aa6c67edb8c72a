import ArgumentParser
import Glibc
import UnixSignals

/// The signals that ask a program to end.
enum EndingSignals {
    /// Ctrl-C, a service manager's SIGTERM, and the terminal that goes, unless the program was started to outlive it (`nohup`). Looked at once, as the
    /// process was started: hearing a signal changes it.
    static let heard: [UnixSignal] = [.sigint, .sigterm] + (isIgnored(SIGHUP) ? [] : [.sighup])

    /// 128 and the signal's number, as shells have it.
    static func exitCode(of signal: UnixSignal?) -> ExitCode {
        let number =
            switch signal {
            case .sigint?: SIGINT
            case .sighup?: SIGHUP
            default: SIGTERM
            }
        return ExitCode(128 + number)
    }

    /// Each ends the process again as it would without Tessera.
    static func letThrough() {
        for number in [SIGINT, SIGTERM] + (heard.contains(.sighup) ? [SIGHUP] : []) { Glibc.signal(number, SIG_DFL) }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
