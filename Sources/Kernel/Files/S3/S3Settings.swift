/// Where an S3-compatible store is, and how to get in.
package struct S3Settings: Sendable, Hashable {
    /// `https://s3.eu-central-1.amazonaws.com`, `http://127.0.0.1:9000`: without a path.
    package var endpoint: String
    package var bucket: String
    /// Before every key; empty, or with a slash at its end.
    package var prefix: String
    package var region: String
    package var accessKey: String
    package var secretKey: String

    /// - Parameters:
    ///   - address: `s3://bucket` or `s3://bucket/prefix`.
    ///   - endpoint: nil for Amazon's own of the region.
    /// - Throws: `files.bad_settings`, saying what is wrong.
    package init(address: String, endpoint: String?, region: String?, accessKey: String, secretKey: String) throws(FilesError) {
        guard address.hasPrefix("s3://") else { throw Self.bad("'\(address)' isn't s3://bucket or s3://bucket/prefix") }
        let parts = address.dropFirst(5).split(separator: "/", maxSplits: 1).map(String.init)
        guard let bucket = parts.first, bucket.utf8.allSatisfy(Self.isNameByte) else {
            throw Self.bad("'\(address)' names no bucket: small letters, digits, dots and hyphens (s3://bucket/prefix)")
        }
        let prefix = parts.count > 1 ? String(parts[1].drop { $0 == "/" }) : ""
        guard prefix.utf8.allSatisfy({ Self.isNameByte($0) || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "_") }) else {
            throw Self.bad("the prefix '\(prefix)' may have small letters, digits, dots, hyphens, underscores and slashes")
        }
        let region = region ?? "us-east-1"
        let endpoint = endpoint ?? "https://s3.\(region).amazonaws.com"
        guard endpoint.hasPrefix("https://") || endpoint.hasPrefix("http://"), endpoint.split(separator: "/").count == 2 else {
            throw Self.bad("the endpoint '\(endpoint)' must be https://host or http://host:port, without a path")
        }
        self.endpoint = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        self.bucket = bucket
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
        self.region = region
        self.accessKey = accessKey
        self.secretKey = secretKey
    }

    /// The Host header.
    var host: String { endpoint.split(separator: "/").last.map(String.init) ?? "" }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte &- 97 < 26 || byte &- 48 < 10 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
    }

    private static func bad(_ message: String) -> FilesError { FilesError(.badSettings, message) }
}
