import CLibCrypto

/// A token as its holder keeps it: `tsr_`, 30 random characters (178 bits), and 6 characters of checksum, all of them letters and digits.
///
/// The prefix lets secret scanners find it where it shouldn't be; the checksum lets them, and the server, tell a token from a look-alike
/// without asking the database.
package struct BearerToken: Sendable, Hashable {
    package static let prefix = "tsr_"
    static let randomLength = 30
    static let checksumLength = 6
    static let length = prefix.utf8.count + randomLength + checksumLength

    /// The whole text. Printed once, never stored.
    package let text: String

    /// Reads a token and checks its form and checksum; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard Self.isWellFormed(bytes) else { return nil }
        self.text = String(text)
    }

    /// Makes a new one from the operating system's randomness.
    package static func random() throws(TokenError) -> BearerToken {
        var bytes = Array(prefix.utf8)
        while bytes.count < prefix.utf8.count + randomLength {
            for byte in try randomBytes(64) where byte < 248 && bytes.count < prefix.utf8.count + randomLength {
                // 248 is the largest multiple of 62 that a byte holds, so that every character is equally likely.
                bytes.append(Base62.alphabet[Int(byte % 62)])
            }
        }
        bytes += Base62.digits(of: CRC32.checksum(of: bytes[...]), width: checksumLength)
        return BearerToken(checked: String(decoding: bytes, as: UTF8.self))
    }

    /// What is stored in its place. The token is random, so that one round of a plain digest is enough.
    package var digest: TokenDigest { TokenDigest(of: Array(text.utf8)) }

    private init(checked text: String) { self.text = text }

    static func isWellFormed(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == length, bytes.starts(with: prefix.utf8) else { return false }
        let body = bytes[..<(length - checksumLength)]
        guard body.dropFirst(prefix.utf8.count).allSatisfy(Base62.isDigit) else { return false }
        return bytes[(length - checksumLength)...].elementsEqual(Base62.digits(of: CRC32.checksum(of: body), width: checksumLength))
    }

    private static func randomBytes(_ count: Int) throws(TokenError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard RAND_bytes(&bytes, Int32(count)) == 1 else {
            throw TokenError(.noRandomness, "The operating system gave no random bytes, so no token was made. Try again.")
        }
        return bytes
    }
}

extension BearerToken: CustomStringConvertible, CustomDebugStringConvertible {
    /// Without the secret: safe for logs.
    package var description: String { "\(Self.prefix)…" }
    package var debugDescription: String { description }
}

/// SHA-256 of a token.
package struct TokenDigest: Sendable, Hashable {
    package let bytes: [UInt8]

    init(of token: some Collection<UInt8>) {
        let token = Array(token)
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        _ = SHA256(token, token.count, &digest)
        bytes = digest
    }

    package init?(bytes: [UInt8]) {
        guard bytes.count == Int(SHA256_DIGEST_LENGTH) else { return nil }
        self.bytes = bytes
    }

    /// Takes the same time wherever the first difference is.
    package static func == (left: TokenDigest, right: TokenDigest) -> Bool {
        left.bytes.count == right.bytes.count && CRYPTO_memcmp(left.bytes, right.bytes, left.bytes.count) == 0
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(bytes)
    }
}

/// The digits 0-9, A-Z, a-z.
enum Base62 {
    static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    static func isDigit(_ byte: UInt8) -> Bool {
        byte &- 48 < 10 || (byte | 0x20) &- 97 < 26
    }

    /// The number in base 62, the highest digit first, with leading zeros up to the width.
    static func digits(of value: UInt32, width: Int) -> [UInt8] {
        var rest = value
        var digits: [UInt8] = []
        for _ in 0..<width {
            digits.append(alphabet[Int(rest % 62)])
            rest /= 62
        }
        return digits.reversed()
    }
}

/// The checksum of gzip and PNG (polynomial 0xEDB88320, reflected).
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { value, byte in value >> 8 ^ table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] }
    }
}
