import Glibc
package import NIOCore

/// Contents in a folder: `ab/ab12…`, by their digest. A file that is there is whole: it was written elsewhere, put on disk, and renamed.
package struct FolderStore: ContentStore {
    let folder: String

    package init(folder: String) { self.folder = folder }

    package var location: String { folder }

    /// Contents on their way in, on the same file system.
    package var staging: ContentStaging { ContentStaging(folder: "\(folder)/incoming") }

    private func shelf(of digest: ContentDigest) -> String { "\(folder)/\(digest.hex.prefix(2))" }

    package func path(of digest: ContentDigest) -> String { "\(shelf(of: digest))/\(digest.hex)" }

    package func probe() async throws {
        try await blocking { [folder] in
            try Disk.makeFolders(folder)
            guard access(folder, R_OK | W_OK | X_OK) == 0 else { throw FilesError.system("used", folder) }
        }
    }

    package func keep(_ staged: StagedContent) async throws {
        let (shelf, path) = (shelf(of: staged.digest), path(of: staged.digest))
        try await blocking { [folder] in
            if Disk.size(path) == staged.size { return }
            try Disk.makeFolders(folder)
            try Disk.makeFolder(shelf)
            guard rename(staged.path, path) == 0 else { throw FilesError.system("kept", path) }
            try Disk.syncFolder(shelf)
        }
    }

    package func size(of digest: ContentDigest) async throws -> Int64? {
        let path = path(of: digest)
        return try await blocking { Disk.size(path) }
    }

    package func read(_ digest: ContentDigest, _ range: Range<Int64>, piece: @Sendable (ByteBuffer) async throws -> Void) async throws {
        let path = path(of: digest)
        let file = try await blocking { () throws -> ReadableFile? in
            guard let file = try ReadableFile(path), file.size >= range.upperBound else { return nil }
            return file
        }
        guard let file else { throw FilesError(.contentMissing, "The store doesn't have the content of this file.") }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let start = offset
            let bytes = try await blocking { try file.read(at: start, atMost: Int(clamping: range.upperBound - start)) }
            guard bytes.readableBytes > 0 else { throw FilesError(.contentMissing, "The content of this file ends too early.") }
            offset += Int64(bytes.readableBytes)
            try await piece(bytes)
        }
    }

    package func remove(_ digest: ContentDigest) async throws {
        let path = path(of: digest)
        try await blocking {
            guard unlink(path) == 0 || errno == ENOENT else { throw FilesError.system("removed", path) }
        }
    }
}
