import CLibCrypto

/// SHA-256 of a content (FIPS 180-4): the name under which it is stored, once, whoever sends it.
package struct ContentDigest: Sendable, Hashable, CustomStringConvertible {
    package let bytes: [UInt8]

    /// nil unless there are 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Of a content in memory; nil when libcrypto has no memory for it.
    package init?(of content: [UInt8]) {
        var hasher = ContentHasher()
        content.withUnsafeBytes { hasher.update($0) }
        guard let digest = hasher.finish() else { return nil }
        self = digest
    }

    fileprivate init(finished bytes: [UInt8]) { self.bytes = bytes }

    /// 64 hexadecimal digits in lower case.
    package var hex: String { Self.hex(bytes) }

    package var description: String { hex }

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// Computes a digest piece by piece.
struct ContentHasher: ~Copyable {
    /// nil when libcrypto has no memory for it; then no digest comes out.
    private let context: OpaquePointer?

    init() {
        context = EVP_MD_CTX_new()
        if let context { EVP_DigestInit_ex(context, EVP_sha256(), nil) }
    }

    deinit { EVP_MD_CTX_free(context) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let context else { return }
        // SAFETY: libcrypto reads exactly `count` bytes and keeps no pointer.
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    consuming func finish() -> ContentDigest? {
        guard let context else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        guard EVP_DigestFinal_ex(context, &bytes, &length) == 1, length == 32 else { return nil }
        return ContentDigest(finished: bytes)
    }
}
