import Manifests
import Testing

/// The files of the repository that this test belongs to.
enum Repository {
    /// Four folders above this file.
    static let root = String(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/"))

    static func bytes(_ path: String) throws -> [UInt8] {
        try #require(FileSystem.disk.read("\(root)/\(path)"), "\(path) can't be read")
    }

    static func source(_ path: String) throws -> ManifestSource {
        ManifestSource(path: path, bytes: try bytes(path))
    }
}
