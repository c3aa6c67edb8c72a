import Glibc

/// A lock file that couldn't be written.
public struct ManifestWriteError: Error, Sendable, Hashable, CustomStringConvertible {
    /// `manifest.unwritable`
    public let code = Diagnostic.Code(rawValue: "manifest.unwritable")
    /// The path of the file.
    public let path: String
    /// What the system says.
    public let reason: String

    /// Names the file and the reason; safe for logs.
    public var description: String { "the file \(path) can't be written: \(reason)" }
}

extension ManifestLock {
    /// The name of the lock file.
    public static let fileName = "tessera.lock"

    /// Reads the lock file at a path.
    ///
    /// - Returns: nil when there is no such file, else what came out of it.
    public static func read(_ path: String, files: FileSystem = .disk) -> Parsed<ManifestLock>? {
        files.read(path).map { parse(ManifestSource(path: path, bytes: $0)) }
    }

    /// Writes the lock file: whole or not at all, also when the machine stops meanwhile.
    public func write(to path: String) throws(ManifestWriteError) {
        let draft = "\(path).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path) }
        var failure = Self.write(Array(yaml.utf8), to: descriptor) && fsync(descriptor) == 0 ? nil : Self.failure(path)
        if close(descriptor) != 0, failure == nil { failure = Self.failure(path) }
        if failure == nil, rename(draft, path) != 0 { failure = Self.failure(path) }
        if let failure {
            unlink(draft)
            throw failure
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            // SAFETY: the pointer and the count stay within the array that is held for the call.
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done) }
            if count < 0, errno != EINTR { return false }
            done += max(0, count)
        }
        return true
    }

    private static func failure(_ path: String) -> ManifestWriteError {
        ManifestWriteError(path: path, reason: String(cString: strerror(errno)))
    }
}
