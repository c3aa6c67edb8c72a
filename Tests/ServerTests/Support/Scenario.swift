import Testing

/// One request and what must come of it: status, what the answer holds and what it must not hold, and how many events it makes.
struct Scenario: Sendable, CustomTestStringConvertible {
    var name: String
    var method = "GET"
    var url: String
    var headers: [String: String] = [:]
    var body: String?
    var status: Int
    var expects: [String] = []
    var refuses: [String] = []
    var answerHeaders: [String: String] = [:]
    var events = 0

    var testDescription: String { name }

    init(
        _ name: String, _ method: String, _ url: String, _ headers: [String: String] = [:], body: String? = nil, status: Int,
        expects: [String] = [], refuses: [String] = [], answerHeaders: [String: String] = [:], events: Int = 0
    ) {
        self.name = name
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.status = status
        self.expects = expects
        self.refuses = refuses
        self.answerHeaders = answerHeaders
        self.events = events
    }

    /// Runs it; `{name}` in URL, body and expectations is replaced.
    func run(on host: TestHost, _ names: [String: String] = [:]) async throws {
        func filled(_ text: String) -> String {
            names.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
        }
        let before = try await host.outboxRows()
        let answer = try await host.send(method, filled(url), headers: headers.mapValues(filled), body: body.map(filled))
        #expect(answer.status == status, "\(name): \(answer.text)")
        for fragment in expects { #expect(answer.text.contains(filled(fragment)), "\(name): \(fragment) is missing in \(answer.text)") }
        for fragment in refuses { #expect(!answer.text.contains(filled(fragment)), "\(name): \(fragment) is in \(answer.text)") }
        for (header, value) in answerHeaders { #expect(answer.headers[header] == filled(value), "\(name): \(header)") }
        #expect(try await host.outboxRows() - before == events, "\(name): events")
        if status >= 400 {
            #expect(answer.headers["content-type"] == "application/json", "\(name)")
            #expect(answer.text.hasPrefix("{\"error\":{\"code\":\""), "\(name): \(answer.text)")
        }
    }
}
