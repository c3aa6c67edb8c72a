import Glibc
package import NIOCore
import Synchronization

/// Takes contents in before anybody knows their digest: each into a file of its own, which becomes part of a store or goes.
///
/// A server that is killed leaves its staged files; they are nobody's, and the sweep removes them. Whoever works on one holds a lock on it, so that
/// it stays as long as the work takes, such as an import of several days.
package struct ContentStaging: Sendable {
    /// After this time a staged file that nobody holds belongs to no upload any more: uploads that rest are ended long before.
    static let lifetime = 86_400

    let folder: String

    /// - Parameter folder: made when the first content comes. On the file system of a folder store, so that keeping is renaming.
    package init(folder: String) { self.folder = folder }

    package func begin(limit: Int64) async throws -> StagingFile {
        try await blocking { [folder] in
            try Disk.makeFolders(folder)
            var random = SystemRandomNumberGenerator()
            let path = "\(folder)/\(ContentDigest.hex((0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }))"
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw FilesError.system("made", path) }
            // On file systems without locks, age alone decides.
            _ = flock(descriptor, LOCK_EX | LOCK_NB)
            return StagingFile(path: path, descriptor: descriptor, limit: limit)
        }
    }

    /// Removes what uploads that were killed have left.
    ///
    /// - Returns: how many files there were.
    package func removeAbandoned(now: Int) async throws -> Int {
        try await blocking { [folder] in
            let old = Disk.names(in: folder).map { "\(folder)/\($0)" }.filter { path in
                Disk.modified(path).map { now - $0 > Self.lifetime } ?? false
            }
            return old.count { !Self.isHeld($0) && unlink($0) == 0 }
        }
    }

    /// A process that is being started at this moment has a copy of the descriptor until it runs its program, and would go on holding the lock.
    fileprivate static func letGo(_ descriptor: Int32) {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func isHeld(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
}

/// A content that is arriving. Written by one task; without `finish` nothing of it stays.
package final class StagingFile: Sendable {
    /// Enough to recognise what a file is.
    static let headSize = 4_096

    private struct State: ~Copyable {
        var descriptor: Int32
        var hasher = ContentHasher()
        var size: Int64 = 0
        var head: [UInt8] = []

        init(descriptor: Int32) { self.descriptor = descriptor }
    }

    private let path: String
    private let limit: Int64
    private let state: Mutex<State>
    private let isStaged = Atomic<Bool>(false)

    init(path: String, descriptor: Int32, limit: Int64) {
        self.path = path
        self.limit = limit
        state = Mutex(State(descriptor: descriptor))
    }

    deinit {
        state.withLock { state in
            if state.descriptor >= 0 { ContentStaging.letGo(state.descriptor) }
        }
        if !isStaged.load(ordering: .relaxed) { unlink(path) }
    }

    /// - Throws: `files.too_large` where the limit is passed.
    package func write(_ piece: ByteBuffer) async throws {
        try await blocking { [self] in
            try state.withLock { state in
                guard state.size + Int64(piece.readableBytes) <= limit else {
                    throw FilesError(.tooLarge, "A file may have \(limit) bytes at most.")
                }
                try piece.withUnsafeReadableBytes { bytes in
                    if state.head.count < Self.headSize { state.head += bytes.prefix(Self.headSize - state.head.count) }
                    state.hasher.update(bytes)
                    try Disk.write(bytes, to: state.descriptor, path)
                }
                state.size += Int64(piece.readableBytes)
            }
        }
    }

    /// Puts the content on disk and computes its digest.
    package func finish() async throws -> StagedContent {
        try await blocking { [self] in
            try state.withLock { state in
                guard fsync(state.descriptor) == 0 else { throw FilesError.system("written", path) }
                var hasher = ContentHasher()
                swap(&hasher, &state.hasher)
                guard let digest = hasher.finish() else { throw FilesError(.storeFailed, "The digest of a file can't be computed.") }
                isStaged.store(true, ordering: .relaxed)
                let descriptor = state.descriptor
                state.descriptor = -1
                return StagedContent(path: path, descriptor: descriptor, digest: digest, size: state.size, head: state.head)
            }
        }
    }
}

/// A content that is complete and on disk, but not in a store yet. Goes with its last reference.
package final class StagedContent: Sendable {
    let path: String
    package let digest: ContentDigest
    package let size: Int64
    /// Its first bytes.
    package let head: [UInt8]
    /// Holds the lock; negative where nobody else could come by.
    private let descriptor: Int32

    init(path: String, descriptor: Int32 = -1, digest: ContentDigest, size: Int64, head: [UInt8]) {
        self.path = path
        self.descriptor = descriptor
        self.digest = digest
        self.size = size
        self.head = head
    }

    deinit {
        unlink(path)
        if descriptor >= 0 { ContentStaging.letGo(descriptor) }
    }
}
