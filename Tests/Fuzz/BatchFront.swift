/// Bodies of `POST /api/$batch` on a running server: each is refused or answered, and no request within it is answered with a fault of the server.
struct BatchFront: Front {
    static let name = "batch"
    static let longestInput = 20_000
    static let dictionary = [
        "{\"requests\":[", "]}", "{\"id\":\"1\",", "{\"id\":\"2\",", "{\"id\":\"a\",", "},", "}", "\"method\":\"get\",",
        "\"method\":\"post\",",
        "\"method\":\"patch\",", "\"method\":\"put\",", "\"method\":\"delete\",", "\"url\":\"people\"", "\"url\":\"organisations\"",
        "\"url\":\"$1\"",
        "\"url\":\"$1/organisation\"", "\"url\":\"/api/people?$top=1\"", "\"url\":\"$batch\"", "\"url\":\"people/bulk\"",
        "\"url\":\"people/$each?filter=false\"",
        "\"url\":\"people?filter=id eq $1/id\"", "\"url\":\"people(018bcfe5-6800-7000-8000-000000000001)\"", ",\"atomicityGroup\":\"g\"",
        ",\"dependsOn\":[\"1\"]", ",\"dependsOn\":[\"g\"]", ",\"if\":\"$1/$succeeded\"", ",\"if\":\"not $1/$succeeded\"",
        ",\"if\":\"$1/last_name eq 'A'\"",
        ",\"headers\":{\"if-match\":\"$1\"}", ",\"headers\":{\"prefer\":\"return=minimal\"}",
        ",\"headers\":{\"content-type\":\"text/plain\"}",
        ",\"headers\":{\"content-type\":\"application/octet-stream\"}", ",\"body\":{\"last_name\":\"A\"}", ",\"body\":{\"name\":\"B\"}",
        ",\"body\":{\"last_name\":\"C\",\"organisation\":{\"@id\":\"$1\"}}",
        ",\"body\":{\"last_name\":\"C\",\"organisation@odata.bind\":\"$2\"}", ",\"body\":null",
        ",\"body\":\"QUJD\"", ",\"body\":[]", "$1", "$2", "$1/id", "$1/$succeeded", "null", "true", "\\u0000", "\\ud800", "'", "%27",
    ]

    private let http: HTTPFront
    private static let head = Array(
        "POST /api/$batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\nContent-Type: application/json\r\nContent-Length: LENGTH\r\nConnection: close\r\n\r\n"
            .utf8)

    init?(_ options: FuzzOptions) {
        guard let http = HTTPFront(options) else { return nil }
        self.http = http
    }

    func run(_ input: [UInt8]) -> Outcome {
        let (outcome, answer) = http.ask(Self.head + input)
        var judged = outcome
        for (status, word) in [(500, "failed"), (504, "was too slow")] where answer.contains("\"status\":\(status)") {
            judged.finding = outcome.finding ?? "a request of the batch \(word)"
        }
        return judged
    }
}
