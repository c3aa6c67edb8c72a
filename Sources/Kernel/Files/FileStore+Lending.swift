import NIOCore

extension FileStore {
    /// Lends a file's content as a file of this machine, for readers that need one, whatever store it lies in. It goes when `body` is done.
    ///
    /// - Throws: `files.content_missing`, `files.store_failed`, and what `body` throws.
    package func lend<R: Sendable>(_ file: StoredFile, _ body: (_ path: String) async throws -> R) async throws -> R {
        let copy = try await staging.begin(limit: file.size)
        try await read(file, 0..<file.size) { try await copy.write($0) }
        let staged = try await copy.finish()
        defer { withExtendedLifetime(staged) {} }
        return try await body(staged.path)
    }
}
