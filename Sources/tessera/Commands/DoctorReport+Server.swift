import Glibc
import NIOHTTP1
import QueryLanguage
import Records

/// What can be told of a running server from elsewhere.
extension DoctorReport {
    mutating func checkServer(_ address: ServerAddress, _ source: SourceOptions) async {
        let anybody = RemoteClient(address: address, token: "")
        let found = await check("server", mend: "start it (tessera serve), or mend the address (--server, TESSERA_URL)") {
            let begun = Clock.secondsSince1970
            let answer = try await anybody.ask("/healthz")
            guard answer.status == 200, (try? answer.value())?["status"] == "ok" else {
                throw Failure(.wrongInput, "\(address) answered \(answer.status), but not as a Tessera does")
            }
            let ended = Clock.secondsSince1970
            return (
                "\(address) answers within \(max(1, Int(((ended - begun) * 1_000).rounded(.up)))) ms", (answer, at: (begun + ended) / 2)
            )
        }
        guard let (answer, moment) = found else { return }
        await check("clock", mend: "set the clocks of both machines (timedatectl set-ntp true)") {
            guard let theirs = answer.headers.first(name: "date").flatMap(Clock.seconds(ofHTTPDate:)) else {
                throw Failure(.wrongInput, "the server doesn't say what time it is there")
            }
            // What it says is cut to whole seconds.
            let off = abs(theirs + 0.5 - moment)
            guard off < 5 else { throw Failure(.wrongInput, "the server's clock is \(Int(off)) s off this machine's") }
            return ("agrees with the server's", ())
        }
        await check("ready", mend: "run tessera doctor on the server's machine; its log says more") {
            let answer = try await anybody.ask("/readyz")
            guard answer.status != 200 else { return ("database and schema are right", ()) }
            let problems = ((try? answer.value())?["problems"]?.items ?? []).compactMap { $0["message"]?.asText }
            throw Failure(.unreachable, problems.isEmpty ? "it answers \(answer.status)" : problems.joined(separator: "\n"))
        }
        await checkToken(address, source)
    }

    private mutating func checkToken(_ address: ServerAddress, _ source: SourceOptions) async {
        let me = await check("token", mend: "put one into TESSERA_TOKEN or a file; tessera token issue on the server's machine makes it") {
            let answer = try await RemoteClient(address: address, token: try source.readToken()).ask("/api/me")
            switch answer.status {
            case 200:
                let name = try answer.value()["name"]?.asText ?? "somebody without a name"
                return ("opens the API to \(name)", answer)
            // Who has no requests left was let in.
            case 429: return ("opens the API", answer)
            default: throw RemoteFailure.refusal(address, answer.status, answer.body)
            }
        }
        guard let me else { return }
        await check("rate limit", mend: "wait, or have it raised: limits in the deployment file, --rate-limit-of of tessera serve") {
            func number(_ header: String, _ name: String) -> Int? {
                me.headers.first(name: header)?.split(separator: ";").first { $0.hasPrefix("\(name)=") }.flatMap { Int($0.dropFirst(2)) }
            }
            guard let requests = number("ratelimit-policy", "q"), let seconds = number("ratelimit-policy", "w") else { return ("none", ()) }
            let limit = "\(requests) requests in \(seconds) s"
            let left = number("ratelimit", "r") ?? 0
            guard me.status != 429, left > 0 else {
                throw Failure(
                    .wrongInput, "\(limit), of which none is left; all of them are there in \(number("ratelimit", "t") ?? seconds) s")
            }
            return ("\(limit), \(left) left", ())
        }
        // Whoever was refused is told nothing more.
        guard me.status == 200 else { return }
        await check("version", mend: "use the tessera of the server's version") {
            guard let version = me.headers.first(name: "tessera-version") else {
                throw Failure(.wrongInput, "the server doesn't say its version; this is \(TesseraVersion.text)")
            }
            guard version == TesseraVersion.text else {
                throw Failure(.wrongInput, "the server is \(version), this is \(TesseraVersion.text)")
            }
            return ("\(version), as this tessera", ())
        }
    }
}

extension Clock {
    /// `Fri, 27 Nov 2026 23:48:22 GMT` (RFC 9110 section 5.6.7), as seconds since 1970.
    static func seconds(ofHTTPDate text: String) -> Double? {
        let words = text.split { $0 == " " || $0 == ":" }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let numbers = words.compactMap { Int32($0) }
        guard words.count == 8, words[7] == "GMT", numbers.count == 5, let month = months.firstIndex(of: String(words[2])) else {
            return nil
        }
        var parts = tm()
        (parts.tm_mday, parts.tm_mon, parts.tm_year) = (numbers[0], Int32(month), numbers[1] - 1_900)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[2], numbers[3], numbers[4])
        return Double(timegm(&parts))
    }
}
