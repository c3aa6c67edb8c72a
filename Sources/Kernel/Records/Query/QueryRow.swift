import Catalog
import QueryLanguage

/// A row that expressions can speak about: its alias, what it is a row of, and the FROM clause that further joins go into.
struct QueryRow {
    enum Kind {
        case record(TypeShape, RecordType)
        /// An email or phone.
        case channel(ChildTable)
        /// A single value in the column `value`.
        case value
        /// A row of groups: column names by the path of the property in the result, names separated by slashes.
        case group([String: String])
    }

    let alias: String
    let kind: Kind
    /// The row of the link table, for records reached through a link to many.
    var linkAlias: String?
    let from: FromClause
    /// Whether there may be no such row, and all its columns null: the target of a link to one.
    var isOptional = false
}

/// The FROM clause of one SELECT. Paths over links to one join their targets here, each path once.
final class FromClause {
    private(set) var text: String
    private var joined: [String: String] = [:]

    init(_ text: String) { self.text = text }

    /// The alias under which a path was joined; otherwise joins it with what `clause` gives.
    func alias(of path: String, orJoin join: () -> (alias: String, clause: String)) -> String {
        if let known = joined[path] { return known }
        let (alias, clause) = join()
        joined[path] = alias
        text += " " + clause
        return alias
    }
}

/// What a path leads to.
enum QueryPlace {
    case value(SQLFragment)
    /// The columns of a structured value.
    case complex([SQLFragment])
    case record(QueryRow)
    /// A polymorphic link as a whole: the ids it leads to, of which at most one is not null.
    case anyRecord([SQLFragment])
    case members(QueryMembers)
}

/// The members of a collection, not yet opened.
enum QueryMembers {
    /// A column of several values.
    case array(SQLFragment)
    case channels(ChildTable, owner: QueryRow)
    /// Records whose foreign key points at the owner.
    case inverse(column: String, shape: TypeShape, owner: QueryRow)
    /// Records that a link table connects with the owner.
    case linked(ChildTable, shape: TypeShape, isInverse: Bool, owner: QueryRow)
}
