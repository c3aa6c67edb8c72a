/// A registered hook; see `ModuleRegistry.beforeWrite`.
public struct BeforeWriteHook: Sendable {
    /// Sees records and answers with patches.
    public typealias Handler = @Sendable (_ records: [RecordImage], _ call: WriteCall) async throws -> [RecordPatch]

    /// The record type with its module: `contacts.person`.
    public let recordType: String
    /// Fields that the handler sees.
    public let reads: [String]
    /// Fields that the handler may patch.
    public let writes: [String]
    /// The code.
    public let handler: Handler
}
