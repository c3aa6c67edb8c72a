import Permissions
import Postgres
import QueryLanguage

/// A compiled statement: its text, and where the parameters come from each time it runs.
struct CompiledRead: Sendable {
    let text: String
    private let sources: [ParameterSource]
    /// The policy whose predicates are part of the text: see `Rights.number`.
    private let policy: Int
    private let planning: Planning

    init(text: String, compiler: QueryCompiler) {
        self.text = text
        sources = compiler.sources
        policy = compiler.access.rights.number
        planning = compiler.planning
    }

    /// Whether the guard answers this access as it answered the one the statement was compiled for.
    func serves(_ access: Access) -> Bool { policy == access.rights.number }

    /// The statement with its values and those of the principal.
    func bound(_ values: ReadValues, access: Access) -> SQL {
        // INVARIANT: a text compiled under one policy never runs under another.
        guard serves(access) else { return SQL(verbatim: "SELECT 1 FROM tessera.principal WHERE FALSE") }
        let actor = access.rights.actor
        var sql = SQL(verbatim: text, parameters: sources.map { values.parameter($0, actor: actor) })
        sql.planning = planning
        return sql
    }

    /// The values as people read them, in the order of the parameters.
    func shown(_ values: ReadValues) -> [String] { sources.map { values.shown($0) } }
}

/// The values of one run of a compiled statement.
struct ReadValues {
    var literals: [QueryLiteral] = []
    var limit: Int64 = 0
    var offset: Int64 = 0
    var cursor: [Value] = []
    var cursorTypes: [PropertyType] = []
    var recordKeys: [PostgresParameter] = []
    var search: [PostgresParameter] = []

    func parameter(_ source: ParameterSource, actor: Actor) -> PostgresParameter {
        switch source {
        case .literal(let index, let use): literals.indices.contains(index) ? literals[index].parameter(use) : .null()
        case .actor(let value): value.parameter(of: actor)
        case .limit: limit.postgresParameter
        case .offset: offset.postgresParameter
        case .cursor(let index): cursor.indices.contains(index) ? cursor[index].parameter(as: cursorTypes[index]) : .null()
        case .recordKey(let index): recordKeys.indices.contains(index) ? recordKeys[index] : .null()
        case .search(let index): search.indices.contains(index) ? search[index] : .null()
        }
    }

    func shown(_ source: ParameterSource) -> String {
        switch source {
        case .literal(let index, let use): literals.indices.contains(index) ? literals[index].shown(use) : "null"
        case .actor(.constant(let literal, let use)): literal.shown(use)
        case .actor: "(of the principal)"
        case .limit: String(limit)
        case .offset: String(offset)
        case .cursor(let index): cursor.indices.contains(index) ? cursor[index].literal : "null"
        case .recordKey: "(key of the record)"
        case .search: "(word of the search)"
        }
    }
}
