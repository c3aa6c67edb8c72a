/// What makes two statements the same prepared statement: the text and the types of the parameters.
struct StatementKey: Hashable, Sendable {
    let text: String
    let types: [PostgresType]
    /// Computed once, by the caller's thread rather than the reactor's.
    private let fingerprint: Int

    init(text: String, types: [PostgresType] = []) {
        self.text = text
        self.types = types
        var hasher = Hasher()
        hasher.combine(text)
        for type in types { hasher.combine(type.rawValue) }
        self.fingerprint = hasher.finalize()
    }

    init(_ sql: SQL) {
        self.init(text: sql.text, types: sql.parameters.map(\.type))
    }

    static func == (left: StatementKey, right: StatementKey) -> Bool {
        left.fingerprint == right.fingerprint && left.text == right.text && left.types == right.types
    }

    func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}
