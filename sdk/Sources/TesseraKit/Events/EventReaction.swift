/// A registered handler of events; see `ModuleRegistry.onEvents`.
public struct EventReaction: Sendable {
    /// Handles an event and writes through the records that it is given.
    public typealias Handler = @Sendable (_ event: RecordEvent, _ records: RecordStoreClient) async throws -> Void

    /// What subscriptions name it by.
    public let name: String
    /// The code.
    public let handler: Handler
}
