package import NIOCore

/// Where contents lie, each under its digest. Several servers may share one store.
package protocol ContentStore: Sendable {
    /// For people: a folder, a bucket. Holds no secrets.
    var location: String { get }

    /// Whether contents could be kept and read now: for whoever starts a server or looks for faults.
    ///
    /// - Throws: `files.store_failed`, saying what is wrong.
    func probe() async throws

    /// Keeps what was staged; when it returns, the content survives a crash. Does nothing where the content is kept already.
    func keep(_ staged: StagedContent) async throws

    /// The length of what is kept; nil when nothing is.
    func size(of digest: ContentDigest) async throws -> Int64?

    /// Hands over bytes of a content, piece by piece, each after the one before was taken.
    ///
    /// - Throws: `files.content_missing` before the first piece when the store doesn't have it.
    func read(_ digest: ContentDigest, _ range: Range<Int64>, piece: @Sendable (ByteBuffer) async throws -> Void) async throws

    /// Removes what servers that were killed have left half sent.
    ///
    /// - Parameter time: what was begun before it, as `2026-05-31T14:30:00` in UTC, belongs to nobody any more.
    /// - Returns: how many there were.
    func removeAbandoned(begunBefore time: String) async throws -> Int

    /// Forgets a content; nothing happens when it isn't there.
    func remove(_ digest: ContentDigest) async throws
}

extension ContentStore {
    /// Nothing, in stores that have no contents in parts.
    package func removeAbandoned(begunBefore time: String) async throws -> Int { 0 }
}
