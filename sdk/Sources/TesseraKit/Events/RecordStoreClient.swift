/// The deployment's records, for the handler of a subscription.
///
/// What is written through it is kept together with the subscription's place in the log, or not at all: each event has its effect once. The module
/// acts as itself, may do everything, and its changes say which event caused them. Calls come one after the other; after the handler's deadline
/// they fail.
///
/// Errors are `ModuleError`s with the code that the API has for them: `records.version_conflict`, `records.invalid`.
public struct RecordStoreClient: Sendable {
    /// Answers a request; the server gives it, and tests that have none.
    public typealias Carrier = @Sendable (_ request: RecordRequest) async throws -> RecordAnswer

    private let carry: Carrier

    /// Makes a client; servers and tests do that.
    public init(_ carry: @escaping Carrier) {
        self.carry = carry
    }

    /// One record; nil when there is none.
    ///
    /// - Parameters:
    ///   - type: the record type with its module: `contacts.person`.
    ///   - fields: keys of the fields to read, lists too.
    public func get(_ type: String, _ id: Guid, fields: [String]) async throws -> FoundRecord? {
        try await carry(.get(type: type, id: id, fields: fields)).records.first
    }

    /// The records of a type that fulfil a condition, in the order of their ids unless another one is asked for.
    ///
    /// ```swift
    /// let open = try await records.find("pipeline.deal", where: "stage eq 'open' and person_id eq \(person)", fields: ["name"])
    /// ```
    ///
    /// - Parameters:
    ///   - condition: in the expression language; all records without it.
    ///   - order: `last_name, created_at desc`.
    ///   - fields: keys of the fields to read, lists too.
    ///   - limit: how many at most, up to 1,000.
    public func find(
        _ type: String, where condition: String? = nil, order: String? = nil, fields: [String], limit: Int = 100
    ) async throws -> [FoundRecord] {
        try await carry(.find(type: type, condition: condition, order: order, fields: fields, limit: limit)).records
    }

    /// Makes a record, and gives its id.
    @discardableResult
    public func create(_ type: String, _ values: [String: FieldValue]) async throws -> Guid {
        guard case .written(let id, _) = try await carry(.create(type: type, values: values)) else { throw Self.unexpected }
        return id
    }

    /// Changes a record, and gives its version: the one that it had when it held these values already.
    ///
    /// - Parameter version: the version that it has to have; any without it.
    @discardableResult
    public func update(_ type: String, _ id: Guid, _ values: [String: FieldValue], version: Int64? = nil) async throws -> Int64 {
        let answer = try await carry(.update(type: type, id: id, values: values, version: version))
        guard case .written(_, let version) = answer else { throw Self.unexpected }
        return version
    }

    /// Deletes a record, so that it can be restored.
    public func delete(_ type: String, _ id: Guid) async throws {
        _ = try await carry(.delete(type: type, id: id))
    }

    private static var unexpected: ModuleError { ModuleError(.unavailable, "The server answered something else than it was asked.") }
}

/// A record as it was read.
public struct FoundRecord: Sendable, Hashable, Codable {
    public var id: Guid
    public var version: Int64
    /// By the names that `FieldValue` tells.
    public var values: [String: FieldValue]

    public init(id: Guid, version: Int64, values: [String: FieldValue]) {
        self.id = id
        self.version = version
        self.values = values
    }

    /// A value by its name; `.null` when it has none or wasn't asked for.
    public subscript(field: String) -> FieldValue { values[field] ?? .null }
}

/// What a handler asks of the records: a value, so that it can cross into another process.
public enum RecordRequest: Sendable, Hashable, Codable {
    case get(type: String, id: Guid, fields: [String])
    case find(type: String, condition: String?, order: String?, fields: [String], limit: Int)
    case create(type: String, values: [String: FieldValue])
    case update(type: String, id: Guid, values: [String: FieldValue], version: Int64?)
    case delete(type: String, id: Guid)
}

/// The answer to a `RecordRequest`.
public enum RecordAnswer: Sendable, Hashable, Codable {
    case found([FoundRecord])
    case written(id: Guid, version: Int64)

    /// The records that were read; none after a write.
    public var records: [FoundRecord] {
        if case .found(let records) = self { records } else { [] }
    }
}
