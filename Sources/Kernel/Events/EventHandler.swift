package import Records

/// What follows the log within this process, each event once: what it writes is committed together with its place in the log.
package protocol EventHandler: Sendable {
    /// The row of `tessera.subscription` that keeps its place: `tessera.history`.
    var subscription: String { get }

    /// Events of one transaction at most.
    var batch: Int { get }

    /// Handles the events at some positions, in their order. A failure undoes what it wrote; the events come again, after a pause, one by one.
    ///
    /// - Parameter store: everything that is written through it is kept together with the place in the log, or not at all. The call may be
    ///   repeated when the database had to break it off, so that it must have no other effects.
    func handle(_ positions: ClosedRange<Int64>, in store: RecordStore) async throws
}
