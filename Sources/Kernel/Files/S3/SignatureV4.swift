import CLibCrypto
import Glibc

/// Signs requests to S3 (AWS Signature Version 4: "Authenticating Requests" in the Amazon S3 API Reference).
struct SignatureV4: Sendable {
    let accessKey: String
    let secretKey: String
    let region: String

    /// What is signed of a request. Header names in lower case; the path percent-encoded as it is sent.
    struct Request {
        var method: String
        var path: String
        /// As `query(_:)` writes it.
        var query = ""
        var headers: [(name: String, value: String)]
        /// SHA-256 of the body in hexadecimal digits.
        var payloadHash: String
    }

    /// SHA-256 of nothing.
    static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// The value of the Authorization header.
    ///
    /// - Parameter time: as `x-amz-date` has it: `20130524T000000Z`.
    func authorization(for request: Request, time: String) -> String {
        let headers = request.headers.sorted { $0.name < $1.name }
        let names = headers.map(\.name).joined(separator: ";")
        let canonical = [
            request.method, request.path, request.query, headers.map { "\($0.name):\($0.value)\n" }.joined(), names, request.payloadHash,
        ].joined(separator: "\n")
        let day = String(time.prefix(8))
        let scope = "\(day)/\(region)/s3/aws4_request"
        let text = ["AWS4-HMAC-SHA256", time, scope, Self.hash(canonical)].joined(separator: "\n")
        var key = Self.hmac(Array("AWS4\(secretKey)".utf8), day)
        for part in [region, "s3", "aws4_request"] { key = Self.hmac(key, part) }
        let signature = ContentDigest.hex(Self.hmac(key, text))
        return "AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope),SignedHeaders=\(names),Signature=\(signature)"
    }

    /// The query of a request as it is signed and sent: by name, percent-encoded.
    static func query(_ items: [(name: String, value: String)]) -> String {
        items.map { (encoded($0.name), encoded($0.value)) }.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    private static func encoded(_ text: String) -> String {
        var output = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
                output.unicodeScalars.append(Unicode.Scalar(byte))
            default: output += byte < 16 ? "%0\(String(byte, radix: 16, uppercase: true))" : "%\(String(byte, radix: 16, uppercase: true))"
            }
        }
        return output
    }

    /// `20130524T000000Z` for seconds since 1970.
    static func time(_ second: Int) -> String {
        var instant = time_t(second)
        var parts = tm()
        gmtime_r(&instant, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return
            "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))T\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))Z"
    }

    static func hash(_ text: String) -> String {
        var hasher = ContentHasher()
        Array(text.utf8).withUnsafeBytes { hasher.update($0) }
        return hasher.finish()?.hex ?? ""
    }

    private static func hmac(_ key: [UInt8], _ text: String) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let data = Array(text.utf8)
        // SAFETY: HMAC reads within the counts given and writes the 32 bytes of SHA-256.
        HMAC(EVP_sha256(), key, Int32(key.count), data, data.count, &output, &length)
        return output
    }
}
