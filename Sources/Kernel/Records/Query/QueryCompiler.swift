import Catalog
import Permissions
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
    private(set) var consumedLiterals: [QueryLiteral] = []
    /// The row that paths without a variable speak about.
    var record: QueryRow
    var variables: [Int: QueryRow] = [:]
    /// How many expanded links to many stand around what is compiled.
    var expansionDepth = 0
    /// The property that the list is sorted by first, when its field declares a language: prefix conditions on it follow that order.
    var languageSort: (path: PropertyPath, collation: String)?
    /// Whether values decide about the way to the rows, so that one plan can't serve them all, or never do.
    var planning = Planning.byServer
    /// Before the names of rows that this compiler makes up: where its text stands within another's.
    private let aliasPrefix: String
    private var aliasCount = 0
    #if DEBUG
        private var conditionsAsked = 0
    #endif

    /// A compiler for rows of `shape`.
    ///
    /// - Parameter alias: what the rows are called in the text.
    init(
        catalog: Catalog, access: Access, format: ReadFormat = ReadFormat(), shape: TypeShape, from text: String? = nil,
        linkAlias: String? = nil, alias: String = "t", aliasPrefix: String = ""
    ) throws {
        self.catalog = catalog
        self.access = access
        self.format = format
        let type = try Self.recordType(of: shape, in: catalog)
        self.type = type
        self.aliasPrefix = aliasPrefix
        record = QueryRow(
            alias: alias, kind: .record(shape, type), linkAlias: linkAlias, from: FromClause(text ?? "\(type.table.sql) AS \(alias)"))
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

    /// The condition under which this access may read rows of a type, or act on them in another way; nil when there is none.
    func guardCondition(_ type: RecordType, alias: String, includeDeleted: Bool = false, for action: RecordAction = .read) -> String? {
        #if DEBUG
            if access.rights.predicate(action, on: type.id) != .always {
                defer { conditionsAsked += 1 }
                if GuardFault.leavesOut(conditionsAsked, "\(action.rawValue) \(type.key) \(alias)") {
                    return includeDeleted ? nil : "\(alias).deleted_at IS NULL"
                }
            }
        #endif
        let pieces = AccessGuard.pieces(action, on: type, alias: alias, access: access, includeDeleted: includeDeleted)
        if pieces == [.text("TRUE")] { return nil }
        return pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .value(let value): placeholder(.actor(value))
            }
        }.joined()
    }

    /// The type of the rows that are listed.
    let type: RecordType

    /// A condition of the guard's as text.
    func text(of predicate: Predicate, on type: RecordType, alias: String, includesDeleted: Bool = true) -> String {
        GuardText(type: type.id, alias: alias, includesDeleted: includesDeleted).pieces(of: predicate).map { piece in
            switch piece {
            case .text(let text): text
            case .value(let value): placeholder(.actor(value))
            }
        }.joined()
    }

    /// The condition under which a field of a row of `type` under `alias` is seen; nil when it is on all rows that are.
    func mask(_ field: String, of type: RecordType, alias: String) -> String? {
        guard let mask = access.rights.mask(of: field, on: type.id) else { return nil }
        #if DEBUG
            defer { conditionsAsked += 1 }
            if GuardFault.leavesOut(conditionsAsked, "\(field) of \(type.key) \(alias)") { return nil }
        #endif
        return text(of: mask, on: type, alias: alias)
    }

    /// The same for the field that a link of `source` is kept in.
    func mask(column: String, of source: RecordType, alias: String) -> String? {
        source.field(ofColumn: column).flatMap { mask($0.key, of: source, alias: alias) }
    }

    // MARK: Names

    func newAlias(_ letter: String) -> String {
        aliasCount += 1
        return "\(aliasPrefix)\(letter)\(aliasCount)"
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
