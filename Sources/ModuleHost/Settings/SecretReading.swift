import Glibc
package import Manifests

extension SecretSource {
    /// Longest secret that is read from a file, in bytes.
    package static let longestFile = 65_536

    /// Reads the secret: nil when the variable isn't set or is empty, or the file can't be read, isn't UTF-8 or is too long.
    package func read() -> String? {
        switch self {
        case .environment(let name):
            guard let value = getenv(name), value.pointee != 0 else { return nil }
            return String(validatingCString: value)
        case .file(let path):
            return Self.contents(of: path)
        }
    }

    private static func contents(of path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: longestFile + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        guard count > 0, count <= longestFile, ferror(file) == 0 else { return nil }
        bytes.removeLast(bytes.count - count)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return String(validating: bytes, as: UTF8.self)
    }
}
