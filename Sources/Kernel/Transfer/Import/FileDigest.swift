import CLibCrypto
import Glibc

/// What a file holds, as the 64 hexadecimal digits of its SHA-256.
package enum FileDigest {
    package static func sha256(_ path: String) throws(ImportError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ImportError(.unreadable, "\(path) can't be read: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        guard let context = EVP_MD_CTX_new() else { throw ImportError(.unreadable, "there is no memory to read \(path)") }
        defer { EVP_MD_CTX_free(context) }
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
        var buffer = [UInt8](repeating: 0, count: 256 * 1024)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ImportError(.unreadable, "\(path) can't be read: \(String(cString: strerror(errno)))") }
            if count == 0 { break }
            EVP_DigestUpdate(context, buffer, count)
        }
        return finish(context)
    }

    package static func sha256(of text: String) -> String {
        guard let context = EVP_MD_CTX_new() else { return "" }
        defer { EVP_MD_CTX_free(context) }
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
        let bytes = Array(text.utf8)
        EVP_DigestUpdate(context, bytes, bytes.count)
        return finish(context)
    }

    private static func finish(_ context: OpaquePointer) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &digest, nil)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
