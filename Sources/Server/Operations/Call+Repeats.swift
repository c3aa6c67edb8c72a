import CLibCrypto
import Jobs
import NIOCore
import NIOHTTP1
import Principals
import QueryLanguage
import Records

/// Writes that may be sent again: the `Idempotency-Key` header of the IETF's HTTP APIs working group (draft-ietf-httpapi-idempotency-key-header).
extension Call {
    /// Says of an answer that it was given before.
    static let repeatedHeader = "idempotency-replayed"

    /// As `respond`; what has a key is carried out once, and answered the same each time.
    func respondOnce(to resource: Resource, body: ByteBuffer) async throws -> ServerResponse {
        guard !isRead, let key = try requestKey(body) else { return try await respond(to: resource, body: body) }
        do {
            let (answer, isRepetition) = try await store.once(key, limits: limits.keptAnswers) { store in
                var call = self
                call.store = store
                call.jobs = JobQueue(jobs, within: store)
                call.principals = PrincipalStore(records: store)
                let response = try await call.respond(to: resource, body: body)
                guard response.status.code < 400 else { throw Refused(response: response) }
                return try keptAnswer(response)
            }
            if !isRepetition {
                // What was put in and changed is there for others from now on.
                jobs.wake()
                principals.forget()
            }
            return try response(answer, isRepetition: isRepetition)
        } catch let refused as Refused {
            return refused.response
        }
    }

    /// Of a request whose body isn't kept in memory: it can't be known again.
    func refuseKey(_ what: String) throws(APIError) {
        guard !isRead, request.header(.idempotencyKey) != nil else { return }
        throw APIError(.badRequest, "idempotency.not_here", what, target: "Idempotency-Key")
    }

    private func requestKey(_ body: ByteBuffer) throws(APIError) -> RequestKey? {
        guard let text = request.header(.idempotencyKey) else { return nil }
        var parts = [method.rawValue, String(Substring(request.path)), String(request.query ?? "")].joined(separator: "\n").utf8.map { $0 }
        parts += [UInt8(ascii: "\n")] + body.readableBytesView
        return RequestKey(principal: access.principal, text: try Self.key(text), fingerprint: Self.digest(parts))
    }

    /// A string of structured fields (RFC 9651), or the same without quotes, as most clients send it.
    private static func key(_ header: String) throws(APIError) -> String {
        var text = header[...]
        if text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") { text = text.dropFirst().dropLast() }
        let isKey = text.utf8.allSatisfy { byte in
            (0x21...0x7e).contains(byte) && ![UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: ",")].contains(byte)
        }
        guard isKey, (1...RequestKey.longest).contains(text.utf8.count) else {
            throw APIError(
                .badRequest, "idempotency.bad_key",
                "An Idempotency-Key is one string of up to \(RequestKey.longest) visible ASCII characters without quotes, backslashes, commas and "
                    + "blanks, such as a UUID.", target: "Idempotency-Key")
        }
        return String(text)
    }

    private static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        // SAFETY: libcrypto reads exactly `count` bytes and writes 32.
        _ = bytes.withUnsafeBufferPointer { SHA256($0.baseAddress, $0.count, &digest) }
        return digest
    }

    // MARK: Answers

    private func keptAnswer(_ response: ServerResponse) throws(APIError) -> KeptAnswer {
        var body: [UInt8] = []
        switch response.body {
        case .none: break
        case .bytes(let bytes): body = Array(bytes.readableBytesView)
        case .stream: throw APIError.notSupported("An answer that is streamed can't be kept: leave the Idempotency-Key out.")
        }
        return KeptAnswer(
            status: Int(response.status.code), headers: response.headers.map { KeptAnswer.Header(name: $0.0, value: $0.1) }, body: body,
            changeSet: changeSet.id)
    }

    private func response(_ answer: KeptAnswer, isRepetition: Bool) throws(APIError) -> ServerResponse {
        var headers = answer.headers.map { ($0.name, $0.value) }
        if isRepetition { headers.append((Self.repeatedHeader, "true")) }
        guard let body = answer.body else {
            var error = APIError(
                .gone, "idempotency.answer_not_kept",
                "This request was carried out with status \(answer.status), and not again; its answer isn't kept, since it was longer than "
                    + "\(limits.keptAnswers.size) bytes or told of a record that was removed for good."
            ).with(header: Self.repeatedHeader, "true")
            if let named = headers.first(where: { $0.0 == Self.changeSetHeader }) { error = error.with(header: named.0, named.1) }
            throw error
        }
        return ServerResponse(
            HTTPResponseStatus(statusCode: answer.status), headers: headers, body: body.isEmpty ? .none : .bytes(ByteBuffer(bytes: body)))
    }

    /// Undoes what was written on the way to an answer that says that nothing was.
    private struct Refused: Error {
        var response: ServerResponse
    }
}
