import Catalog
import Postgres
import QueryLanguage

/// Compiles checked expressions and queries to SQL: one compiler makes one statement.
///
/// Values never get into the text. Literals become parameters, so that the text depends on nothing but the query's shape.
final class QueryCompiler {
    let catalog: Catalog
    let access: Access
    let format: ReadFormat
    /// Where the statement's parameters come from, in the order of `$1`, `$2`, ….
    private(set) var sources: [ParameterSource] = []
    /// What the guard was asked while compiling, with its answers.
    private(set) var guards: [GuardCheck] = []
    private(set) var consumedLiterals: [QueryLiteral] = []
    /// The row that paths without a variable speak about.
    var record: QueryRow
    var variables: [Int: QueryRow] = [:]
    /// The property that the list is sorted by first, when its field declares a language: prefix conditions on it follow that order.
    var languageSort: (path: PropertyPath, collation: String)?
    /// Whether values decide about the way to the rows, so that one plan can't serve them all.
    var isPlannedEachTime = false
    private var aliasCount = 0

    /// A compiler for rows of `shape` under the alias `t`.
    init(
        catalog: Catalog, access: Access, format: ReadFormat = ReadFormat(), shape: TypeShape, from text: String? = nil,
        linkAlias: String? = nil
    ) throws {
        self.catalog = catalog
        self.access = access
        self.format = format
        let type = try Self.recordType(of: shape, in: catalog)
        record = QueryRow(
            alias: "t", kind: .record(shape, type), linkAlias: linkAlias, from: FromClause(text ?? "\(type.table.sql) AS t"))
    }

    // MARK: Parameters

    /// The placeholder for a parameter; the same source gets the same placeholder.
    func placeholder(_ source: ParameterSource) -> String {
        if let known = sources.firstIndex(of: source) { return "$\(known + 1)" }
        sources.append(source)
        return "$\(sources.count)"
    }

    /// Takes the next literal of the query.
    func take(_ literal: QueryLiteral) -> Int {
        consumedLiterals.append(literal)
        return consumedLiterals.count - 1
    }

    // MARK: Access

    /// The condition under which this access may read rows of a type; nil when there is none.
    func guardCondition(_ type: RecordType, alias: String, includeDeleted: Bool = false) -> String? {
        let predicate = AccessGuard.predicate(.read, on: type, alias: alias, access: access, includeDeleted: includeDeleted)
        guards.append(GuardCheck(type: type, alias: alias, includeDeleted: includeDeleted, predicate: predicate))
        if predicate.text == "TRUE" { return nil }
        guard !predicate.parameters.isEmpty else { return predicate.text }
        // The guard's $1 becomes whatever number is free here: parameters in front of it push it there.
        var shifted = SQL()
        for _ in sources { shifted.append(parameter: .null()) }
        let start = shifted.text.utf8.count
        shifted.append(predicate)
        sources.append(contentsOf: predicate.parameters.map { .fixed($0) })
        return String(decoding: shifted.text.utf8.dropFirst(start), as: UTF8.self)
    }

    // MARK: Names

    func newAlias(_ letter: String) -> String {
        aliasCount += 1
        return "\(letter)\(aliasCount)"
    }

    func typeShape(_ shape: EntityShape) throws -> TypeShape {
        guard let found = catalog.typeShape(named: shape.name) else { throw Self.gone(shape.name) }
        return found
    }

    func recordType(of shape: TypeShape) throws -> RecordType {
        try Self.recordType(of: shape, in: catalog)
    }

    func recordType(id: String) throws -> RecordType {
        guard let type = catalog.type(id: id) else { throw Self.gone(id) }
        return type
    }

    private static func recordType(of shape: TypeShape, in catalog: Catalog) throws -> RecordType {
        guard let type = catalog.type(id: shape.recordType) else { throw gone(shape.recordType) }
        return type
    }

    /// The query was checked against a catalog that has been replaced since.
    static func gone(_ name: String) -> RecordsError {
        RecordsError(.unknownProperty, "\(name) is no longer part of this deployment: send the request again.", target: name)
    }
}

/// A question to `AccessGuard` and its answer. A compiled statement serves an access only if the guard answers it the same.
struct GuardCheck: Sendable {
    let type: RecordType
    let alias: String
    let includeDeleted: Bool
    let predicate: SQL

    func holds(for access: Access) -> Bool {
        AccessGuard.predicate(.read, on: type, alias: alias, access: access, includeDeleted: includeDeleted) == predicate
    }
}
