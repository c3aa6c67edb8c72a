/// What makes two statements the same prepared statement: the text and the types of the parameters.
///
/// It refers to the statement it was made from, so that making one allocates nothing.
struct StatementKey: Equatable, Sendable {
    let text: String
    private let parameters: [PostgresParameter]
    /// Computed once, by the caller's thread rather than the reactor's.
    let fingerprint: Int
    /// One that is planned each time gets no name, so that no plan of it is kept.
    let planning: Planning

    init(_ sql: SQL) {
        self.text = sql.text
        self.parameters = sql.parameters
        self.planning = sql.planning
        var hasher = Hasher()
        hasher.combine(sql.text)
        for parameter in sql.parameters { hasher.combine(parameter.type.rawValue) }
        self.fingerprint = hasher.finalize()
    }

    init(text: String) { self.init(SQL(verbatim: text)) }

    var types: [PostgresType] { parameters.map(\.type) }

    func matches(text otherText: String, types: [PostgresType]) -> Bool {
        guard text == otherText, parameters.count == types.count else { return false }
        for (parameter, type) in zip(parameters, types) where parameter.type != type { return false }
        return true
    }

    static func == (left: StatementKey, right: StatementKey) -> Bool {
        left.fingerprint == right.fingerprint && left.matches(text: right.text, types: right.types)
    }
}
