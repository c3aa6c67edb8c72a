import Glibc

/// The HTTP layer of a running server: whatever bytes come over a connection, it answers or closes, never with a fault of its own.
///
/// `TOKEN` in an input stands for the server's token, `LENGTH` for the length of what follows the header.
struct HTTPFront: Front {
    static let name = "http"
    static let longestInput = 40_000
    static let dictionary = [
        "GET ", "POST ", "PATCH ", "PUT ", "DELETE ", "HEAD ", "OPTIONS ", "/api", "/api/people", "/api/organisations",
        "/api/people/$count", "/api/$metadata",
        "/api/openapi.json", "/healthz", "/readyz", "/metrics", "(018bcfe5-6800-7000-8000-000000000001)",
        "/018bcfe5-6800-7000-8000-000000000001", "/$links", "/organisation",
        "/api/files", "/api/files?name=a.txt", "/$value", "/bulk", "Content-Type: multipart/form-data; boundary=b\r\n", "--b\r\n",
        "\r\n--b--",
        "Content-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n", "Range: bytes=0-4\r\n", "Accept: text/csv\r\n",
        "/emails", "?filter=", "?$filter=", "&orderby=", "&select=", "&expand=", "&top=", "&skiptoken=", "&count=true", "%20eq%20",
        "%27a%27", "last_name", "emails",
        "startswith(last_name,'A')", "%00", "%zz", "..", "//", " HTTP/1.1\r\n", " HTTP/1.0\r\n", " HTTP/2.0\r\n", "\r\n", "\r\n\r\n", "\n",
        "Host: x\r\n",
        "Authorization: Bearer TOKEN\r\n", "Content-Type: application/json\r\n", "Content-Type: text/csv\r\n", "Content-Length: LENGTH\r\n",
        "Content-Length: 99999999999999\r\n",
        "Content-Length: -1\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Content-Encoding: gzip\r\n",
        "Accept-Encoding: gzip, deflate\r\n",
        "Expect: 100-continue\r\n", "Connection: close\r\n", "Connection: upgrade\r\nUpgrade: h2c\r\n", "If-Match: \"1\"\r\n",
        "If-Match: *\r\n", "If-None-Match: W/\"x\"\r\n",
        "Prefer: return=minimal, odata.maxpagesize=5\r\n", "OData-Version: 4.0\r\n", "OData-MaxVersion: 4.0\r\n",
        "Accept: application/json;odata.metadata=full\r\n",
        "5\r\nhello\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n", "{", "}", "[", "]", ":", ",", "\"", "\\u0000", "\\ud800", "null", "true",
        "1e999", "-0", "\"last_name\"", "\"first_name\"",
        "\"emails\"", "\"phones\"", "\"address\"", "\"organisation\"", "\"organisation_id\"", "\"birthday\"", "\"tags\"", "\"@odata.bind\"",
        "\"@id\"", "\"@etag\"",
        "\"a@example.com\"", "\"+1 202 555 0143\"", "\"2024-02-29\"", "\"custom\"", "\"id\"",
    ]

    private let port: UInt16
    private let token: String
    private let process: pid_t

    init?(_ options: FuzzOptions) {
        guard let colon = options.server.lastIndex(of: ":"), let port = UInt16(options.server[options.server.index(after: colon)...]) else {
            return nil
        }
        self.port = port
        token = options.token
        process = options.process
        signal(SIGPIPE, SIG_IGN)
    }

    func run(_ input: [UInt8]) -> Outcome { ask(input).outcome }

    /// The outcome, and the answer as text.
    func ask(_ input: [UInt8]) -> (outcome: Outcome, answer: String) {
        let request = completed(input)
        guard let connection = connect() else {
            // Ends this process, so that the parent keeps the input. A full queue of connections isn't a finding; a dead server is.
            if process > 0, kill(process, 0) != 0 { abort() }
            usleep(20_000)
            return (Outcome("no connection", finding: isAlive ? nil : "the server takes no connections"), "")
        }
        defer { close(connection) }
        _ = request.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, 0) }
        shutdown(connection, Int32(SHUT_WR))
        let start = ContinuousClock.now
        let (answer, closed) = receive(connection)
        let seconds = start.duration(to: .now) / .seconds(1)
        let status = statusCodes(answer)
        var finding: String?
        if let fault = status.first(where: { $0 >= 500 && $0 != 501 && $0 != 503 && $0 != 505 }) { finding = "answer \(fault)" }
        if !closed { finding = "no answer and no end within \(Int(seconds)) s" }
        if process > 0, ProcessFacts.memory(process) > 1 << 30 { finding = "the server holds more than 1 GiB" }
        let outcome = Outcome("\(status.prefix(3)) \(code(answer)) \(closed)", finding: finding)
        return (outcome, String(decoding: answer, as: UTF8.self))
    }

    private var isAlive: Bool { process <= 0 || kill(process, 0) == 0 }

    private func completed(_ input: [UInt8]) -> [UInt8] {
        var text = replace(input, "TOKEN", with: Array(token.utf8))
        let end = text.indices.first { $0 + 3 < text.count && text[$0...($0 + 3)].elementsEqual([13, 10, 13, 10]) }
        let body = end.map { text.count - $0 - 4 } ?? 0
        text = replace(text, "LENGTH", with: Array("\(body)".utf8))
        return text
    }

    private func replace(_ input: [UInt8], _ word: String, with value: [UInt8]) -> [UInt8] {
        let word = Array(word.utf8)
        guard let first = word.first else { return input }
        var output: [UInt8] = []
        output.reserveCapacity(input.count + 64)
        var index = 0
        while index < input.count {
            if input[index] == first, index + word.count <= input.count, input[index..<(index + word.count)].elementsEqual(word) {
                output += value
                index += word.count
            } else {
                output.append(input[index])
                index += 1
            }
        }
        return output
    }

    private func connect() -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        // SAFETY: a sockaddr_in is a sockaddr of the length given.
        let result = withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            return nil
        }
        var patience = timeval(tv_sec: 15, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        // Closing at once leaves no thousands of connections waiting for stray packets.
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        return descriptor
    }

    /// Everything up to the end of the connection, and whether it ended.
    private func receive(_ connection: Int32) -> ([UInt8], Bool) {
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(connection, &chunk, chunk.count, 0)
            if count == 0 { return (answer, true) }
            if count < 0 { return (answer, errno == ECONNRESET || errno == EPIPE) }
            if answer.count < 1 << 20 { answer += chunk[..<count] }
        }
    }

    private func statusCodes(_ answer: [UInt8]) -> [Int] {
        var codes: [Int] = []
        let mark = Array("HTTP/1.".utf8)
        var index = 0
        while index + 12 <= answer.count {
            if answer[index] == mark[0], answer[index..<(index + 7)].elementsEqual(mark), answer[index + 8] == 0x20 {
                codes.append(Int(String(decoding: answer[(index + 9)..<(index + 12)], as: UTF8.self)) ?? 0)
            }
            index += 1
        }
        return codes
    }

    /// The error's code in the first answer's body, and its words without details.
    private func code(_ answer: [UInt8]) -> String {
        let text = String(decoding: answer.prefix(4096), as: UTF8.self)
        guard let start = text.firstRange(of: "\"code\":\"") else { return "" }
        return String(text[start.upperBound...].prefix(120)).split(separator: "\"").enumerated()
            .filter { $0.offset == 0 || $0.offset == 4 }.map { String($0.element).withoutDetails }.joined(separator: " ")
    }
}
